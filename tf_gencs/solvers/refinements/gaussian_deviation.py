"""Signals near the generator's range: x = G(z) + a Gaussian deviation."""

import keras
import tensorflow as tf

from tf_gencs import array_config, bases, checks
from tf_gencs.constants import constant
from tf_gencs.per_lane import all_finite, beside, choose, dot
from tf_gencs.solvers.refinements.deviation import Deviation

# Share of K's mean diagonal below which float32 knows nothing of its eigenvalues.
_ROUNDING = 1e-4

# What the search takes for noise where nobody told it, as a share of what deviations
# do to a measurement: it guards against noise, and without any costs less than 1 % of
# the error on faces.
_UNTOLD_NOISE = 0.3


@keras.saving.register_keras_serializable(package="tf_gencs")
class GaussianDeviation(Deviation):
    """Takes what G(z) misses for Gaussian, with a known size of every coefficient.

    In x = G(z) + B^T c the coefficients c_i of the orthonormal basis B are independent
    and N(0, scale_i^2). What A sees of them is no white noise: its covariance is

        K = A B^T diag(scale^2) B A^T + noise^2 I.

    The search therefore minimises r^T K^-1 r of the residual r = y - A G(z), times the
    mean of K's diagonal, which makes it a sum of squares as before: z explains what
    deviations seldom do. It goes on where noise alone would explain r. That takes A and
    K as matrices, and is left out where either would have more than 33 million entries,
    where every signal has measurements of its own, and before a solver whose step size
    was chosen for A. The most likely deviation follows,

        x = x0 + B^T diag(scale^2) B A^T K^-1 (y - A x0),

    x0 being the estimate of the search, by conjugate gradients that need A and its
    adjoint only. At last, x is cut to the model's value range.

    Where `compile(noise=)` does not tell the noise, the search allows for some, and the
    deviation for what shows itself: signals differ in how far they are from G's range,
    but hardly three times in square.

    Args:
        solver: the solver that searches z; None for L-BFGS.
        basis: "pixel", "dct", "wavelet" or a `Basis`.
        scale: root mean square of every coefficient, a number of at least 0 or an array
            of the signal's shape; `GenerativeModel.measure_representation_error` finds
            it.
        iterations: most conjugate gradients, at least 1.
        tolerance: a signal's end where its gradient is that small against the first.

    Raises:
        TypeError, ValueError: a wrong argument; and, when it is used, an A that is not
            linear, more than one data term, or a loss other than "sse".

    Example:

    ```python
    search = gencs.solvers.LBFGS(restarts=3, probes=1000, margin=8)
    refined = gencs.solvers.GaussianDeviation(search, basis="dct", scale=0.05)
    model.compile(solver=refined)
    ```

    Sources: Kaipio and Somersalo, "Statistical inverse problems: discretization, model
    reduction and inverse crimes", 2007, for model errors as correlated noise; Paige and
    Saunders, "LSQR", 1982, for conjugate gradients on least squares (CGLS).
    """

    # Entries of A, and of K, up to which the search takes them as matrices.
    _LARGEST_MATRIX = 2**25

    def __init__(
        self, solver=None, basis="dct", *, scale, iterations=200, tolerance=1e-3
    ):
        super().__init__(solver)
        self.basis = bases.get(basis)
        self.scale = checks.scale(array_config.deserialize(scale), "scale")
        self.iterations = checks.integer(iterations, "iterations")
        self.tolerance = checks.number(tolerance, "tolerance", at_least=0)

    def check(self, model, data):
        super().check(model, data)
        checks.scale(self.scale, "scale", model.signal_shape)

    def weigh(self, data):
        ((_, term),) = data.terms.items()
        m, n = term.measurement.measurements, data.signal_size
        if data.travelling or m * max(m, n) > self._LARGEST_MATRIX:
            return data
        return data.weighed_by(lambda *of: self._whitening(*of, data.dtype))

    def _whitening(self, measurement, noise, dtype):
        """W (m, m), a root of the mean of K's diagonal times K^-1; see the class.

        And the variance of deviations in each of W's measurements, on average.
        """
        A, m = measurement, measurement.measurements
        rows = tf.cast(A.to_dense(), dtype)
        rows = tf.reshape(rows, (m, *A.signal_shape))
        rows = self.basis.analyse(rows, len(A.signal_shape))
        rows = tf.reshape(rows * constant(self.scale, rows.dtype), (m, -1))
        seen = tf.cast(tf.matmul(rows, rows, transpose_b=True), tf.float64)
        size = tf.linalg.trace(seen) / m
        own = _UNTOLD_NOISE * size
        if noise is not None:
            own = tf.maximum(tf.constant(noise**2, tf.float64), _ROUNDING * size)
        # Where nothing is seen of deviations, all residuals count the same.
        own = tf.where(size > 0, own, 1)
        identity = tf.eye(m, dtype=tf.float64)
        root = tf.linalg.cholesky(seen + own * identity)
        inverse = tf.linalg.triangular_solve(root, identity)
        weights = tf.sqrt(size + own) * inverse
        # What K + own I is on average after W, less what own is.
        seen = size + own - own * tf.reduce_sum(weights**2) / m
        return weights, seen

    def refine(self, found, data, model):
        x0 = found["x"]
        deviation = _Deviation(self.basis, self.scale, data)
        ((name, y),) = data.y.items()
        residual = y - data.measure(x0)[name]
        noise = self._noise(residual, deviation, data)
        # Least squares for u = c / scale, of which each number is N(0, 1).
        u = self._least_squares(deviation, residual, noise)
        x = x0 + deviation.of(u)
        x = choose(all_finite(x), x, x0)
        if data.facts.value_range is None:
            return x
        return tf.clip_by_value(x, *data.facts.value_range)

    def _least_squares(self, deviation, residual, noise):
        """argmin ||residual - A of(u)||^2 + noise ||u||^2, (lanes, *signal_shape)."""

        def steepest(u, residual):
            return deviation.adjoint(residual) - beside(noise, u) * u

        def running(square):
            return square > least

        def step(u, residual, direction, square):
            seen = deviation.measure_of(direction)
            curvature = dot(seen, seen) + noise * _square(direction)
            length = square / curvature
            new_u = u + beside(length, u) * direction
            new_residual = residual - length[:, None] * seen
            gradient = steepest(new_u, new_residual)
            new_square = _square(gradient)
            momentum = beside(new_square / square, u)
            new = new_u, new_residual, gradient + momentum * direction, new_square
            # A lane at its end stays as it is, whatever the others do.
            going_on = running(square)
            old = u, residual, direction, square
            return tuple(choose(going_on, *both) for both in zip(new, old, strict=True))

        gradient = deviation.adjoint(residual)
        square = _square(gradient)
        least = self.tolerance**2 * square
        u, *_ = tf.while_loop(
            lambda u, residual, direction, square: tf.reduce_any(running(square)),
            step,
            (tf.zeros_like(gradient), residual, gradient, square),
            maximum_iterations=self.iterations,
            parallel_iterations=1,
        )
        return u

    def _noise(self, residual, deviation, data):
        """Variance of the noise in each signal's measurements, (batch,)."""
        if data.noise is not None:
            known = tf.cast(data.noise**2, residual.dtype)
            return tf.fill(tf.shape(residual)[:1], known)
        square = tf.reduce_mean(residual**2, axis=1)
        return tf.maximum(square - 3 * deviation.measured_variance(), 0)

    def get_config(self):
        return {
            "solver": keras.saving.serialize_keras_object(self.solver),
            "basis": keras.saving.serialize_keras_object(self.basis),
            "scale": array_config.serialize(self.scale),
            "iterations": self.iterations,
            "tolerance": self.tolerance,
        }


class _Deviation:
    """B^T diag(scale) u of numbers u (lanes, *signal_shape), and what A sees of it."""

    # Draws from which the size of what A sees is estimated.
    _DRAWS = 4

    def __init__(self, basis, scale, data):
        (self._name,) = data.terms
        self._data, self._basis = data, basis
        self._scale = constant(scale, data.dtype)
        self._shape = data.terms[self._name].measurement.signal_shape

    def of(self, u):
        return self._basis.synthesise(self._scale * u, len(self._shape))

    def measure_of(self, u):
        return self._data.measure(self.of(u))[self._name]

    def adjoint(self, residual):
        """The adjoint of `measure_of`: (batch, m) to (batch, *signal_shape)."""
        back = self._data.adjoint(self._name, residual)
        return self._scale * self._basis.analyse(back, len(self._shape))

    def measured_variance(self):
        """Mean square of a measurement of deviations, (batch,)."""
        total = 0.0
        for draw in range(self._DRAWS):
            # Of variance 1, and the same for all signals but for their measurements.
            u = tf.random.stateless_normal(
                self._shape, (0, draw), dtype=self._data.dtype
            )
            u = tf.repeat(u[None], self._data.lanes, axis=0)
            total += tf.reduce_mean(self.measure_of(u) ** 2, axis=1)
        return total / self._DRAWS


def _square(u):
    """Squared lengths: (batch, ...) -> (batch,)."""
    return tf.reduce_sum(u**2, axis=list(range(1, u.shape.rank)))
