"""A multiple of a measurement."""

import keras
import tensorflow as tf

from tf_gencs import checks
from tf_gencs.layers.algebra.composite import DerivedMeasurement


@keras.saving.register_keras_serializable(package="tf_gencs")
class Scale(DerivedMeasurement):
    """y = factor * A(x), as `factor * A`, `-A` and `A / divisor` make it.

    Args:
        measurement: the `Measurement` A.
        factor: finite real number.
        **kwargs: as for `keras.layers.Layer`.

    Raises:
        TypeError: A is no `Measurement`.
        ValueError: `factor` is no finite real number.

    Example:

    ```python
    A = gencs.layers.GaussianMeasurement(100, seed=0)
    y = (0.1 * A)(x)  # Scale(A, 0.1): 0.1 * A(x)
    ```
    """

    _structural = ()

    def __init__(self, measurement, factor, **kwargs):
        super().__init__(measurement, **kwargs)
        self.factor = checks.number(factor, "factor")

    def build(self, input_shape):
        super().build(input_shape)
        self._build_part(self.measurement, self.signal_shape)
        self.measurement_shape = self.measurement.measurement_shape
        self.complex_pairs = self.measurement.complex_pairs
        self.multiplier = self._add_implied("factor", (), lambda: self.factor)

    def _measure(self, x):
        return self._factor() * self._measure_part(self.measurement, x)

    def _measure_adjoint(self, y):
        x = self._adjoint_of_part(self.measurement, y)
        return self._unflatten(self._factor() * x)

    def _factor(self):
        return tf.cast(tf.convert_to_tensor(self.multiplier), self.signal_dtype)

    def _mean_gain(self, x):
        gain = self._gain_of_part(self.measurement, x)
        factor = tf.cast(tf.convert_to_tensor(self.multiplier), self.compute_dtype)
        return gain * tf.square(tf.cast(factor, gain.dtype))

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}
