"""Measurements that have a matrix as such: random ones and given ones."""

from tf_gencs.layers.measurement import Measurement
from tf_gencs.layers.support import memory
from tf_gencs.layers.support.matrices import StoredMatrix


class DenseMeasurement(Measurement):
    """y = A vec(x) with a matrix A of shape (m, n), stored unless a subclass differs.

    A subclass says what the matrix is by `_initial_matrix(shape, dtype)`.
    """

    def build(self, input_shape):
        super().build(input_shape)
        self._matrix = self._build_matrix((self.measurements, self.signal_size))

    def _build_matrix(self, shape):
        m, n = shape
        memory.refuse_too_large(
            m * n,
            self.variable_dtype,
            "measurements",
            f"a matrix ({m}, {n}) is stored; `storage='seed'` of random ones and the "
            "fast transform of `HadamardMeasurement` store next to nothing",
        )
        self.matrix = self.add_weight(
            name="matrix",
            shape=shape,
            initializer=self._initial_matrix,
            trainable=False,
        )
        return StoredMatrix(self.matrix, self.compute_dtype)

    def _initial_matrix(self, shape, dtype=None):
        raise NotImplementedError

    def as_linear_operator(self):
        self._require_linear("as_linear_operator")
        return self._matrix.as_linear_operator(self)

    def to_dense(self):
        self._require_linear("to_dense")
        memory.refuse_dense(self)
        return self._matrix.to_dense()

    @property
    def stores_matrix(self):
        return self._matrix.stored

    def _measure(self, x):
        return self._matrix.measure(self._flatten(x))

    def _measure_adjoint(self, y):
        return self._unflatten(self._matrix.adjoint(y))

    def _squared_error(self, x, y):
        return self._matrix.squared_error(self._flatten(x), y)

    def _mean_gain(self, x):
        return self._matrix.mean_gain(self)
