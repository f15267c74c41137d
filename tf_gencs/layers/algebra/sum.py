"""The sum of measurements."""

import keras
import tensorflow as tf

from tf_gencs.layers.algebra.composite import CompositeMeasurement


@keras.saving.register_keras_serializable(package="tf_gencs")
class Sum(CompositeMeasurement):
    """y = parts[0](x) + parts[1](x) + ...; `A + B` is `Sum([A, B])`.

    Args:
        parts: `Measurement` layers for one signal shape and with one m.
        **kwargs: as for `keras.layers.Layer`.

    Raises:
        TypeError: a part is no `Measurement`.
        ValueError: when built: the parts differ in signal size or m.
    """

    def build(self, input_shape):
        super().build(input_shape)
        for part in self.parts:
            self._build_part(part, self.signal_shape)
        lengths = [part.measurements for part in self.parts]
        if len(set(lengths)) > 1:
            raise ValueError(
                "`parts` must have the same number of measurements to be added. "
                f"Received: {lengths}"
            )
        self.measurement_shape = self.parts[0].measurement_shape
        self.complex_pairs = all(part.complex_pairs for part in self.parts)

    def _measure(self, x):
        y = 0
        for part in self.parts:
            signals = tf.reshape(x, (-1, *part.signal_shape))
            y += tf.cast(part(signals), self.signal_dtype)
        return y

    def _measure_adjoint(self, y):
        x = 0
        for part in self.parts:
            x += tf.cast(self._unflatten(part.adjoint(y)), self.signal_dtype)
        return x
