"""Phase retrieval: only magnitudes are seen."""

import keras
import tensorflow as tf

from tf_gencs.layers.algebra.composite import CompositeMeasurement


@keras.saving.register_keras_serializable(package="tf_gencs")
class MagnitudeMeasurement(CompositeMeasurement):
    """y = |A x|, entry by entry, of a linear measurement A.

    Where y of A holds complex numbers as pairs of real and imaginary parts (a
    `FourierMeasurement` does), the magnitude is that of the complex number, and there
    are half as many. Not linear; the gradient is taken as 0 where A x is 0.

    Args:
        parts: the linear `Measurement` A.
        **kwargs: as for `keras.layers.Layer`.

    Raises:
        TypeError: A is no `Measurement`, not linear, or measures complex signals.
        ValueError: there are several parts.

    Source: Hand, Leong and Voroninski, "Phase retrieval under a generative prior",
    NeurIPS 2018.
    """

    def __init__(self, parts, **kwargs):
        super().__init__(parts, **kwargs)
        self._require_one_part()
        (part,) = self.parts
        part._require_linear("magnitude", built=False)
        if part.complex_signals:
            raise TypeError(
                "`parts` must measure real signals, or complex ones as two channels. "
                f"Received: {part.name}, which measures complex numbers"
            )
        self.linear = False

    def build(self, input_shape):
        super().build(input_shape)
        (part,) = self.parts
        self._build_part(part, self.signal_shape)
        if part.complex_pairs:
            self.measurements = part.measurements // 2
        else:
            self.measurement_shape = part.measurement_shape

    def _measure(self, x):
        (part,) = self.parts
        y = tf.cast(part(tf.reshape(x, (-1, *part.signal_shape))), self.compute_dtype)
        if not part.complex_pairs:
            return tf.abs(y)
        squares = tf.reduce_sum(
            tf.square(tf.reshape(y, (-1, 2, self.measurements))), axis=1
        )
        # The root has no gradient at 0: there it must not be asked for one.
        seen = squares > 0
        return tf.where(seen, tf.sqrt(tf.where(seen, squares, 1)), 0)
