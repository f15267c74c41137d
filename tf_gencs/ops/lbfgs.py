"""One L-BFGS step for many independent lanes.

Source: Liu and Nocedal, "On the limited memory BFGS method for large scale
optimization", 1989, with Armijo backtracking in place of a Wolfe search: a lane costs
exactly one evaluation of the objective a step.
"""

import typing

import ml_dtypes
import tensorflow as tf

from tf_gencs.ops import library
from tf_gencs.ops.lane_status import CONVERGED, FAILED, RUNNING
from tf_gencs.per_lane import choose, dot, largest, norm

MAX_HISTORY = 1024
_NATIVE_DTYPES = (tf.float32, tf.float64)


class LbfgsState(typing.NamedTuple):
    """The state of L lanes of k numbers, with the last h curvature pairs of each.

    Attributes:
        z: (L, k), the best point so far.
        value: (L,), the objective there.
        gradient: (L, k), its gradient there.
        direction: (L, k), where the trial point lies.
        step_size: (L,), how far: trial = z + step_size * direction.
        s_history: (L, h, k), steps, a ring.
        y_history: (L, h, k), changes of the gradient, a ring.
        count: (L,) int64, pairs stored so far; the newest min(count, h) are valid.
        status: (L,) int64, RUNNING, CONVERGED or FAILED.

    count and status are int64 because TensorFlow keeps int32 tensors of a loop in host
    memory, which would make every step on a GPU wait for a copy.
    """

    z: tf.Tensor
    value: tf.Tensor
    gradient: tf.Tensor
    direction: tf.Tensor
    step_size: tf.Tensor
    s_history: tf.Tensor
    y_history: tf.Tensor
    count: tf.Tensor
    status: tf.Tensor


def lbfgs_start(z, value, gradient, history):
    """Makes the state before the first step.

    Args:
        z: floating-point tensor of shape (L, k), the starting points.
        value: tensor of shape (L,), the objective at z.
        gradient: tensor of shape (L, k), its gradient at z.
        history: int, from 1 to 1024, how many curvature pairs a lane remembers.

    Returns:
        (state, trial): an `LbfgsState`, and the first points to evaluate, (L, k). A
        lane whose value or gradient is not finite is FAILED, one without a gradient is
        CONVERGED; their trial is z.

    Raises:
        ValueError: wrong shapes or history.
    """
    z = tf.convert_to_tensor(z)
    value = tf.convert_to_tensor(value, z.dtype)
    gradient = tf.convert_to_tensor(gradient, z.dtype)
    if not 1 <= history <= MAX_HISTORY:
        raise ValueError(
            f"`history` must lie in [1, {MAX_HISTORY}]. Received: {history}"
        )
    if z.shape.rank != 2:
        raise ValueError(f"`z` must have shape (lanes, k). Received: {z.shape}")
    _check_shape("value", value, z.shape[:1])
    _check_shape("gradient", gradient, z.shape)

    squared_norm = tf.reduce_sum(gradient**2, axis=-1)
    failed = ~(tf.math.is_finite(value) & tf.math.is_finite(squared_norm))
    gradient = tf.where(failed[:, None], tf.zeros_like(gradient), gradient)
    stationary = tf.reduce_all(gradient == 0, axis=-1)
    status = tf.where(failed, FAILED, tf.where(stationary, CONVERGED, RUNNING))
    step_size = 1 / tf.maximum(norm(gradient), 1)
    lanes, size = tf.unstack(tf.shape(z))
    pairs = tf.zeros([lanes, history, size], z.dtype)
    pairs.set_shape([z.shape[0], history, z.shape[1]])
    state = LbfgsState(
        z=z,
        value=value,
        gradient=gradient,
        direction=-gradient,
        step_size=step_size,
        s_history=pairs,
        y_history=tf.identity(pairs),  # a buffer of its own, to be updated in place
        count=tf.zeros_like(value, tf.int64),
        status=tf.cast(status, tf.int64),
    )
    return state, _trial(state)


def lbfgs_step(state, trial_value, trial_gradient, tolerance, armijo=1e-4):
    """Judges the trial points of all lanes and proposes the next ones.

    Args:
        state: `LbfgsState` of float32 or float64 (other types run in the twin).
        trial_value: tensor of shape (L,), the objective at the trial points.
        trial_gradient: tensor of shape (L, k), its gradient there.
        tolerance: float; a lane has CONVERGED when its Newton decrement, the decrease
            that its quadratic model still promises, is at most tolerance * |value|.
        armijo: float; the share of the decrease promised by the slope that a step must
            bring to be accepted.

    Returns:
        (state, trial): the new `LbfgsState` and the next points to evaluate, (L, k).
        Lanes that do not run keep everything, and their trial is z.

    Raises:
        ValueError: shapes that do not fit `state`.
    """
    trial_value = tf.convert_to_tensor(trial_value, state.z.dtype)
    trial_gradient = tf.convert_to_tensor(trial_gradient, state.z.dtype)
    _check_shape("trial_value", trial_value, state.value.shape)
    _check_shape("trial_gradient", trial_gradient, state.z.shape)
    ops = library.native()
    if ops is None or state.z.dtype not in _NATIVE_DTYPES:
        return lbfgs_step_twin(state, trial_value, trial_gradient, tolerance, armijo)
    *new_state, trial = ops.gencs_lbfgs_step(
        *state,
        trial_value,
        trial_gradient,
        tolerance=float(tolerance),
        armijo=float(armijo),
    )
    return LbfgsState(*new_state), trial


tf.no_gradient("Gencs>LbfgsStep")


def lbfgs_step_twin(state, trial_value, trial_gradient, tolerance, armijo=1e-4):
    """`lbfgs_step` in core TensorFlow ops; the same shapes and results."""
    old = LbfgsState(*(tf.convert_to_tensor(tensor) for tensor in state))
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
    return new, _trial(new)


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
    return LbfgsState(
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


def _trial(state):
    moved = state.z + state.step_size[:, None] * state.direction
    return tf.where((state.status == RUNNING)[:, None], moved, state.z)


def _check_shape(name, tensor, shape):
    if not tensor.shape.is_compatible_with(shape):
        raise ValueError(
            f"`{name}` must have shape {tuple(shape)} to match the lanes. "
            f"Received: {tensor.shape}"
        )


def _epsilon(x):
    return float(ml_dtypes.finfo(x.dtype.as_numpy_dtype).eps)
