"""Signals near the generator's range: x = G(z) + a Gaussian deviation."""

import keras
import numpy as np
import tensorflow as tf

from tf_gencs import array_config, bases, checks
from tf_gencs.per_lane import beside, dot
from tf_gencs.solvers.deviation import Deviation

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
    deviations seldom do. That takes A as a matrix, and is left out where it would have
    more than 33 million entries. The most likely deviation follows,

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
        tolerance: they end where all gradients are that small against the first ones.

    Raises:
        TypeError, ValueError: a wrong argument; and, when it is used, an A that is not
            linear, more than one data term, or a loss other than "sse".

    Sources: Kaipio and Somersalo, "Statistical inverse problems: discretization, model
    reduction and inverse crimes", 2007, for model errors as correlated noise; Paige and
    Saunders, "LSQR", 1982, for conjugate gradients on least squares (CGLS).
    """

    # Entries of A up to which the search takes it as a matrix.
    _LARGEST_MATRIX = 2**25

    def __init__(
        self, solver=None, basis="dct", scale=1.0, iterations=200, tolerance=1e-3
    ):
        super().__init__(solver)
        self.basis = bases.get(basis)
        self.scale = check_scale(scale, "scale")
        self.iterations = checks.integer(iterations, "iterations")
        self.tolerance = checks.number(tolerance, "tolerance", at_least=0)

    def check(self, objective):
        super().check(objective)
        (term,) = objective.terms.values()
        check_scale(self.scale, "scale", term.measurement.signal_shape)

    def whitening(self, objective):
        (term,) = objective.terms.values()
        A = term.measurement
        m, n = A.measurements, A.signal_size
        if A.signals is not None or m * n > self._LARGEST_MATRIX:
            return None
        rows = tf.reshape(A.to_dense(), (m, *A.signal_shape))
        rows = self.basis.analyse(rows, len(A.signal_shape))
        rows *= tf.constant(self.scale, rows.dtype)
        rows = tf.reshape(rows, (m, n))
        covariance = tf.matmul(rows, rows, transpose_b=True).numpy().astype("float64")
        size = np.trace(covariance) / m
        if not size > 0:
            return None
        noise = _UNTOLD_NOISE * size
        if objective.noise is not None:
            noise = max(objective.noise**2, _ROUNDING * size)
        covariance += noise * np.eye(m)
        root = np.linalg.inv(np.linalg.cholesky(covariance))
        return np.sqrt(size + noise) * root

    def finish(self, z, x, lanes):
        x0 = self.solver.finish(z, x, lanes)
        objective = lanes.objective
        ((name, term),) = objective.terms.items()
        A, rank = term.measurement, len(x0.shape) - 1
        scale = tf.constant(self.scale, x0.dtype)
        axes = list(range(1, rank + 1))

        def measured(c):
            return tf.cast(A(self.basis.synthesise(scale * c, rank)), x0.dtype)

        def gradient(c, residual, noise):
            back = tf.cast(A.adjoint(residual), x0.dtype)
            return scale * self.basis.analyse(back, rank) - beside(noise, c) * c

        # Least squares for c / scale, with its squares times the noise's beside.
        residual = lanes.y[name] - tf.cast(A(x0), x0.dtype)
        noise = self._noise(residual, objective)
        c = tf.zeros_like(x0)
        ahead = gradient(c, residual, noise)
        square = tf.reduce_sum(ahead**2, axes)
        enough = self.tolerance**2 * square

        def going_on(c, residual, ahead, square):
            return tf.reduce_any(square > enough)

        def step(c, residual, ahead, square):
            seen = measured(ahead)
            curvature = dot(seen, seen) + noise * tf.reduce_sum(ahead**2, axes)
            # A lane at its end has nothing left to divide.
            length = tf.math.divide_no_nan(square, curvature)
            length = tf.where(square > enough, length, 0)
            c += beside(length, c) * ahead
            residual -= length[:, None] * seen
            steepest = gradient(c, residual, noise)
            now = tf.reduce_sum(steepest**2, axes)
            momentum = tf.math.divide_no_nan(now, square)
            now = tf.where(square > enough, now, square)
            return c, residual, steepest + beside(momentum, c) * ahead, now

        c, *_ = tf.while_loop(
            going_on,
            step,
            (c, residual, ahead, square),
            maximum_iterations=self.iterations,
            parallel_iterations=1,
        )
        x = x0 + self.basis.synthesise(scale * c, rank)
        if objective.value_range is None:
            return x
        return tf.clip_by_value(x, *objective.value_range)

    def _noise(self, residual, objective):
        """Variance of the noise in each lane's measurements, (lanes,)."""
        if objective.noise is not None:
            known = tf.cast(objective.noise**2, residual.dtype)
            return tf.fill(tf.shape(residual)[:1], known)
        square = tf.reduce_mean(residual**2, axis=1)
        return tf.maximum(square - 3 * objective.misfit_variance, 0)

    def get_config(self):
        return {
            "solver": keras.saving.serialize_keras_object(self.solver),
            "basis": keras.saving.serialize_keras_object(self.basis),
            "scale": array_config.serialize(self.scale),
            "iterations": self.iterations,
            "tolerance": self.tolerance,
        }


def check_scale(value, argument, shape=None):
    """A float32 array of scales, from numbers or their config.

    Raises:
        ValueError: no finite numbers of at least 0, or neither one number nor an array
            of that shape.
    """
    try:
        scale = np.asarray(array_config.deserialize(value), "float32")
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"`{argument}` must hold numbers. Received: {value!r}"
        ) from error
    if not np.isfinite(scale).all() or (scale < 0).any():
        raise ValueError(
            f"`{argument}` must hold finite numbers of at least 0. Received: {value!r}"
        )
    if shape is not None and scale.ndim and scale.shape != tuple(shape):
        raise ValueError(
            f"`{argument}` must be a number or have the signal's shape {tuple(shape)}. "
            f"Received: shape {scale.shape}"
        )
    return scale
