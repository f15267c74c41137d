"""The measurement that sees everything."""

import keras

from tf_gencs.layers.measurement import Measurement


@keras.saving.register_keras_serializable(package="tf_gencs")
class IdentityMeasurement(Measurement):
    """y = vec(x), in C order: recovery with it is inversion of the generator.

    Args:
        **kwargs: as for `keras.layers.Layer`.

    Example:

    ```python
    A = gencs.layers.IdentityMeasurement()
    y = A(x)  # (batch, 784): model.recover(y, A) inverts the generator
    ```
    """

    _structural = ()

    def build(self, input_shape):
        super().build(input_shape)
        self.measurement_shape = self.signal_shape

    def _measure(self, x):
        return self._flatten(x)

    def _measure_adjoint(self, y):
        return self._unflatten(y)
