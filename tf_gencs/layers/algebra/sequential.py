"""One measurement after another."""

import keras

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

    _structural = ()

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
            x = self._measure_part(part, x)
        return x

    def _measure_adjoint(self, y):
        for part in reversed(self.parts):
            y = self._adjoint_of_part(part, y)
        return self._unflatten(y)
