"""A measurement whose matrix the user gives without its zeros."""

import keras
import numpy as np
import tensorflow as tf

from tf_gencs import array_config, checks
from tf_gencs.layers.measurement import Measurement
from tf_gencs.layers.support import gain
from tf_gencs.layers.support.sparse_product import sparse_product


@keras.saving.register_keras_serializable(package="tf_gencs")
class SparseMatrixMeasurement(Measurement):
    """y = A vec(x) for a given sparse matrix A, which stays sparse.

    Memory and time go with its entries that are stored. Matrices of one shape with
    equally many of them share a program. Positions and entries are weights, and in the
    config too.

    Args:
        matrix: finite real numbers (m, n), where n is the number of values of a signal,
            in C order: a matrix or array of `scipy.sparse` in any format, or a
            `tf.SparseTensor`. Entries that are stored twice are added.
        **kwargs: as for `keras.layers.Layer`.

    Raises:
        TypeError: `matrix` is no sparse one, or does not hold real numbers.
        ValueError: it is not (m, n) with m and n of at least 1, or not finite; when
            built: n does not match the signals.

    Example:

    ```python
    entries = tf.SparseTensor([[0, 0], [0, 1], [1, 783]], [0.5, 0.5, 1.0], (2, 784))
    A = gencs.layers.SparseMatrixMeasurement(entries)
    y = A(x)  # (batch, 28, 28, 1) -> (batch, 2)
    ```
    """

    _structural = ()

    def __init__(self, matrix, **kwargs):
        positions, entries, shape = _checked(matrix)
        super().__init__(measurements=shape[0], **kwargs)
        self._given = positions, entries
        self.matrix_shape = shape
        self.supports_jit = False  # XLA has no sparse product

    @property
    def _told_size(self):
        return self.matrix_shape[1]

    def build(self, input_shape):
        super().build(input_shape)
        if self.matrix_shape[1] != self.signal_size:
            raise ValueError(
                f"`A` must have {self.signal_size} columns, one per value of a signal "
                f"of shape {self.signal_shape}. Received: {self.matrix_shape}"
            )
        positions, entries = self._given
        self.positions = self.add_weight(
            name="positions",
            shape=positions.shape,
            dtype="int64",
            initializer=lambda shape, dtype=None: tf.constant(positions, dtype),
            trainable=False,
            autocast=False,
        )
        self.entries = self.add_weight(
            name="entries",
            shape=entries.shape,
            initializer=lambda shape, dtype=None: tf.constant(entries, dtype),
            trainable=False,
        )
        self._given = None  # the weights have them now

    def _measure(self, x):
        return tf.transpose(self._product(tf.transpose(self._flatten(x))))

    def _measure_adjoint(self, y):
        x = self._product(tf.transpose(y), adjoint=True)
        return self._unflatten(tf.transpose(x))

    def _product(self, x, adjoint=False):
        positions = tf.convert_to_tensor(self.positions)
        entries = tf.convert_to_tensor(self.entries)
        return sparse_product(positions, entries, self.matrix_shape, x, adjoint)

    def _mean_gain(self, x):
        return gain.of_entries(tf.convert_to_tensor(self.entries), self.signal_size)

    def get_config(self):
        weights = (self.positions, self.entries) if self.built else self._given
        positions, entries = map(array_config.exact, weights)
        matrix = {
            "positions": positions,
            "entries": entries,
            "shape": list(self.matrix_shape),
        }
        return {**super().get_config(), "matrix": matrix}

    @classmethod
    def from_config(cls, config):
        matrix = config["matrix"]
        sparse = tf.SparseTensor(
            array_config.deserialize(matrix["positions"]),
            array_config.deserialize(matrix["entries"]),
            matrix["shape"],
        )
        return cls(**{**config, "matrix": sparse})


def is_sparse(matrix):
    """Whether it is of TensorFlow or of SciPy, which need not be installed."""
    return isinstance(matrix, tf.SparseTensor) or hasattr(matrix, "tocoo")


def _checked(matrix):
    """Positions int64 (count, 2), in C order and each once, entries, and (m, n)."""
    if not is_sparse(matrix):
        raise TypeError(
            "`matrix` must be of `scipy.sparse` or a `tf.SparseTensor` "
            f"(`MatrixMeasurement` takes dense ones). Received: {matrix!r}"
        )
    shape = tuple(matrix.shape)
    if len(shape) != 2 or None in shape or 0 in shape:
        raise ValueError(
            "`A` must have shape (m, n) with m and n of at least 1. "
            f"Received: {matrix.shape}"
        )
    shape = tuple(map(int, shape))
    if isinstance(matrix, tf.SparseTensor):
        entries = checks.array(matrix.values, "A")
        rows, columns = checks.array(matrix.indices, "A").T
    else:
        matrix = matrix.tocoo()
        entries, rows, columns = matrix.data, matrix.row, matrix.col
    checks.real(entries.dtype, "A")
    if checks.whole(entries.dtype):
        entries = entries.astype(float)  # in which sums of them neither wrap nor stop
    if not np.isfinite(entries).all():
        raise ValueError(
            "`A` must be finite. Received: NaN or infinity in "
            f"{np.count_nonzero(~np.isfinite(entries))} entries"
        )
    if len(rows) and (
        min(rows.min(), columns.min()) < 0
        or rows.max() >= shape[0]
        or columns.max() >= shape[1]
    ):
        raise ValueError(
            f"`A` must have its entries within its shape {shape}. Received: an entry "
            "outside"
        )
    places = rows.astype(np.int64) * shape[1] + columns
    places, index = np.unique(places, return_inverse=True)
    sums = np.zeros(len(places), entries.dtype)
    np.add.at(sums, index, entries)
    return np.stack([places // shape[1], places % shape[1]], 1), sums, shape
