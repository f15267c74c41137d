"""A nonlinear measurement: any differentiable box."""

import math

import keras
import tensorflow as tf

from tf_gencs.layers.measurement import Measurement


@keras.saving.register_keras_serializable(package="tf_gencs")
class FunctionMeasurement(Measurement):
    """y = function(x) for any differentiable Keras model, layer or function.

    It counts as nonlinear: gradients flow through it, but it has no adjoint. An output
    of any shape (batch, ...) is flattened to (batch, m).

    Args:
        function: maps signals (batch, *signal_shape) to (batch, ...). Keras models and
            layers run in inference mode and can be serialised with this layer.
        **kwargs: as for `keras.layers.Layer`.

    Raises:
        TypeError: `function` cannot be called.
        ValueError: when built: its output has no known shape (batch, ...).
    """

    linear = False

    def __init__(self, function, **kwargs):
        if not callable(function):
            raise TypeError(f"`function` must be callable. Received: {function!r}")
        super().__init__(**kwargs)
        self.function = function

    def build(self, input_shape):
        super().build(input_shape)
        # One call tells the shape, and builds a layer that was not built yet.
        output = self._apply(tf.fill((1, *self.signal_shape), 0.5))
        shape = getattr(output, "shape", None)
        if shape is None or len(shape) < 1 or shape[0] != 1:
            raise ValueError(
                "`A` must return one tensor (batch, ...) for signals "
                f"(batch, *{self.signal_shape}). Received: {output!r} for a batch of 1"
            )
        self.measurements = math.prod(shape[1:])

    def _apply(self, x):
        x = tf.cast(x, self.compute_dtype)
        if isinstance(self.function, keras.Layer):
            return self.function(x, training=False)
        return self.function(x)

    def _measure(self, x):
        y = tf.cast(self._apply(x), self.compute_dtype)
        return tf.reshape(y, (-1, self.measurements))

    def get_config(self):
        function = keras.saving.serialize_keras_object(self.function)
        return {**super().get_config(), "function": function}

    @classmethod
    def from_config(cls, config):
        function = keras.saving.deserialize_keras_object(config.pop("function"))
        return cls(function, **config)
