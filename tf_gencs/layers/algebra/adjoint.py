"""The adjoint of a measurement, as a measurement."""

import keras

from tf_gencs.layers.algebra.composite import DerivedMeasurement


@keras.saving.register_keras_serializable(package="tf_gencs")
class Adjoint(DerivedMeasurement):
    """x = A^H y: (batch, m) -> (batch, n), as `A.H` makes it.

    Its adjoint is A. A must be built before this layer is.

    Args:
        measurement: the linear `Measurement` A.
        **kwargs: as for `keras.layers.Layer`.

    Raises:
        TypeError: A is no `Measurement`, or not linear.
        ValueError: when built: A is not built, or its m is not the length of what this
            layer measures.

    Example:

    ```python
    A = gencs.layers.GaussianMeasurement(100, seed=0)
    y = A(x)
    back = A.H(y)  # (batch, 784): A.adjoint(y), in a vector
    ```
    """

    _structural = ()

    def __init__(self, measurement, **kwargs):
        super().__init__(measurement, **kwargs)
        self._require_linear("H", built=False)

    @property
    def _told_size(self):
        return self.measurement.measurements

    @property
    def H(self):
        return self.measurement

    def build(self, input_shape):
        super().build(input_shape)
        part = self.measurement
        part._require_linear("H")
        if self.signal_size != part.measurements:
            raise ValueError(
                f"`{self.name}` must take vectors of {part.measurements} values, which "
                f"`{part.name}` measures. Received: shape {self.signal_shape}"
            )
        self.measurement_shape = part.signal_shape

    def _measure(self, x):
        return self._adjoint_of_part(self.measurement, x)

    def _measure_adjoint(self, y):
        return self._unflatten(self._measure_part(self.measurement, y))
