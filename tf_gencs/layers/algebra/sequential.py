"""One measurement after another."""

import keras
import tensorflow as tf

from tf_gencs.layers.algebra.composite import CompositeMeasurement


@keras.saving.register_keras_serializable(package="tf_gencs")
class Sequential(CompositeMeasurement):
    """y = parts[-1](... parts[1](parts[0](x))); `A @ B` is `Sequential([B, A])`.

    Each part takes the `measurement_shape` of the one before it as its signal, or a
    shape of the same size if it has been built on one. The adjoint is the product of
    the parts' adjoints in reverse order.

    Args:
        parts: `Measurement` layers, in the order in which they act. A nonlinear one
            makes the whole nonlinear.
        **kwargs: as for `keras.layers.Layer`.

    Raises:
        TypeError: a part is no `Measurement`.
        ValueError: when built: a part does not fit the one before it.

    Example:

    ```python
    gray_and_small = gencs.layers.Sequential(
        [gencs.layers.GrayscaleMeasurement(), gencs.layers.BlurDownsample(4)]
    )
    ```
    """

    def build(self, input_shape):
        super().build(input_shape)
        shape = self.signal_shape
        for part in self.parts:
            self._build_part(part, shape)
            shape = part.measurement_shape
        self.measurement_shape = shape
        self.complex_pairs = self.parts[-1].complex_pairs

    def _measure(self, x):
        for part in self.parts:
            x = part(tf.reshape(x, (-1, *part.signal_shape)))
        return tf.cast(x, self.signal_dtype)

    def _measure_adjoint(self, y):
        for part in reversed(self.parts):
            y = part.adjoint(tf.reshape(y, (-1, part.measurements)))
        y = tf.reshape(y, (-1, *self.signal_shape))
        return tf.cast(y, self.signal_dtype)
