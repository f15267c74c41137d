"""The base of all measurements."""

import math

import keras
import tensorflow as tf

from tf_gencs import checks
from tf_gencs.layers.support import own_shape, signal_shapes
from tf_gencs.layers.support.built_once import BuiltOnce
from tf_gencs.layers.support.copies import Copyable
from tf_gencs.layers.support.lendable import Lendable
from tf_gencs.layers.support.matrix_view import MatrixView


class Measurement(MatrixView, Copyable, BuiltOnce, Lendable):
    """A measurement A: x -> y, a Keras layer (batch, *signal_shape) -> (batch, m).

    A subclass implements `_measure`, (batch, *signal_shape) -> (batch, m), and, if it
    is linear, `_measure_adjoint`, (batch, m) -> (batch, *signal_shape). Both get
    checked tensors of `signal_dtype` and return that dtype. It sets
    `self.measurements` or `self.measurement_shape`, in `__init__` or in `build` after
    `super().build`. If it is not linear it sets `linear = False`, and if XLA cannot
    compile it `self.supports_jit = False`.

    Signals are images (height, width, channels), lines (length, channels), volumes
    (depth, height, width, channels) or vectors (n,). The first call, or `build`, fixes
    their shape: all but the first axis. From then on signals may have any number of
    batch dimensions. A first call refuses what looks like one image instead of a batch:
    squares (28, 28), and (height, width, channels) of at most 4 channels, with sizes
    that differ by less than a factor of 2, unless A knows by itself how many values a
    signal has. `x[None]`, or `build`, tells. `support/signal_shapes.py` has the rule.
    y may be given in `measurement_shape`, too, wherever (batch, m) is asked for.
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
            behind one another, as `tf.repeat` makes them; while values for another
            number of signals are lent to it, that number counts.
        structure: all of A but the values of its weights; hashable.
        values: tuple of tensors, those values; `with A.lend(values):` makes A compute
            with others, in a graph of which they are inputs, say.
        travelling: for each of the values, whether its first axis is that of signals.
        complex_signals: whether x and y are complex.
        complex_pairs: whether the first half of y holds real parts and the second half
            the imaginary parts that belong to them.

    Example:

    ```python
    class Halves(gencs.layers.Measurement):
        def build(self, input_shape):
            super().build(input_shape)
            self.measurements = self.signal_size // 2

        def _measure(self, x):
            return self._flatten(x)[:, : self.measurements]

        def _measure_adjoint(self, y):
            return self._unflatten(tf.pad(y, ((0, 0), (0, self.measurements))))

    y = Halves()(x)  # the upper half: (batch, 392)
    gencs.testing.check_adjoint(Halves(), (28, 28, 1))
    ```
    """

    linear = True
    signals = None
    complex_signals = False
    complex_pairs = False

    def __init__(self, measurements=None, **kwargs):
        kwargs.setdefault("trainable", False)
        checks.float_policy(kwargs.get("dtype"))
        super().__init__(**kwargs)
        if measurements is not None:
            measurements = checks.integer(measurements, "measurements", at_most=2**31)
        self.measurements = measurements
        self.signal_shape = None
        self._measurement_shape = None

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

    @property
    def _told_size(self):
        """n, where it is known whatever signals come; else None."""
        return self.signal_size

    def build(self, input_shape):
        shape = signal_shapes.checked(input_shape, self.name)
        if self.signal_shape not in (None, shape):
            raise ValueError(
                f"`{self.name}` is built on signals of shape {self.signal_shape} and "
                f"cannot be built on another. Received: {tuple(input_shape)}"
            )
        self.signal_shape = shape

    def __call__(self, x, *args, **kwargs):
        # Keras would drop a mask, and take a list for many arguments.
        if not isinstance(x, (tf.Tensor, keras.KerasTensor)):
            x = checks.tensor(x, "x")
        if not self.built:
            signal_shapes.refuse_lone_image(x, self.name, self._told_size)
        return super().__call__(x, *args, **kwargs)

    def compute_output_shape(self, input_shape):
        input_shape = signal_shapes.sizes(input_shape)
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
            TypeError: x does not hold real numbers.
            ValueError: it has another shape, or a batch that does not fit `signals`.
        """
        x = self._checked(x, "x", self.signal_shape)
        return self._over_batch("_measure", x, self.signal_shape, (self.measurements,))

    def adjoint(self, y):
        """Applies A's exact adjoint: (..., m) -> (..., *signal_shape).

        y may also be (..., *measurement_shape), where its last axis is not m.

        Raises:
            ValueError: the layer is not built, or y has another shape.
            TypeError: A is not linear, or y does not hold real numbers.
        """
        self._require_linear("adjoint")
        if isinstance(y, keras.KerasTensor):
            raise TypeError(
                "`y` must be a tensor; in a Keras model call the layer `A.H`."
            )
        m = (self.measurements,)
        y = self._checked_y(y)
        return self._over_batch("_measure_adjoint", y, m, self.signal_shape)

    def squared_error(self, x, y):
        """||A x - y||^2 of every signal, differentiable in x and y.

        Args:
            x: signals (batch, *signal_shape).
            y: measurements (batch, m) or (batch, *measurement_shape).

        Returns:
            Tensor (batch,).

        Raises:
            TypeError: x or y do not hold real numbers.
            ValueError: the layer is not built, or x or y have another shape.
        """
        self._require_built("squared_error")
        x = self._checked(checks.tensor(x, "x"), "x", self.signal_shape, batch=1)
        y = self._checked_y(y, batch=1)
        if not x.shape[:1].is_compatible_with(y.shape[:1]):
            raise ValueError(
                f"`y` must be a batch of {x.shape[0]} to match `x`. "
                f"Received: shape {tuple(y.shape)}"
            )
        return self._squared_error(x, y)

    def _squared_error(self, x, y):
        """`squared_error` of checked tensors: for subclasses that have a faster way."""
        difference = self(x) - y
        return tf.reduce_sum(tf.math.real(difference * tf.math.conj(difference)), -1)

    def _measure(self, x):
        raise NotImplementedError(f"{type(self).__name__} must implement `_measure`.")

    def _measure_adjoint(self, y):
        raise NotImplementedError(
            f"{type(self).__name__} must implement `_measure_adjoint`, or set "
            "`linear = False`."
        )

    def _checked_y(self, y, batch=None):
        """`_checked` of y, flat or in the measurement's own shape."""
        y = checks.tensor(y, "y")
        axes = own_shape.axes(y.shape, self)
        if axes is not None:
            leading = tf.shape(y)[: y.shape.rank - axes]
            y = tf.reshape(y, tf.concat([leading, [self.measurements]], 0))
        return self._checked(y, "y", (self.measurements,), batch)

    def _checked(self, value, argument, shape, batch=None):
        """A tensor (..., *shape) of `signal_dtype`, with `batch` axes for the dots."""
        dtype = tf.as_dtype(value.dtype)
        if argument == "x" and dtype.is_integer:
            raise TypeError(
                "`x` must hold floating-point numbers: integers are pixels from 0 to "
                "255 most often, and signals have the range of the model. "
                "`x.astype('float32')` measures them as they are. "
                f"Received: dtype {dtype.name}"
            )
        if not (self.complex_signals and dtype.is_complex):
            checks.real(dtype, argument)
        rank = value.shape.rank
        leading = 0 if rank is None else rank - len(shape)
        fits = leading >= 1 if batch is None else leading == batch
        if not fits or value.shape[leading:] != tuple(shape):
            sizes = ", ".join(map(str, shape))
            received = "unknown rank" if rank is None else tuple(value.shape)
            other, fix = own_shape.told(self) if argument == "y" else "", ""
            if argument == "x" and rank is not None:
                fix = checks.channels_last(tuple(value.shape), shape)
            raise ValueError(
                f"`{argument}` must have shape (batch, {sizes}){other} to match "
                f"`{self.name}`{fix}. Received: {received}"
            )
        if self.signals is not None:
            count, lanes = value.shape[0], self._lanes()
            if not isinstance(lanes, int):
                count, lanes = None, "as many"  # the graph will know
            if leading != 1 or (count is not None and count % lanes):
                raise ValueError(
                    f"`{argument}` must be a batch of {lanes} signals, or a "
                    f"multiple: each has its own measurement in `{self.name}`. "
                    f"Received: shape {tuple(value.shape)}"
                )
        return tf.cast(value, self.signal_dtype)

    def _over_batch(self, method, tensor, shape, result_shape):
        """Applies `_measure` or its adjoint to (..., *shape): (..., *result_shape)."""
        if self.measurements is None:
            raise ValueError(
                f"`{type(self).__name__}` must set `measurements` (or "
                "`measurement_shape`) in `__init__` or `build`."
            )
        leading = tensor.shape.rank - len(shape)
        flat = tensor
        if leading != 1:
            flat = tf.reshape(tensor, tf.concat([[-1], shape], 0))
        result = getattr(self, method)(flat)
        if result.shape[1:] != result_shape or result.dtype != self.signal_dtype:
            sizes = ", ".join(map(str, result_shape))
            raise ValueError(
                f"`{type(self).__name__}.{method}` must return shape (batch, {sizes}) "
                f"of dtype {self.signal_dtype}. Received: {result}"
            )
        if leading == 1:
            return result
        batch_shape = tf.shape(tensor)[:leading]
        result = tf.reshape(result, tf.concat([batch_shape, result_shape], 0))
        return tf.ensure_shape(
            result, tensor.shape[:leading].concatenate(tf.TensorShape(result_shape))
        )

    def _require_built(self, what):
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
