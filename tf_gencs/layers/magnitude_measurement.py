"""Phase retrieval: only magnitudes are seen."""

import keras
import tensorflow as tf

from tf_gencs.layers.algebra.composite import DerivedMeasurement


@keras.saving.register_keras_serializable(package="tf_gencs")
class MagnitudeMeasurement(DerivedMeasurement):
    """y = |A x|, entry by entry, of a linear measurement A.

    Where y of A holds complex numbers as pairs of real and imaginary parts (a
    `FourierMeasurement` does), the magnitude is that of the complex number, and there
    are half as many. Not linear; the gradient is taken as 0 where A x is 0.

    Args:
        measurement: the linear `Measurement` A.
        **kwargs: as for `keras.layers.Layer`.

    Raises:
        TypeError: A is no `Measurement`, not linear, or measures complex signals.

    Example:

    ```python
    A = gencs.layers.GaussianMeasurement(200, seed=0)
    magnitudes = gencs.layers.MagnitudeMeasurement(A)
    y = magnitudes(x)  # |A(x)|: which sign each number had is lost
    ```

    Source: Hand, Leong and Voroninski, "Phase retrieval under a generative prior",
    NeurIPS 2018.
    """

    _structural = ()

    def __init__(self, measurement, **kwargs):
        super().__init__(measurement, **kwargs)
        if not measurement.linear or measurement.complex_signals:
            raise TypeError(
                "`measurement` must be linear and measure real signals, or complex "
                f"ones as two channels. Received: {measurement!r}"
            )
        self.linear = False

    def build(self, input_shape):
        super().build(input_shape)
        part = self.measurement
        self._build_part(part, self.signal_shape)
        if part.complex_pairs:
            self.measurements = part.measurements // 2
        else:
            self.measurement_shape = part.measurement_shape

    def _measure(self, x):
        part = self.measurement
        y = self._measure_part(part, x)
        if not part.complex_pairs:
            return tf.abs(y)
        squares = tf.reduce_sum(
            tf.square(tf.reshape(y, (-1, 2, self.measurements))), axis=1
        )
        # The root has no gradient at 0: there it must not be asked for one.
        seen = squares > 0
        return tf.where(seen, tf.sqrt(tf.where(seen, squares, 1)), 0)
