"""One L-BFGS step for many independent lanes.

Source: Liu and Nocedal, "On the limited memory BFGS method for large scale
optimization", 1989, with Armijo backtracking in place of a Wolfe search: a lane costs
exactly one evaluation of the objective a step.
"""

import typing

import tensorflow as tf

from tf_gencs.ops import library
from tf_gencs.ops.lane_status import CONVERGED, FAILED, RUNNING
from tf_gencs.ops.lbfgs_twin import lbfgs_step_twin, trial_points
from tf_gencs.per_lane import norm

MAX_HISTORY = 1024


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

    Example:

    ```python
    z = tf.ones([2, 3])  # two lanes of three numbers
    state, _ = gencs.ops.lbfgs_start(z, tf.reduce_sum(z**2, 1), 2 * z, history=5)
    state.value, state.s_history.shape  # [3, 3], (2, 5, 3)
    ```
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

    Example:

    ```python
    z = tf.ones([2, 3])
    state, trial = gencs.ops.lbfgs_start(z, tf.reduce_sum(z**2, 1), 2 * z, history=5)
    trial  # all 0.42: a step of length 1 down the gradient
    ```
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
    return state, trial_points(state)


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

    Example:

    ```python
    def objective(z):
        return tf.reduce_sum(z**2, axis=1), 2 * z  # value and gradient, lane by lane

    z = tf.ones([2, 3])
    state, trial = gencs.ops.lbfgs_start(z, *objective(z), history=5)
    for _ in range(5):
        state, trial = gencs.ops.lbfgs_step(state, *objective(trial), tolerance=1e-6)
    state.value  # about 0
    ```
    """
    trial_value = tf.convert_to_tensor(trial_value, state.z.dtype)
    trial_gradient = tf.convert_to_tensor(trial_gradient, state.z.dtype)
    _check_shape("trial_value", trial_value, state.value.shape)
    _check_shape("trial_gradient", trial_gradient, state.z.shape)
    ops = library.native(state.z.dtype)
    if ops is None:
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


def _check_shape(name, tensor, shape):
    if not tensor.shape.is_compatible_with(shape):
        raise ValueError(
            f"`{name}` must have shape {tuple(shape)} to match the lanes. "
            f"Received: {tensor.shape}"
        )
