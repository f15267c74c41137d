"""Residuals weighed by a matrix: W (A x - y) in place of A x - y."""

import tensorflow as tf

from tf_gencs.layers import MatrixMeasurement, Sequential
from tf_gencs.layers.matrix_measurement import UnknownMatrix


class Weighing:
    """Weighed data, of data with one linear measurement A.

    Where A stores its matrix, W A is a stored matrix too: one product, and the fast
    residual of such measurements. Else W comes after A.

    Args:
        data: `DataTerms`.
        matrix: see `DataTerms.weighed_by`.

    Attributes:
        data: `DataTerms` whose measurement is W A.
    """

    def __init__(self, data, matrix):
        ((self._name, term),) = data.terms.items()
        A = self._A = term.measurement
        self._matrix, self._noise, self._dtype = matrix, data.noise, data.dtype
        m, n = A.measurements, A.signal_size
        # A class of the user's own may do more with the matrix than multiply.
        self._merges = A.structure is not A and A.stores_matrix
        if self._merges:
            product = MatrixMeasurement(UnknownMatrix((m, n)), dtype=data.dtype)
        else:
            weights = MatrixMeasurement(UnknownMatrix((m, m)), dtype=data.dtype)
            product = Sequential([A, weights], dtype=data.dtype)
        product.build((None, *A.signal_shape))
        self.data = data.measured_by(product)

    def derive(self, values, plain, norm):
        """What `bind` needs of the values of one A, of which `plain` was derived."""
        values = values[self._name]
        with self._A.lend(values):
            matrix, deviation = self._matrix(self._A, self._noise)
        matrix = tf.cast(matrix, self._dtype)
        product = {self._name: self._product(values, matrix)}
        return {
            "matrix": matrix,
            "deviation": tf.cast(deviation, self._dtype),
            "data": self.data.derive(product, norm),
        }

    def bind(self, observed, derived):
        """Weighed data, bound: W y of the y that were observed."""
        y = observed[self._name]["y"]
        weighed = {"y": tf.matmul(y, derived["matrix"], transpose_b=True)}
        return self.data.bind({self._name: weighed}, derived["data"])

    def variances(self, plain, derived):
        """Of the residual, in each measurement: of deviations, and of noise of 1.

        Args:
            plain: the data without weights, bound.
            derived: what `derive` gave.
        """
        m = plain.measurements
        return derived["deviation"], tf.reduce_sum(derived["matrix"] ** 2) / m

    def bind_candidates(self, derived):
        """Weighed data that measure candidates and compare with nothing yet."""
        return self.data.bind({self._name: {}}, derived["data"])

    def _product(self, values, matrix):
        """The values of W A."""
        if not self._merges:
            return (*values, matrix)
        (own,) = values
        return (matrix @ tf.cast(own, self._dtype),)


class NoWeighing:
    """Takes data as they are.

    Args:
        data: `DataTerms`.
    """

    def __init__(self, data):
        self.data = data

    def derive(self, values, plain, norm):
        return plain

    def bind(self, observed, derived):
        return self.data.bind(observed, derived)

    def variances(self, plain, derived):
        return plain.misfit_variance, tf.ones((), plain.dtype)

    def bind_candidates(self, derived):
        return self.data.bind({name: {} for name in self.data.terms}, derived)
