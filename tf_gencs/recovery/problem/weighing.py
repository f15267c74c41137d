"""Residuals weighed by a matrix: W (A x - y) in place of A x - y."""

import tensorflow as tf

from tf_gencs.layers.support import weighing


class Weighing:
    """Makes weighed data of data with one linear measurement.

    Args:
        data: `DataTerms`.
        matrix: function of the measurement, while it has the values of some A, and of
            the noise's standard deviation (None if unknown) that gives W, (m, m).

    Attributes:
        data: `DataTerms` whose measurement is W A.
    """

    def __init__(self, data, matrix):
        ((self._name, term),) = data.terms.items()
        self._A, self._matrix, self._noise = term.measurement, matrix, data.noise
        self._product = weighing.Weighing(self._A, data.dtype)
        self.data = data.measured_by(self._product.template)

    def derive(self, values, plain, norm):
        """What `bind` needs of the values of one A, of which `plain` was derived."""
        values = values[self._name]
        with self._A.lend(values):
            matrix = self._matrix(self._A, self._noise)
        of_product = {self._name: self._product.values(values, matrix)}
        return {"matrix": matrix, "data": self.data.derive(of_product, norm)}

    def bind(self, observed, derived):
        """Weighed data, bound: W y of the y that were observed."""
        y = observed[self._name]["y"]
        weighed = tf.matmul(y, tf.cast(derived["matrix"], y.dtype), transpose_b=True)
        return self.data.bind({self._name: {"y": weighed}}, derived["data"])

    def bind_candidates(self, derived):
        """Weighed data that measure candidates and compare with nothing yet."""
        return self.data.bind({self._name: {}}, derived["data"])


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

    def bind_candidates(self, derived):
        return self.data.bind({name: {} for name in self.data.terms}, derived)
