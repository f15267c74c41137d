"""A partial circulant matrix with random signs."""

import math

import keras
import tensorflow as tf

from tf_gencs.layers.subsampled_measurement import SubsampledMeasurement
from tf_gencs.layers.support.wide_float import in_fft


@keras.saving.register_keras_serializable(package="tf_gencs")
class CirculantMeasurement(SubsampledMeasurement):
    """y = R C D vec(x) / sqrt(m): random signs, circular convolution, random rows.

    C is the circulant matrix of a random vector of signs, C_ij = g[(i - j) mod n], so
    that every entry of A is +-1/sqrt(m) and E||A x||^2 = ||x||^2 over seeds. Takes
    O(n log n) time by FFT and stores 2 n signs and m row numbers. It models convolution
    with a random code, as in coded apertures and random filtering.

    Args:
        measurements: m, from 1 to n.
        seed: seed of generator, signs and rows; None draws one, see
            `get_config()["seed"]`.
        **kwargs: as for `keras.layers.Layer`.

    Raises:
        ValueError: `measurements` below 1, not an integer or (when built) above n; a
            wrong seed.

    Example:

    ```python
    A = gencs.layers.CirculantMeasurement(100, seed=0)
    y = A(x)  # (batch, 28, 28, 1) -> (batch, 100)
    ```

    Source: Krahmer, Mendelson and Rauhut, "Suprema of chaos processes and the
    restricted isometry property", 2014.
    """

    stem = "circulant"
    _structural = ()

    def build(self, input_shape):
        super().build(input_shape)
        self.generator = self._add_integers(
            "generator", self.signal_size, "int8", self._random_signs
        )

    def _transform(self, x):
        return self._multiply_spectrum(x, lambda spectrum: spectrum)

    def _transform_adjoint(self, x):
        return self._multiply_spectrum(x, tf.math.conj)

    def _multiply_spectrum(self, x, change):
        size = [self.signal_size]

        def convolve(x):
            generator = tf.cast(tf.convert_to_tensor(self.generator), x.dtype)
            factors = change(tf.signal.rfft(generator, size))
            return tf.signal.irfft(tf.signal.rfft(x, size) * factors, size)

        return in_fft(convolve, x)

    def _scale(self):
        return 1 / math.sqrt(self.measurements)
