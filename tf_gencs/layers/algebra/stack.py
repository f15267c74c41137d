"""Several measurements of one signal, side by side."""

import keras
import tensorflow as tf

from tf_gencs.layers.algebra.composite import CompositeMeasurement


@keras.saving.register_keras_serializable(package="tf_gencs")
class Stack(CompositeMeasurement):
    """y = (parts[0](x), parts[1](x), ...), one behind the other in a vector.

    The parts may have different lengths m; the adjoint is the sum of theirs.

    Args:
        parts: `Measurement` layers for one signal shape.
        **kwargs: as for `keras.layers.Layer`.

    Raises:
        TypeError: a part is no `Measurement`.
        ValueError: when built: the parts measure signals of different sizes.

    Example:

    ```python
    scan = gencs.layers.GaussianMeasurement(50, seed=0)
    A = gencs.layers.Stack([scan, gencs.layers.BlurDownsample(4)])
    y = A(x)  # (batch, 50 + 7 * 7)
    ```
    """

    _structural = ()

    def build(self, input_shape):
        super().build(input_shape)
        for part in self.parts:
            self._build_part(part, self.signal_shape)
        self.measurements = sum(part.measurements for part in self.parts)

    def _measure(self, x):
        measured = [self._measure_part(part, x) for part in self.parts]
        return tf.concat(measured, axis=-1)

    def _measure_adjoint(self, y):
        pieces = tf.split(y, [part.measurements for part in self.parts], axis=-1)
        back = zip(self.parts, pieces, strict=True)
        return self._unflatten(
            tf.add_n([self._adjoint_of_part(*pair) for pair in back])
        )

    def _mean_gain(self, x):
        return tf.add_n([self._gain_of_part(part, x) for part in self.parts])
