"""The two ways to have a matrix: to store its entries, or to make them of a seed."""

import tensorflow as tf

from tf_gencs.layers.support import gain
from tf_gencs.layers.support.measurement_operator import MeasurementOperator
from tf_gencs.ops.dense import dense_squared_error
from tf_gencs.ops.random_matrix import (
    random_matrix,
    random_matrix_adjoint,
    random_matrix_measure,
)

_LARGE = 2**20  # entries of a matrix that leaves the caches


class StoredMatrix:
    """A matrix A (m, n) that is a weight of its measurement.

    Args:
        variable: the Keras variable (m, n).
        dtype: name of the dtype to compute in.
    """

    stored = True

    def __init__(self, variable, dtype):
        self._variable = variable
        self._dtype = dtype

    def measure(self, x):
        """(batch, n) -> (batch, m)."""
        matrix = self.to_dense()
        if matrix.shape[0] * matrix.shape[1] < _LARGE:
            return tf.matmul(x, matrix, transpose_b=True)
        # TensorFlow repacks the factor on the right, which must not be the large one.
        return tf.transpose(tf.matmul(matrix, x, transpose_b=True))

    def adjoint(self, y):
        """(batch, m) -> (batch, n)."""
        return tf.matmul(y, self.to_dense())

    def squared_error(self, x, y):
        """||A x - y||^2 for x (batch, n) and y (batch, m)."""
        return dense_squared_error(self.to_dense(), x, y)

    def mean_gain(self, measurement):
        return gain.of_matrix(self.to_dense())

    def as_linear_operator(self, measurement):
        return tf.linalg.LinearOperatorFullMatrix(
            self.to_dense(), name=measurement.name
        )

    def to_dense(self):
        return tf.cast(tf.convert_to_tensor(self._variable), self._dtype)


class MatrixOfSeed:
    """A matrix (m, n) of random entries, each made anew when it is needed.

    Args:
        stream: the Keras variable int64 (2,) that its entries are a function of.
        shape: (m, n).
        distribution: a name that `gencs.ops.random_matrix` knows.
        dtype: name of the dtype to compute in.
    """

    stored = False

    def __init__(self, stream, shape, distribution, dtype):
        self._stream = stream
        self._shape = shape
        self._distribution = distribution
        self._dtype = dtype

    def measure(self, x):
        """(batch, n) -> (batch, m)."""
        return random_matrix_measure(
            x, self._seed(), self._shape[0], self._distribution
        )

    def adjoint(self, y):
        """(batch, m) -> (batch, n)."""
        return random_matrix_adjoint(
            y, self._seed(), self._shape[1], self._distribution
        )

    def squared_error(self, x, y):
        """||A x - y||^2 for x (batch, n) and y (batch, m)."""
        return tf.reduce_sum(tf.square(self.measure(x) - y), axis=-1)

    def mean_gain(self, measurement):
        return gain.linear(measurement)

    def as_linear_operator(self, measurement):
        return MeasurementOperator(measurement)

    def to_dense(self):
        return random_matrix(
            self._seed(), self._shape, self._distribution, tf.as_dtype(self._dtype)
        )

    def _seed(self):
        return tf.convert_to_tensor(self._stream)
