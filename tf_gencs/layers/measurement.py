"""The base of all measurements."""

import math

import keras
import tensorflow as tf

from tf_gencs.layers.measurement_operator import MeasurementOperator


class Measurement(keras.layers.Layer):
    """A measurement A: x -> y, a Keras layer (batch, *signal_shape) -> (batch, m).

    A subclass implements `_measure` and, if it is linear, `_measure_adjoint`, both on
    checked tensors of the layer's compute dtype, and sets `self.measurements` in
    `__init__` or `build`. It sets `linear = False` if it is not linear.

    Attributes:
        linear: whether A is linear; only then `adjoint` and `as_linear_operator` work.
        signal_shape: shape of one signal, known once the layer is built.
        signal_size: n, its number of values.
        measurements: m, the length of each y.
    """

    linear = True

    def __init__(self, measurements=None, **kwargs):
        kwargs.setdefault("trainable", False)
        super().__init__(**kwargs)
        if not tf.as_dtype(self.compute_dtype).is_floating:
            raise ValueError(
                "`dtype` must be a floating-point type. "
                f"Received: {self.compute_dtype!r}"
            )
        self.measurements = measurements
        self.signal_shape = None

    @property
    def signal_size(self):
        return None if self.signal_shape is None else math.prod(self.signal_shape)

    def build(self, input_shape):
        shape = tuple(input_shape)[1:]
        if not shape or None in shape:
            raise ValueError(
                f"`{self.name}` must be built on signals of known shape "
                f"(batch, height, width, channels). Received: {tuple(input_shape)}"
            )
        self.signal_shape = tuple(int(size) for size in shape)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.measurements)

    def call(self, x):
        """Measures signals: (batch, *signal_shape) -> (batch, m).

        Raises:
            TypeError: x does not hold floating-point numbers.
            ValueError: it has another shape.
        """
        self._require_floating(x, "x")
        if x.shape[1:] != self.signal_shape:
            sizes = ", ".join(map(str, self.signal_shape))
            raise ValueError(
                f"`x` must have shape (batch, {sizes}) to match `{self.name}`. "
                f"Received: {tuple(x.shape)}"
            )
        return self._measure(x)

    def adjoint(self, y):
        """Applies A's exact adjoint: (batch, m) -> (batch, *signal_shape).

        Raises:
            ValueError: the layer is not built, or y has another shape.
            TypeError: A is not linear, or y does not hold floating-point numbers.
        """
        self._require_linear("adjoint")
        y = tf.convert_to_tensor(y)
        self._require_floating(y, "y")
        y = tf.cast(y, self.compute_dtype)
        if y.shape.rank != 2 or y.shape[1] != self.measurements:
            raise ValueError(
                f"`y` must have shape (batch, {self.measurements}) to match "
                f"`{self.name}`. Received: {tuple(y.shape)}"
            )
        return self._measure_adjoint(y)

    def as_linear_operator(self):
        """A as a `tf.linalg.LinearOperator` (m, n) on vec(x), in C order.

        Raises:
            ValueError: the layer is not built.
            TypeError: A is not linear.
        """
        self._require_linear("as_linear_operator")
        return MeasurementOperator(self)

    def _measure(self, x):
        raise NotImplementedError(f"{type(self).__name__} must implement `_measure`.")

    def _measure_adjoint(self, y):
        raise NotImplementedError(
            f"{type(self).__name__} must implement `_measure_adjoint`, or set "
            "`linear = False`."
        )

    def _require_floating(self, value, argument):
        if not tf.as_dtype(value.dtype).is_floating:
            raise TypeError(
                f"`{argument}` must hold floating-point numbers. Received: dtype "
                f"{tf.as_dtype(value.dtype).name}"
            )

    def _require_linear(self, what):
        if not self.linear:
            raise TypeError(f"`{self.name}` is not linear: it has no `{what}`.")
        if not self.built:
            raise ValueError(
                f"`{self.name}` must be built before `{what}`: call it on signals, or "
                "`build((None, height, width, channels))`."
            )

    def _flatten(self, x):
        """(batch, *signal_shape) -> (batch, n)."""
        return tf.reshape(x, (-1, self.signal_size))

    def _unflatten(self, x):
        """(batch, n) -> (batch, *signal_shape)."""
        return tf.reshape(x, (-1, *self.signal_shape))
