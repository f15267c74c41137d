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

    Example:

    ```python
    A = gencs.layers.GaussianMeasurement(100, seed=0)
    B = gencs.layers.HadamardMeasurement(100, seed=1)
    y = (A + B)(x)  # Sum([A, B]): A(x) + B(x)
    ```
    """

    _structural = ()

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
        return tf.add_n([self._measure_part(part, x) for part in self.parts])

    def _measure_adjoint(self, y):
        back = [self._adjoint_of_part(part, y) for part in self.parts]
        return self._unflatten(tf.add_n(back))
