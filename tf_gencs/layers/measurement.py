"""The base of all measurements."""

import math

import keras
import tensorflow as tf

from tf_gencs.layers import power_method
from tf_gencs.layers.measurement_operator import MeasurementOperator


class Measurement(keras.layers.Layer):
    """A measurement A: x -> y, a Keras layer (batch, *signal_shape) -> (batch, m).

    A subclass implements `_measure` and, if it is linear, `_measure_adjoint`, both on
    checked tensors of the layer's compute dtype with one batch dimension, and sets
    `self.measurements` or `self.measurement_shape` in `__init__` or `build`. It sets
    `linear = False` if it is not linear.

    Once the layer is built, signals may have any number of batch dimensions.
    Measurements combine to new ones: `A @ B` (B first), `A + B`, `A - B`, `2 * A`,
    `-A`, `A / 2`, and `A.H` for the adjoint.

    Attributes:
        linear: whether A is linear; only then it has an adjoint, a norm and a matrix.
        signal_shape: shape of one signal, known once the layer is built.
        signal_size: n, its number of values.
        measurements: m, the length of each y.
        measurement_shape: what y is the flattened form of: an image, say; else (m,).
        signals: S, where each of S signals has a measurement of its own; None where
            one serves all. Such a layer takes batches of k * S signals, k of each
            behind one another, as `tf.repeat` makes them.
        complex_signals: whether x and y are complex.
        complex_pairs: whether the first half of y holds real parts and the second half
            the imaginary parts that belong to them.
    """

    linear = True
    signals = None
    complex_signals = False
    complex_pairs = False
    __array_ufunc__ = None  # so that a NumPy number times A asks A

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
        self._measurement_shape = None
        self._norm = None

    @property
    def signal_size(self):
        return None if self.signal_shape is None else math.prod(self.signal_shape)

    @property
    def signal_dtype(self):
        """Name of the dtype of x and y."""
        if not self.complex_signals:
            return self.compute_dtype
        return "complex128" if self.compute_dtype == "float64" else "complex64"

    @property
    def measurement_shape(self):
        if self._measurement_shape is None:
            return None if self.measurements is None else (self.measurements,)
        return self._measurement_shape

    @measurement_shape.setter
    def measurement_shape(self, shape):
        self._measurement_shape = tuple(shape)
        self.measurements = math.prod(shape)

    def build(self, input_shape):
        shape = tuple(input_shape)[1:]
        if not shape or None in shape:
            raise ValueError(
                f"`{self.name}` must be built on signals of known shape "
                f"(batch, height, width, channels). Received: {tuple(input_shape)}"
            )
        self.signal_shape = tuple(int(size) for size in shape)

    def compute_output_shape(self, input_shape):
        axes = len(input_shape) - 1
        if self.signal_shape is not None:
            axes = len(self.signal_shape)
        return (*input_shape[:-axes], self.measurements)

    def compute_output_spec(self, x):
        shape = self.compute_output_shape(x.shape)
        return keras.KerasTensor(shape, dtype=self.signal_dtype)

    def call(self, x):
        """Measures signals: (..., *signal_shape) -> (..., m).

        Raises:
            TypeError: x does not hold floating-point numbers.
            ValueError: it has another shape, or a batch that does not fit `signals`.
        """
        self._require_numbers(x, "x")
        axes = len(self.signal_shape)
        if x.shape.rank <= axes or x.shape[-axes:] != self.signal_shape:
            sizes = ", ".join(map(str, self.signal_shape))
            raise ValueError(
                f"`x` must have shape (batch, {sizes}) to match `{self.name}`. "
                f"Received: {tuple(x.shape)}"
            )
        x = tf.cast(x, self.signal_dtype)
        return self._over_batch(self._measure, x, self.signal_shape, "x")

    def adjoint(self, y):
        """Applies A's exact adjoint: (..., m) -> (..., *signal_shape).

        Raises:
            ValueError: the layer is not built, or y has another shape.
            TypeError: A is not linear, or y does not hold floating-point numbers.
        """
        self._require_linear("adjoint")
        y = tf.convert_to_tensor(y)
        self._require_numbers(y, "y")
        if y.shape.rank in (None, 0, 1) or y.shape[-1] != self.measurements:
            raise ValueError(
                f"`y` must have shape (batch, {self.measurements}) to match "
                f"`{self.name}`. Received: {tuple(y.shape)}"
            )
        y = tf.cast(y, self.signal_dtype)
        return self._over_batch(self._measure_adjoint, y, (self.measurements,), "y")

    def squared_error(self, x, y):
        """||A x - y||^2 of every signal, differentiable in x and y.

        Args:
            x: signals (batch, *signal_shape).
            y: measurements (batch, m).

        Returns:
            Tensor (batch,).
        """
        difference = self(x) - y
        return tf.reduce_sum(tf.math.real(difference * tf.math.conj(difference)), -1)

    def as_linear_operator(self):
        """A as a `tf.linalg.LinearOperator` (m, n) on vec(x), in C order.

        Raises:
            ValueError: the layer is not built, or `signals` is not None.
            TypeError: A is not linear.
        """
        self._require_linear("as_linear_operator")
        self._require_shared("as_linear_operator")
        return MeasurementOperator(self)

    def to_dense(self):
        """The matrix of A on vec(x), in C order: a tensor (m, n), for small sizes.

        Raises:
            As `as_linear_operator`.
        """
        self._require_linear("to_dense")
        self._require_shared("to_dense")
        m, n = self.measurements, self.signal_size
        if m <= n:
            rows = self.adjoint(tf.eye(m, dtype=self.signal_dtype))
            return tf.math.conj(tf.reshape(rows, (m, n)))
        return tf.transpose(self(self._unflatten(tf.eye(n, dtype=self.signal_dtype))))

    def operator_norm(self):
        """The largest ||A x|| / ||x||, by the power method; computed once.

        The method approaches it from below and stops when it gains less than 1e-6 of
        it in a step, or after 1,000 steps: for matrices with close leading singular
        values (large Gaussian ones) that leaves up to about 1e-3.

        Returns:
            A float.

        Raises:
            ValueError: the layer is not built.
            TypeError: A is not linear.
        """
        self._require_linear("operator_norm")
        if self._norm is None:
            self._norm = power_method.operator_norm(self)
        return self._norm

    def load_own_variables(self, store):
        self._norm = None
        super().load_own_variables(store)

    @property
    def H(self):
        """The adjoint as a measurement (batch, m) -> (batch, n)."""
        self._require_linear("H", built=False)
        return _algebra().Adjoint(self)

    def __dir__(self):
        # Keras saves every layer that it finds by `dir`, and there an adjoint is new
        # each time: it would save adjoints of adjoints without end.
        return [name for name in super().__dir__() if name != "H"]

    def __matmul__(self, other):
        return self._combine("Sequential", other, self)

    def __add__(self, other):
        return self._combine("Sum", self, other)

    def __sub__(self, other):
        if not isinstance(other, Measurement):
            return NotImplemented
        return self + -other

    def __mul__(self, factor):
        if isinstance(factor, Measurement):  # A * B could mean many things
            return NotImplemented
        return _algebra().Scale(self, factor)

    __rmul__ = __mul__

    def __truediv__(self, divisor):
        if isinstance(divisor, Measurement):
            return NotImplemented
        return self * (1 / divisor)

    def __neg__(self):
        return self * -1.0

    def _combine(self, kind, *parts):
        if not all(isinstance(part, Measurement) for part in parts):
            return NotImplemented
        return getattr(_algebra(), kind)(parts)

    def _measure(self, x):
        raise NotImplementedError(f"{type(self).__name__} must implement `_measure`.")

    def _measure_adjoint(self, y):
        raise NotImplementedError(
            f"{type(self).__name__} must implement `_measure_adjoint`, or set "
            "`linear = False`."
        )

    def _over_batch(self, function, tensor, shape, argument):
        """Applies a function of (batch, *shape) to a tensor (..., *shape)."""
        leading = tensor.shape.rank - len(shape)
        if self.signals is not None:
            self._require_whole_sets(tensor, leading, argument)
        if leading == 1:
            return function(tensor)
        batch_shape = tf.shape(tensor)[:leading]
        flat = tf.reshape(tensor, tf.concat([[-1], shape], 0))
        result = function(flat)
        static = tensor.shape[:leading].concatenate(result.shape[1:])
        result = tf.reshape(
            result, tf.concat([batch_shape, result.shape.as_list()[1:]], 0)
        )
        return tf.ensure_shape(result, static)

    def _require_whole_sets(self, tensor, leading, argument):
        batch = tensor.shape[0]
        if leading != 1 or (batch is not None and batch % self.signals):
            raise ValueError(
                f"`{argument}` must be a batch of {self.signals} signals, or a "
                f"multiple: each has its own measurement in `{self.name}`. Received: "
                f"shape {tuple(tensor.shape)}"
            )

    def _require_numbers(self, value, argument):
        dtype = tf.as_dtype(value.dtype)
        if dtype.is_floating or (self.complex_signals and dtype.is_complex):
            return
        kind = "complex" if self.complex_signals else "floating-point"
        raise TypeError(
            f"`{argument}` must hold {kind} numbers. Received: dtype {dtype.name}"
        )

    def _require_linear(self, what, built=True):
        if not self.linear:
            raise TypeError(f"`{self.name}` is not linear: it has no `{what}`.")
        if built and not self.built:
            raise ValueError(
                f"`{self.name}` must be built before `{what}`: call it on signals, or "
                "`build((None, height, width, channels))`."
            )

    def _require_shared(self, what):
        if self.signals is not None:
            raise ValueError(
                f"`{self.name}` must be one measurement for all signals to have "
                f"`{what}`. Received: one for each of {self.signals} signals"
            )

    def _flatten(self, x):
        """(batch, *signal_shape) -> (batch, n)."""
        return tf.reshape(x, (-1, self.signal_size))

    def _unflatten(self, x):
        """(batch, n) -> (batch, *signal_shape)."""
        return tf.reshape(x, (-1, *self.signal_shape))


def _algebra():
    from tf_gencs.layers import algebra  # it is made of measurements

    return algebra
