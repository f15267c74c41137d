"""Measurements whose m numbers are mixed by a matrix: x -> W A x."""

import tensorflow as tf

from tf_gencs.layers.algebra import Sequential
from tf_gencs.layers.matrix_measurement import MatrixMeasurement, UnknownMatrix


class Weighing:
    """A linear measurement A followed by a matrix W (m, m) that is yet unknown.

    Where A stores its matrix, W A is a stored matrix too: one product, and the fast
    residual of such measurements. Else W comes after A.

    Args:
        measurement: built, linear `Measurement` A.
        dtype: name of the dtype to compute in.

    Attributes:
        template: built `Measurement` x -> W A x, for use inside `template.lend(...)`.
    """

    def __init__(self, measurement, dtype):
        m, n = measurement.measurements, measurement.signal_size
        # A class of the user's own may do more with the matrix than multiply.
        known = measurement.structure is not measurement
        self._dtype = dtype
        self._merges = known and measurement.stores_matrix
        if self._merges:
            self.template = MatrixMeasurement(UnknownMatrix((m, n)), dtype=dtype)
        else:
            weights = MatrixMeasurement(UnknownMatrix((m, m)), dtype=dtype)
            self.template = Sequential([measurement, weights], dtype=dtype)
        self.template.build((None, *measurement.signal_shape))

    def values(self, values, W):
        """What to lend the template; for use inside of graphs, too.

        Args:
            values: those of A, or of another of its structure.
            W: floating-point tensor (m, m).

        Returns:
            Tuple of tensors.
        """
        W = tf.cast(W, self._dtype)
        if not self._merges:
            return (*values, W)
        (matrix,) = values
        return (W @ tf.cast(matrix, self._dtype),)
