"""Measurements that store their matrix: random ones and given ones."""

import tensorflow as tf

from tf_gencs.layers.measurement import Measurement
from tf_gencs.ops.dense import dense_squared_error

_LARGE = 2**20  # entries of a matrix that leaves the caches


class DenseMeasurement(Measurement):
    """y = A vec(x) with a stored matrix A of shape (m, n).

    A subclass says what the matrix is by `_initial_matrix(shape, dtype)`.
    """

    def build(self, input_shape):
        super().build(input_shape)
        self.matrix = self.add_weight(
            name="matrix",
            shape=(self.measurements, self.signal_size),
            initializer=self._initial_matrix,
            trainable=False,
        )

    def as_linear_operator(self):
        self._require_linear("as_linear_operator")
        return tf.linalg.LinearOperatorFullMatrix(self._cast_matrix(), name=self.name)

    def to_dense(self):
        self._require_linear("to_dense")
        return self._cast_matrix()

    def _initial_matrix(self, shape, dtype=None):
        raise NotImplementedError

    def _cast_matrix(self):
        return tf.cast(tf.convert_to_tensor(self.matrix), self.compute_dtype)

    def _measure(self, x):
        x, matrix = self._flatten(x), self._cast_matrix()
        if self.measurements * self.signal_size < _LARGE:
            return tf.matmul(x, matrix, transpose_b=True)
        # TensorFlow repacks the factor on the right, which must not be the large one.
        return tf.transpose(tf.matmul(matrix, x, transpose_b=True))

    def _measure_adjoint(self, y):
        return self._unflatten(tf.matmul(y, self._cast_matrix()))

    def _squared_error(self, x, y):
        return dense_squared_error(self._cast_matrix(), self._flatten(x), y)
