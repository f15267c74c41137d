"""A multiple of a measurement."""

import keras
import tensorflow as tf

from tf_gencs import checks
from tf_gencs.layers.algebra.composite import CompositeMeasurement


@keras.saving.register_keras_serializable(package="tf_gencs")
class Scale(CompositeMeasurement):
    """y = factor * A(x), as `factor * A`, `-A` and `A / divisor` make it.

    Args:
        parts: the `Measurement` A.
        factor: finite real number.
        **kwargs: as for `keras.layers.Layer`.

    Raises:
        TypeError: A is no `Measurement`.
        ValueError: `factor` is no finite real number, or there are several parts.
    """

    def __init__(self, parts, factor, **kwargs):
        super().__init__(parts, **kwargs)
        self._require_one_part()
        self.factor = checks.number(factor, "factor")

    def build(self, input_shape):
        super().build(input_shape)
        (part,) = self.parts
        self._build_part(part, self.signal_shape)
        self.measurement_shape = part.measurement_shape
        self.complex_pairs = part.complex_pairs

    def _measure(self, x):
        (part,) = self.parts
        y = part(tf.reshape(x, (-1, *part.signal_shape)))
        return tf.constant(self.factor, self.signal_dtype) * tf.cast(
            y, self.signal_dtype
        )

    def _measure_adjoint(self, y):
        (part,) = self.parts
        x = tf.cast(self._unflatten(part.adjoint(y)), self.signal_dtype)
        return tf.constant(self.factor, self.signal_dtype) * x

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}
