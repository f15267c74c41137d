"""A measurement whose matrix the user gives."""

import keras
import numpy as np
import tensorflow as tf

from tf_gencs.layers.dense_measurement import DenseMeasurement


@keras.saving.register_keras_serializable(package="tf_gencs")
class MatrixMeasurement(DenseMeasurement):
    """y = A vec(x) for a given matrix A.

    The matrix is a weight: it travels in `.keras` files, not in the config.

    Args:
        matrix: finite array or tensor of real numbers, (m, n), where n is the number
            of values of a signal, in C order.
        **kwargs: as for `keras.layers.Layer`.

    Raises:
        TypeError: `matrix` does not hold real numbers.
        ValueError: it is not (m, n) with m and n of at least 1, or not finite; when
            built: n does not match the signals.
    """

    def __init__(self, matrix, **kwargs):
        self._given = _checked_matrix(matrix)
        super().__init__(measurements=self._given.shape[0], **kwargs)

    def build(self, input_shape):
        size = np.prod(tuple(input_shape)[1:])
        if self._given.shape[1] != size:
            raise ValueError(
                f"`A` must have {size} columns, one per value of a signal of shape "
                f"{tuple(input_shape)[1:]}. Received: {self._given.shape}"
            )
        super().build(input_shape)

    def _initial_matrix(self, shape, dtype=None):
        return tf.convert_to_tensor(self._given.astype(dtype))

    def get_config(self):
        return {**super().get_config(), "matrix_shape": self._given.shape}

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        layer = cls(np.zeros(config.pop("matrix_shape")), **config)
        # Only weights hold the values. Until they are loaded, results are NaN rather
        # than wrong.
        layer._given = np.full_like(layer._given, np.nan)
        return layer


def _checked_matrix(matrix):
    matrix = np.asarray(matrix)
    if matrix.dtype == bool or not np.can_cast(matrix.dtype, np.float64, "same_kind"):
        raise TypeError(
            f"`A` must hold real numbers. Received: an array of dtype {matrix.dtype}"
        )
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
