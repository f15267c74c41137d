"""A measurement seen as a matrix: its entries, norm and gain, sums and products."""

import tensorflow as tf

from tf_gencs import checks
from tf_gencs.layers.support import gain, memory, power_method
from tf_gencs.layers.support.lendable import checksums
from tf_gencs.layers.support.measurement_operator import MeasurementOperator


class MatrixView:
    """What a `Measurement` can tell of A (m, n) on vec(x), and combine it to."""

    __array_ufunc__ = None  # so that a NumPy number times A asks A

    stores_matrix = False  # whether its value is the matrix itself
    _norm = None  # with checksums of the values that it belongs to

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
            As `as_linear_operator`; ValueError if it does not fit into memory.
        """
        self._require_linear("to_dense")
        self._require_shared("to_dense")
        memory.refuse_dense(self)
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
            ValueError: the layer is not built, or the call is inside a `tf.function`.
            TypeError: A is not linear.
        """
        self._require_linear("operator_norm")
        if not tf.executing_eagerly():
            raise ValueError(
                "`operator_norm` must be called outside of any `tf.function`; what it "
                "returns is a float to use inside."
            )
        values = checksums(self.values)
        if self._norm is None or self._norm[0] != values:
            self._norm = values, power_method.operator_norm(self)
        return self._norm[1]

    def mean_gain(self, x=None):
        """||A||_F^2 / n: what A makes of the squared length of a signal on average.

        That is the mean of ||A v||^2 over random v of E||v||^2 = 1; for a nonlinear A
        that of its derivative at signals x, and where signals have measurements of
        their own the mean over them. Exact where A stores its matrix or A A^H is
        diagonal (masks, orthonormal rows); else estimated by a few fixed vectors of
        random signs, so that c A always has c^2 times the gain of A. Inside a
        `tf.function`, too.

        Args:
            x: signals (batch, *signal_shape) at which a nonlinear A is looked at; a
                linear one does without.

        Returns:
            Scalar tensor, float32 or, where A computes in float64, float64.

        Raises:
            ValueError: the layer is not built, or A is not linear and there is no x.
            TypeError: x does not hold real numbers.
        """
        self._require_built("mean_gain")
        if not self.linear:
            if x is None:
                raise ValueError(
                    f"`x` must be given: `{self.name}` is not linear, its gain depends "
                    "on the signals. Received: None"
                )
            x = self._checked(checks.tensor(x, "x"), "x", self.signal_shape, batch=1)
        return self._mean_gain(x)

    def _mean_gain(self, x):
        """`mean_gain` of checked signals: for subclasses that know it exactly."""
        return gain.linear(self) if self.linear else gain.nonlinear(self, x)

    @property
    def H(self):
        """The adjoint as a measurement (batch, m) -> (batch, n)."""
        self._require_linear("H", built=False)
        return _algebra().Adjoint(self)

    def __matmul__(self, other):
        """A after another measurement; or what A measures of signals (batch, ...)."""
        if not isinstance(other, MatrixView) and hasattr(other, "shape"):
            return self(other)
        return self._combine("Sequential", other, self)

    def __add__(self, other):
        return self._combine("Sum", self, other)

    def __radd__(self, other):
        # The builtin `sum` begins with 0.
        return self if isinstance(other, int) and other == 0 else NotImplemented

    def __sub__(self, other):
        if not isinstance(other, MatrixView):
            return NotImplemented
        return self + -other

    def __mul__(self, factor):
        if isinstance(factor, MatrixView):  # A * B could mean many things
            return NotImplemented
        return _algebra().Scale(self, factor)

    __rmul__ = __mul__

    def __truediv__(self, divisor):
        if isinstance(divisor, MatrixView):
            return NotImplemented
        divisor = checks.number(divisor, "divisor")
        if divisor == 0:
            raise ValueError("`divisor` must not be 0. Received: 0")
        return self * (1 / divisor)

    def __neg__(self):
        return self * -1.0

    def _combine(self, kind, *parts):
        if not all(isinstance(part, MatrixView) for part in parts):
            return NotImplemented
        return getattr(_algebra(), kind)(list(parts))

    def _require_linear(self, what, built=True):
        if not self.linear:
            raise TypeError(f"`{self.name}` is not linear: it has no `{what}`.")
        if built:
            self._require_built(what)

    def _require_shared(self, what):
        if self.signals is not None:
            raise ValueError(
                f"`{self.name}` must be one measurement for all signals to have "
                f"`{what}`. Received: one for each of {self.signals} signals"
            )


def _algebra():
    from tf_gencs.layers import algebra  # it is made of measurements

    return algebra
