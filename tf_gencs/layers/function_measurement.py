"""A measurement made of any differentiable box."""

import keras
import tensorflow as tf

from tf_gencs import checks, lookup, seeds
from tf_gencs.layers.measurement import Measurement
from tf_gencs.layers.support import copies, linearity, repeatable
from tf_gencs.layers.support.lendable import checksums
from tf_gencs.layers.support.transposed import transposed
from tf_gencs.layers.support.trial import trial


@keras.saving.register_keras_serializable(package="tf_gencs")
class FunctionMeasurement(Measurement):
    """y = function(x) for any differentiable Keras model, layer or function.

    It counts as nonlinear unless you say `linear=True`: gradients flow through it, but
    it has no adjoint. With `linear=True` the adjoint is made of the function's own
    gradient, and recovery treats A as any other linear one. An output of any shape
    (batch, ...) is flattened to (batch, m); y may also be given in that shape.

    Args:
        function: maps signals (batch, *signal_shape) to (batch, ...). Keras models and
            layers run in inference mode and can be serialised with this layer.
        linear: whether f(a x + b y) = a f(x) + b f(y), and so f(0) = 0. It is tried on
            random signals when the layer is built.
        **kwargs: as for `keras.layers.Layer`.

    Raises:
        TypeError: `function` cannot be called.
        ValueError: `linear` is no bool; when built: its output has no known shape
            (batch, ...), it gives other y for the same signals when it is called
            again, or it is not linear though `linear` says so.

    Example:

    ```python
    def motion(x):
        return sum(tf.roll(x, (i, i), (1, 2)) for i in range(-2, 3)) / 5

    A = gencs.layers.FunctionMeasurement(motion, linear=True)
    ```
    """

    linear = False
    _structural = ("linear",)

    def __init__(self, function, linear=False, **kwargs):
        if not callable(function) or isinstance(function, type):
            raise TypeError(
                "`function` must be callable, and no class. "
                f"Received: {lookup.received(function)}"
            )
        super().__init__(**kwargs)
        self.function = function
        self.linear = checks.flag(linear, "linear")
        self.supports_jit = _supports_jit(function)

    def build(self, input_shape):
        super().build(input_shape)
        # One call tells the shape, and builds a layer that was not built yet; another
        # one, whether it draws something each time.
        x = repeatable.probe(2, self.signal_shape, self.compute_dtype)
        try:
            with trial():
                output, again = self._apply(x), self._apply(x)
        except Exception as error:
            sizes = ", ".join(map(str, self.signal_shape))
            raise ValueError(
                "`A` must measure signals (batch, *signal_shape) by TensorFlow or "
                f"Keras operations. Received: {self.function!r}, which failed on "
                f"shape (2, {sizes}) with {type(error).__name__}: {error}"
            ) from error
        shape = tuple(getattr(output, "shape", ()))
        valid = tf.is_tensor(output) and len(shape) > 1 and shape[0] == 2
        valid = valid and 0 not in shape
        if not valid or not tf.as_dtype(output.dtype).is_floating:
            tensor = tf.is_tensor(output)
            received = (
                f"shape {shape}, dtype {tf.as_dtype(output.dtype).name}"
                if tensor
                else type(output).__name__
            )
            raise ValueError(
                "`A` must return one tensor of floating-point numbers (batch, ...), by "
                "operations of TensorFlow or `keras.ops`, which have gradients; of "
                "complex numbers, real and imaginary parts. "
                f"Received: {received} for a trial batch of 2"
            )
        if tf.executing_eagerly():
            repeatable.check(output, again, self.function)
        self.measurement_shape = tuple(shape[1:])
        if self.linear:
            with tf.init_scope(), trial():
                linearity.check(self)

    def _apply(self, x):
        x = tf.cast(x, self.compute_dtype)
        if isinstance(self.function, keras.Layer):
            return self.function(x, training=False)
        if tf.executing_eagerly():
            return self.function(x)
        # A graph of its own, so that Python `if` and `for` on tensors work in it; a new
        # one each time, for what the function has closed over may have changed.
        return tf.function(self.function)(x)

    def _measure_adjoint(self, y):
        return transposed(self._measure, y, self.signal_shape)

    def _inner_structure(self):
        try:
            hash(self.function)
        except TypeError:
            return None
        if isinstance(self.function, keras.Layer):
            return (self.function,)
        # It may have closed over an array that the caller changes in place. A graph
        # would keep what was there; what it makes of one signal tells.
        with tf.init_scope(), trial():
            shape = (2, *self.signal_shape)
            y = self._measure(
                tf.random.stateless_uniform(
                    shape, seeds.stream(0, "fingerprint"), dtype=self.compute_dtype
                )
            )
        return (self.function, *checksums([y]))

    def _measure(self, x):
        y = tf.cast(self._apply(x), self.compute_dtype)
        return tf.reshape(y, (-1, self.measurements))

    def get_config(self):
        config = {"function": copies.in_config(self.function), "linear": self.linear}
        return {**super().get_config(), **config}

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "function": copies.from_config(config["function"])})


def _supports_jit(function):
    """Whether XLA is known to compile it; of functions that are no layers it is not."""
    if not isinstance(function, keras.Layer):
        return False
    return all(layer.supports_jit for layer in function._flatten_layers())
