"""The L-BFGS step in core TensorFlow ops; see lbfgs.py."""

import ml_dtypes
import tensorflow as tf

from tf_gencs.ops.lane_status import CONVERGED, RUNNING
from tf_gencs.per_lane import choose, dot, largest, norm


def lbfgs_step_twin(state, trial_value, trial_gradient, tolerance, armijo=1e-4):
    """`lbfgs_step` in core TensorFlow ops; the same shapes and results."""
    old = type(state)(*(tf.convert_to_tensor(tensor) for tensor in state))
    running = old.status == RUNNING
    slope = dot(old.gradient, old.direction)
    finite = tf.math.is_finite(trial_value) & tf.math.is_finite(
        dot(trial_gradient, trial_gradient)
    )
    bound = old.value + armijo * old.step_size * slope
    accepted = running & finite & (trial_value <= bound)
    rejected = running & ~accepted

    new = choose(accepted, _accept(old, trial_value, trial_gradient, tolerance), old)
    new = choose(rejected, _reject(old, slope, trial_value, finite), new)
    return new, trial_points(new)


def _accept(old, trial_value, trial_gradient, tolerance):
    """The state after an accepted trial; whatever in lanes without one."""
    step = old.step_size[:, None] * old.direction
    change = trial_gradient - old.gradient
    s_history, y_history, count = _remember(old, step, change)
    direction = _quasi_newton(s_history, y_history, count, trial_gradient)
    decrease = -dot(trial_gradient, direction)
    downhill = tf.math.is_finite(decrease) & (decrease > 0)
    count = tf.where(downhill, count, 0)
    steepest_step = 1 / tf.maximum(norm(trial_gradient), 1)
    close = (count > 0) & (decrease / 2 <= tolerance * tf.abs(trial_value))
    done = close | tf.reduce_all(trial_gradient == 0, axis=-1)
    return old._replace(
        z=old.z + step,
        value=trial_value,
        gradient=trial_gradient,
        direction=tf.where(downhill[:, None], direction, -trial_gradient),
        step_size=tf.where(count > 0, tf.ones_like(steepest_step), steepest_step),
        s_history=s_history,
        y_history=y_history,
        count=count,
        status=tf.where(done, tf.constant(CONVERGED, tf.int64), old.status),
    )


def _reject(old, slope, trial_value, finite):
    """The state after a rejected trial; whatever in lanes without one."""
    promised = slope * old.step_size
    ratio = -promised / (2 * (trial_value - old.value - promised))
    # Written so that NaN, like a trial that is not finite, shortens the most.
    ratio = tf.where(finite & (ratio > 0.1), tf.minimum(ratio, 0.5), 0.1)
    step_size = old.step_size * tf.cast(ratio, old.z.dtype)
    extent = tf.maximum(largest(old.z), 1)
    reach = step_size * largest(old.direction)
    stuck = ~(reach > 4 * _epsilon(old.z) * extent)
    restart = stuck & (old.count > 0)
    steepest_step = 1 / tf.maximum(norm(old.gradient), 1)
    return old._replace(
        direction=tf.where(restart[:, None], -old.gradient, old.direction),
        step_size=tf.where(restart, steepest_step, step_size),
        count=tf.where(restart, tf.zeros_like(old.count), old.count),
        status=tf.where(stuck & ~restart, tf.constant(CONVERGED, tf.int64), old.status),
    )


def _remember(old, step, change):
    """The rings with the newest pair in place, where its curvature is positive."""
    bound = _epsilon(step) * norm(step) * norm(change)
    curved = dot(step, change) > bound
    history = tf.shape(old.s_history)[1]
    slot = tf.math.floormod(tf.maximum(old.count, 0), tf.cast(history, tf.int64))
    here = curved[:, None] & (tf.range(history, dtype=tf.int64) == slot[:, None])
    s_history = tf.where(here[:, :, None], step[:, None, :], old.s_history)
    y_history = tf.where(here[:, :, None], change[:, None, :], old.y_history)
    return s_history, y_history, old.count + tf.cast(curved, tf.int64)


def _quasi_newton(s_history, y_history, count, gradient):
    """-H g of every lane by the two-loop recursion over its valid pairs."""
    history = tf.shape(s_history)[1]
    ages = tf.range(tf.cast(history, tf.int64), dtype=tf.int64)  # 0 is the newest
    slots = tf.math.floormod(count[:, None] - 1 - ages, tf.cast(history, tf.int64))
    s = tf.gather(s_history, slots, batch_dims=1)
    y = tf.gather(y_history, slots, batch_dims=1)
    valid = ages < tf.minimum(count, tf.cast(history, tf.int64))[:, None]
    curvature = tf.where(valid, tf.reduce_sum(s * y, axis=-1), 1)

    steps = s_history.shape[1]
    direction = -gradient
    alphas = []
    for age in range(steps):
        alpha = dot(s[:, age], direction) / curvature[:, age]
        alpha = tf.where(valid[:, age], alpha, 0)
        direction = direction - alpha[:, None] * tf.where(
            valid[:, age, None], y[:, age], 0
        )
        alphas.append(alpha)
    newest = dot(y[:, 0], y[:, 0])
    gamma = tf.where(valid[:, 0], curvature[:, 0] / tf.where(valid[:, 0], newest, 1), 1)
    direction = direction * gamma[:, None]
    for age in reversed(range(steps)):
        beta = dot(y[:, age], direction) / curvature[:, age]
        weight = tf.where(valid[:, age], alphas[age] - beta, 0)
        direction = direction + weight[:, None] * tf.where(
            valid[:, age, None], s[:, age], 0
        )
    return direction


def trial_points(state):
    moved = state.z + state.step_size[:, None] * state.direction
    return tf.where((state.status == RUNNING)[:, None], moved, state.z)


def _epsilon(x):
    return float(ml_dtypes.finfo(x.dtype.as_numpy_dtype).eps)
