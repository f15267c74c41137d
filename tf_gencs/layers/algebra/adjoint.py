"""The adjoint of a measurement, as a measurement."""

import keras
import tensorflow as tf

from tf_gencs.layers.algebra.composite import CompositeMeasurement


@keras.saving.register_keras_serializable(package="tf_gencs")
class Adjoint(CompositeMeasurement):
    """x = A^H y: (batch, m) -> (batch, n), as `A.H` makes it.

    Its adjoint is A. A must be built before this layer is.

    Args:
        parts: the linear `Measurement` A.
        **kwargs: as for `keras.layers.Layer`.

    Raises:
        TypeError: A is no `Measurement`, or not linear.
        ValueError: there are several parts; when built: A is not built, or its m is
            not the length of what this layer measures.
    """

    def __init__(self, parts, **kwargs):
        super().__init__(parts, **kwargs)
        self._require_one_part()
        self._require_linear("H", built=False)

    @property
    def H(self):
        return self.parts[0]

    def build(self, input_shape):
        super().build(input_shape)
        (part,) = self.parts
        part._require_linear("H")
        if self.signal_size != part.measurements:
            raise ValueError(
                f"`{self.name}` must take vectors of {part.measurements} values, which "
                f"`{part.name}` measures. Received: shape {self.signal_shape}"
            )
        self.measurement_shape = part.signal_shape

    def _measure(self, x):
        x = self.parts[0].adjoint(self._flatten(x))
        return tf.cast(tf.reshape(x, (-1, self.measurements)), self.signal_dtype)

    def _measure_adjoint(self, y):
        (part,) = self.parts
        y = part(tf.reshape(y, (-1, *part.signal_shape)))
        return tf.cast(self._unflatten(y), self.signal_dtype)
