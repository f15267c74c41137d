"""The measurement that sees everything."""

import math

import keras

from tf_gencs.layers.measurement import Measurement


@keras.saving.register_keras_serializable(package="tf_gencs")
class IdentityMeasurement(Measurement):
    """y = vec(x), in C order: recovery with it is inversion of the generator.

    Args:
        **kwargs: as for `keras.layers.Layer`.
    """

    def build(self, input_shape):
        super().build(input_shape)
        self.measurements = self.signal_size

    def compute_output_shape(self, input_shape):
        return (input_shape[0], math.prod(input_shape[1:]))

    def _measure(self, x):
        return self._flatten(x)

    def _measure_adjoint(self, y):
        return self._unflatten(y)
