"""Signals near the generator's range: x = G(z) + a sparse deviation."""

import math
import typing

import keras
import tensorflow as tf

from tf_gencs import bases, checks
from tf_gencs.losses import Huber, SumSquaredError
from tf_gencs.per_lane import beside, unknown
from tf_gencs.solvers.refinements.deviation import Deviation
from tf_gencs.solvers.refinements.noise_evidence import expected_noise
from tf_gencs.solvers.registry import register

# A residual is looked at for noise where it is that many times as large as expected.
_SUSPECT = 1.3

# What deviates where G is surest, against where it is least sure.
_DOUBT = 0.1

# A normal distribution's standard deviation over the median of its magnitudes.
_NORMAL_MEDIAN = 1.4826


@register("sparse_deviation")
@keras.saving.register_keras_serializable(package="tf_gencs")
class SparseDeviation(Deviation):
    """Searches z first, then lets x leave G's range where few values explain y.

    With x0 the estimate of the search it minimises

        ||A x - y||^2 / 2 + penalty * s * sqrt(g) * sum_i w_i |B (x - x0)|_i

    over x within the model's value range, where B is an orthonormal basis and g the
    mean gain of A, ||A||_F^2 / n. A proximal
    step sets most of B (x - x0) to exactly 0. s is the root mean square of the
    residual as it stands, as in the square-root Lasso, so `penalty` has no scale and
    suits every noise level; it also starts large and falls as the fit gets better.
    With the loss `Huber` in the place of ||A x - y||^2, s is 1.4826 times the median of
    the residuals' magnitudes, the standard deviation of those that are no outliers, and
    delta is s where that is less: what was an outlier to z is one to x all the more.
    Where the noise is known, `compile(noise=)`, or where so much stays unexplained that
    it can only be noise, `penalty * s` is at least variance of the noise / b, its
    weight under deviations of Laplace's distribution with scale b: six times the root
    of the model's representation error, if that is known.

    In the pixel basis w_i = 1 / sqrt(u_i), where u_i in (0, 1] is the distance of x0_i
    from the nearer end of the value range, relative to half that range: a generator
    whose output saturates is sure of the values at the ends, and seldom wrong there.
    In other bases, and without a value range, all w_i are 1; and other bases take the
    value range into account only after each threshold.

    The penalty "auto" is 0.1 where w_i tell the pixels apart. Else it is
    sqrt(2 log(n / m)), 0.1 at least: for m << n, the level below which what n
    coefficients share of a residual of m numbers is no sign of any of them.

    Args:
        solver: the solver that searches z; None for L-BFGS.
        basis: "pixel", "dct" or "wavelet": where the deviation is sparse.
        penalty: weight of the l1 norm, "auto" or a number above 0.
        iterations: most accelerated proximal steps, at least 1.

    Raises:
        TypeError, ValueError: a wrong argument; and, when it is used, an A that is not
            linear, more than one data term, or a loss other than "sse" and `Huber`.

    Example:

    ```python
    refined = gencs.solvers.SparseDeviation("lbfgs", basis="dct")
    model.compile(solver=refined)
    ```

    Sources: Dhar, Grover and Ermon, "Modeling sparse deviations for compressed
    sensing using generative models", ICML 2018, for the model; Beck and Teboulle,
    "A fast iterative shrinkage-thresholding algorithm", 2009, and O'Donoghue and
    Candes, "Adaptive restart for accelerated gradient schemes", 2015, for the steps;
    Belloni, Chernozhukov and Wang, "Square-root lasso", 2011, for s.
    """

    _losses: typing.ClassVar = {"'sse'": SumSquaredError, "`Huber`": Huber}

    needs_norm = True

    # The distance from the value range's ends at which G is taken to be surest.
    _SUREST = 1e-3

    def __init__(self, solver=None, basis="pixel", penalty="auto", iterations=60):
        super().__init__(solver)
        self.basis = bases.get(basis)
        if not isinstance(penalty, str) or penalty != "auto":
            penalty = checks.number(penalty, "penalty", above=0)
        self.penalty = penalty
        self.iterations = checks.integer(iterations, "iterations")

    def refine(self, found, data, model):
        x0, error = found["x"], data.facts.representation_error
        nothing = tf.zeros(tf.shape(x0)[:1], x0.dtype)
        if not error:
            return self._deviate(x0, data, nothing)
        # G is sure of most of what it says, and errs the more where it is not: between
        # 50 and 500 measurements of MNIST under noise of norm 0.1 to 5, this is within
        # 5 % of the best weight.
        scale = 6 * error**0.5
        if data.noise is not None:
            return self._deviate(x0, data, nothing + data.noise**2 / scale)
        x = self._deviate(x0, data, nothing)
        # Less than this would not have raised the penalty.
        least_felt = scale * self._weight(data) * _misfit(data, x)[0]
        noise = self._noise(x0, x, found, data, model, least_felt)
        index = tf.where(noise > least_felt)[:, 0]

        def again():
            """Deviates anew where there is noise."""
            least = tf.gather(noise, index) / scale
            part = self._deviate(tf.gather(x0, index), data.take(index), least, scale)
            return tf.tensor_scatter_nd_update(x, index[:, None], part)

        return tf.cond(tf.size(index) > 0, again, lambda: x)

    def _noise(self, x0, x, found, data, model, least_felt):
        """Variance of noise that shows itself, 0 where it is hardly `least_felt`.

        Deviations have no sizes that rule them out, but looks; and whatever x explains
        with far fewer values than measurements is no noise.
        """
        m = float(data.measurements)
        free = tf.reduce_sum(self._free(x, x0, data), list(range(1, x.shape.rank)))
        left = _misfit(data, x)[0] ** 2 * m / tf.maximum(m - free, 1e-6 * m)
        before = _misfit(data, x0)[0] ** 2
        # Only decoders of autoencoders, trained for likelihood, know where they err.
        if "noise" not in found or model.encoder is None:
            # Signals differ in how far they are from G's range, but hardly three times.
            most = before - 3 * data.misfit_variance
        else:
            left = tf.where(free < m / 2, left, unknown(left.dtype))
            # z has taken at least m k / (m + k) degrees of freedom.
            freedom = m / (m + model.latent_dim)
            suspect = before / freedom > _SUSPECT * data.misfit_variance
            index = tf.where(suspect & (left > least_felt))[:, 0]
            most = self._evident_noise(x0, index, freedom, data)
        return tf.maximum(tf.minimum(most, left), 0)

    def _evident_noise(self, x0, index, freedom, data):
        """Variance of the noise by the looks of residuals, 0 but for `index`."""
        ((name, y),) = data.y.items()
        residual = y - data.measure(x0)[name]
        # Next to 0 where G is sure of itself, as in `_weights`, but never quite so.
        unsure = 1 / self._weights(x0, data.facts.value_range) ** 2 + _DOUBT
        noise = expected_noise(
            data.take(index),
            tf.gather(residual, index),
            tf.gather(unsure, index),
            freedom,
        )
        return tf.scatter_nd(index[:, None], noise, tf.shape(x0, tf.int64)[:1])

    def _free(self, x, x0, data):
        """1 for each value by which x explains y, 0 for others, of the shape of x."""
        free = tf.abs(self.basis.analyse(x - x0, x.shape.rank - 1)) > 1e-6
        if self._tells_pixels_apart(data.facts.value_range):
            low, high = data.facts.value_range
            free &= (x > low) & (x < high)
        return tf.cast(free, x.dtype)

    def _noise_left(self, x, x0, spread, thresholds, data):
        """Variance of what x leaves of y, without what its thresholds took away.

        Source: Sun and Zhang, "Scaled sparse linear regression", 2012, but for the
        correction by thresholds (batch, *signal_shape).
        """
        m, axes = float(data.measurements), list(range(1, x.shape.rank))
        free = self._free(x, x0, data)
        taken = tf.reduce_sum(free * thresholds**2, axes) / data.gain
        left = tf.nn.relu(m * spread**2 - taken)
        # Where x has a value for each measurement, nothing tells.
        count = tf.nn.relu(m - tf.reduce_sum(free, axes))
        return tf.where(count > 0, left / tf.maximum(count, 1), unknown(left.dtype))

    def _deviate(self, x0, data, least, scale=None):
        """Minimises from x0, with `penalty * s` of at least `least` (batch,).

        With `scale`, of less where the residual has less noise left than least * scale.
        """
        # A = 0 says nothing: any step will do.
        curvature = tf.maximum(data.squared_norm, 1e-20)
        value_range = data.facts.value_range
        weights = self._weights(x0, value_range)
        rank = len(x0.shape) - 1
        weight = self._weight(data)

        def step(x, ahead, momentum, bound):
            spread, gradient = _misfit(data, ahead)
            penalty = tf.maximum(weight * spread, bound)
            if scale is not None:
                thresholds = beside(penalty, x) * weights
                left = self._noise_left(x, x0, spread, thresholds, data)
                bound = tf.minimum(least * scale, left) / scale
                penalty = tf.maximum(weight * spread, bound)
            thresholds = beside(penalty / curvature, x) * weights
            moved = ahead - gradient / curvature - x0
            coefficients = self.basis.analyse(moved, rank)
            kept = coefficients - tf.clip_by_value(
                coefficients, -thresholds, thresholds
            )
            new = _within(x0 + self.basis.synthesise(kept, rank), value_range)
            change = new - x
            # Momentum that points uphill starts again from nothing.
            axes = list(range(1, rank + 1))
            uphill = tf.reduce_sum((ahead - new) * change, axes) > 0
            momentum = tf.where(uphill, tf.ones_like(momentum), momentum)
            following = (1 + tf.sqrt(1 + 4 * momentum**2)) / 2
            pull = beside((momentum - 1) / following, x)
            return new, new + pull * change, following, bound

        return tf.while_loop(
            lambda *_: True,
            step,
            (x0, x0, tf.ones_like(least), least),
            maximum_iterations=self.iterations,
            parallel_iterations=1,
        )[0]

    def _weight(self, data):
        """Of the l1 norm, over s: s is in units of y, the deviation in those of x."""
        return self._penalty(data) * tf.sqrt(data.gain)

    def _penalty(self, data):
        if self.penalty != "auto":
            return self.penalty
        if self._tells_pixels_apart(data.facts.value_range):
            return 0.1
        return max(2 * math.log(data.signal_size / data.measurements), 0.01) ** 0.5

    def _tells_pixels_apart(self, value_range):
        return value_range is not None and isinstance(self.basis, bases.Pixel)

    def _weights(self, x0, value_range):
        if not self._tells_pixels_apart(value_range):
            return tf.ones_like(x0)
        low, high = value_range
        unsure = tf.minimum(x0 - low, high - x0) * (2 / (high - low))
        return 1 / tf.sqrt(tf.maximum(unsure, self._SUREST))

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        return {
            "solver": serialize(self.solver),
            "basis": serialize(self.basis),
            "penalty": self.penalty,
            "iterations": self.iterations,
        }


def _misfit(data, x):
    """s, the standard deviation of the residual of x, and the gradient in x of half
    the data term, without its weight: (batch,) and (batch, *signal_shape).
    """
    ((name, term),) = data.terms.items()
    if isinstance(term.loss, SumSquaredError):
        loss, gradient = data.loss_and_gradient(x)
        count = term.weight * term.measurement.measurements
        return tf.sqrt(loss / count), gradient / (2 * term.weight)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(x)
        y_hat = data.measure(x)[name]
    residual = y_hat - data.y[name]
    magnitudes = tf.sort(tf.abs(residual), axis=1)
    spread = _NORMAL_MEDIAN * magnitudes[:, magnitudes.shape[1] // 2]
    delta = tf.minimum(tf.cast(term.loss.delta, spread.dtype), spread)[:, None]
    residual = tf.clip_by_value(residual, -delta, delta)
    return spread, tape.gradient(y_hat, x, residual)


def _within(x, value_range):
    return x if value_range is None else tf.clip_by_value(x, *value_range)
