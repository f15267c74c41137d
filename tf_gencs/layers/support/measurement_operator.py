"""A measurement seen as a matrix on flattened signals."""

import tensorflow as tf


class MeasurementOperator(tf.linalg.LinearOperator):
    """The (m, n) linear operator of a built, linear `Measurement`.

    It applies the measurement to columns, so `matvec`, `matmul`, `adjoint`,
    composition with `@` and `to_dense` come from TensorFlow.

    Args:
        measurement: built linear `Measurement`.
    """

    def __init__(self, measurement):
        super().__init__(
            dtype=measurement.signal_dtype,
            is_square=measurement.measurements == measurement.signal_size,
            name=measurement.name,
        )
        self._measurement = measurement

    def _shape(self):
        return tf.TensorShape(
            (self._measurement.measurements, self._measurement.signal_size)
        )

    def _shape_tensor(self):
        return tf.constant(self._shape().as_list(), tf.int32)

    def _matmul(self, x, adjoint=False, adjoint_arg=False):
        columns = tf.linalg.adjoint(x) if adjoint_arg else x
        rows = tf.linalg.matrix_transpose(columns)  # (..., columns, n or m)
        flat = tf.reshape(rows, (-1, rows.shape[-1]))
        if adjoint:
            out = self._measurement.adjoint(flat)
            size = self._measurement.signal_size
        else:
            out = self._measurement(
                tf.reshape(flat, (-1, *self._measurement.signal_shape))
            )
            size = self._measurement.measurements
        out = tf.reshape(out, tf.concat([tf.shape(rows)[:-1], [size]], 0))
        return tf.linalg.matrix_transpose(out)
