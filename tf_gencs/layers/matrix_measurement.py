"""A measurement whose matrix the user gives."""

import typing

import keras
import numpy as np
import tensorflow as tf

from tf_gencs import array_config, checks
from tf_gencs.layers.dense_measurement import DenseMeasurement


@keras.saving.register_keras_serializable(package="tf_gencs")
class MatrixMeasurement(DenseMeasurement):
    """y = A vec(x) for a given matrix A.

    The matrix is a weight, and its entries are in the config too.

    Args:
        matrix: finite array or tensor of real numbers, (m, n), where n is the number
            of values of a signal, in C order.
        **kwargs: as for `keras.layers.Layer`.

    Raises:
        TypeError: `matrix` does not hold real numbers.
        ValueError: it is not (m, n) with m and n of at least 1, or not finite; when
            built: n does not match the signals.

    Example:

    ```python
    matrix = np.random.default_rng(0).normal(size=(50, 784)) / 50**0.5
    A = gencs.layers.MatrixMeasurement(matrix)
    y = A(x)  # what model.recover(y, matrix) takes the matrix for
    ```
    """

    _structural = ()

    def __init__(self, matrix, **kwargs):
        given = _checked_matrix(matrix)
        super().__init__(measurements=given.shape[0], **kwargs)
        self._given, self._matrix_shape = given, given.shape

    @property
    def _told_size(self):
        return self._matrix_shape[1]

    def build(self, input_shape):
        super().build(input_shape)
        self._given = None  # the weight has it now

    def _initial_matrix(self, shape, dtype=None):
        if tuple(shape) != self._matrix_shape:
            raise ValueError(
                f"`A` must have {shape[1]} columns, one per value of a signal of shape "
                f"{self.signal_shape}. Received: {self._matrix_shape}"
            )
        if isinstance(self._given, UnknownMatrix):
            # Results are NaN rather than wrong until the entries are there.
            return tf.fill(shape, tf.constant(np.nan, dtype))
        return tf.convert_to_tensor(self._given.astype(dtype, copy=False))

    def get_config(self):
        config = super().get_config()
        entries = self.matrix if self.built else self._given
        if isinstance(entries, UnknownMatrix):
            return {**config, "matrix_shape": list(entries.shape)}
        return {**config, "matrix": array_config.exact(entries)}

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        if "matrix" in config:
            matrix = array_config.deserialize(config.pop("matrix"))
        else:  # in files of 0.1.0 only weights hold the entries
            matrix = UnknownMatrix(tuple(config.pop("matrix_shape")))
        return cls(matrix, **config)


class UnknownMatrix(typing.NamedTuple):
    """In place of a matrix whose entries come later: from a file, or by lending."""

    shape: tuple


def _checked_matrix(matrix):
    if isinstance(matrix, UnknownMatrix):
        return matrix
    matrix = np.array(checks.array(matrix, "A"))  # a copy: callers write into theirs
    checks.real(matrix.dtype, "A")
    if matrix.ndim != 2 or 0 in matrix.shape:
        raise ValueError(
            "`A` must have shape (m, n) with m and n of at least 1. "
            f"Received: {matrix.shape}"
        )
    if not np.isfinite(matrix).all():
        raise ValueError(
            "`A` must be finite. Received: NaN or infinity in "
            f"{np.count_nonzero(~np.isfinite(matrix))} entries"
        )
    return matrix
