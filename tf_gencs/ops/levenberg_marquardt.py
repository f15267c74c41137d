"""One Levenberg-Marquardt step for many independent lanes, and normal equations.

Source: Madsen, Nielsen and Tingleff, "Methods for non-linear least squares problems",
2nd edition, 2004, section 3.2, with Nielsen's rule for the damping: a lane costs
exactly one evaluation of objective and Jacobian a step.
"""

import typing

import ml_dtypes
import tensorflow as tf

from tf_gencs.ops.damped_step import propose
from tf_gencs.ops.lane_status import CONVERGED, FAILED, RUNNING
from tf_gencs.per_lane import choose, largest, unknown

_FIRST_DAMPING = 1e-3  # in units of the largest diagonal entry
_SUFFICIENT = 1e-4  # share of the promised decrease


class LevenbergMarquardtState(typing.NamedTuple):
    """The state of L lanes of k numbers.

    Attributes:
        z: (L, k), the best point so far.
        value: (L,), the objective there.
        gradient: (L, k), its gradient there.
        normal: (L, k, k), its Gauss-Newton matrix there.
        damping: (L,), what was added to the diagonal of `normal` for the trial.
        growth: (L,), by what the damping grows at the next rejection.
        trial: (L, k), the point to evaluate next; z in lanes that do not run.
        predicted: (L,), the decrease that the model without damping promises there.
        count: (L,) int64, accepted points, the start among them.
        status: (L,) int64, RUNNING, CONVERGED or FAILED.

    Example:

    ```python
    z, normal = tf.ones([2, 3]), tf.eye(3, batch_shape=[2])
    state = gencs.ops.lm_start(z, tf.reduce_sum(z**2, 1) / 2, z, normal)
    state.value, state.damping  # [1.5, 1.5], [0.001, 0.001]
    ```
    """

    z: tf.Tensor
    value: tf.Tensor
    gradient: tf.Tensor
    normal: tf.Tensor
    damping: tf.Tensor
    growth: tf.Tensor
    trial: tf.Tensor
    predicted: tf.Tensor
    count: tf.Tensor
    status: tf.Tensor


def normal_equations(jacobian, residual):
    """The normal equations of many small least-squares problems.

    Args:
        jacobian: floating-point tensor of shape (L, k, m): row i holds the derivatives
            of all residuals by number i.
        residual: tensor of shape (L, m).

    Returns:
        (normal, gradient): J J^T of shape (L, k, k), exactly symmetric, and J r of
        shape (L, k). For the objective ||r||^2, twice these are the Gauss-Newton
        matrix and the gradient.

    Raises:
        ValueError: shapes that do not fit.

    Example:

    ```python
    J = tf.constant([[[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]]])
    normal, gradient = gencs.ops.normal_equations(J, [[1.0, 2.0, 3.0]])
    normal, gradient  # [[[2, 1], [1, 2]]], [[4, 5]]
    ```
    """
    jacobian = tf.convert_to_tensor(jacobian)
    residual = tf.convert_to_tensor(residual, jacobian.dtype)
    if jacobian.shape.rank not in (None, 3):
        raise ValueError(
            f"`jacobian` must have shape (lanes, k, m). Received: {jacobian.shape}"
        )
    if jacobian.shape.rank == 3:
        _check_shape("residual", residual, jacobian.shape[::2], "`jacobian`")
    normal = tf.matmul(jacobian, jacobian, transpose_b=True)
    # Products of two triangles may be rounded apart.
    lower = tf.linalg.band_part(normal, -1, 0)
    upper = tf.linalg.matrix_transpose(lower)
    normal = tf.linalg.set_diag(lower + upper, tf.linalg.diag_part(normal))
    return normal, tf.linalg.matvec(jacobian, residual)


def lm_start(z, value, gradient, normal):
    """Makes the state before the first step.

    Args:
        z: floating-point tensor of shape (L, k), the starting points.
        value: tensor of shape (L,), the objective at z: sums of squares and penalties.
        gradient: tensor of shape (L, k), its gradient at z.
        normal: tensor of shape (L, k, k), its Gauss-Newton matrix at z: the objective
            near z is value + gradient d + d normal d / 2.

    Returns:
        A `LevenbergMarquardtState` whose `trial` is to be evaluated. A lane where not
        all is finite is FAILED, one without a gradient is CONVERGED.

    Raises:
        ValueError: wrong shapes.

    Example:

    ```python
    z, normal = tf.ones([2, 3]), tf.eye(3, batch_shape=[2])
    state = gencs.ops.lm_start(z, tf.reduce_sum(z**2, 1) / 2, z, normal)
    state.trial  # all 0.001: next to the minimum, but for the damping
    ```
    """
    z = tf.convert_to_tensor(z)
    if z.shape.rank != 2:
        raise ValueError(f"`z` must have shape (lanes, k). Received: {z.shape}")
    gradient = tf.convert_to_tensor(gradient, z.dtype)
    normal = tf.convert_to_tensor(normal, z.dtype)
    value = tf.convert_to_tensor(value, z.dtype)
    _check_shape("value", value, z.shape[:1])
    _check_shape("gradient", gradient, z.shape)
    _check_shape("normal", normal, [*z.shape, z.shape[1]])
    zeros = tf.zeros_like(value)
    # A state that has seen no point yet takes any as its first.
    state = LevenbergMarquardtState(
        z=z,
        value=zeros + unknown(z.dtype),
        gradient=tf.zeros_like(gradient),
        normal=tf.zeros_like(normal),
        damping=zeros,
        growth=zeros,
        trial=z,
        predicted=zeros,
        count=tf.zeros_like(value, tf.int64),
        status=tf.zeros_like(value, tf.int64) + RUNNING,
    )
    return lm_step(state, value, gradient, normal, tolerance=0.0)


def lm_step(state, trial_value, trial_gradient, trial_normal, tolerance):
    """Judges the trial points of all lanes and proposes the next ones.

    Args:
        state: `LevenbergMarquardtState` of any floating-point type; it computes in
            float64.
        trial_value: tensor of shape (L,), the objective at state.trial.
        trial_gradient: tensor of shape (L, k), its gradient there.
        trial_normal: tensor of shape (L, k, k), its Gauss-Newton matrix there.
        tolerance: float; a lane has CONVERGED when an undamped step would lower its
            objective by at most tolerance * |value|, by its model. One that no step
            above the precision of z lowers has CONVERGED too.

    Returns:
        The new `LevenbergMarquardtState`. A trial that is not finite is rejected like
        one that does not bring what was predicted. Lanes that do not run keep
        everything, and their trial is z.

    Raises:
        ValueError: shapes that do not fit `state`.

    Example:

    ```python
    z, normal = tf.ones([2, 3]), tf.eye(3, batch_shape=[2])
    state = gencs.ops.lm_start(z, tf.reduce_sum(z**2, 1) / 2, z, normal)
    for _ in range(3):
        z = state.trial
        value = tf.reduce_sum(z**2, 1) / 2  # whose gradient is z
        state = gencs.ops.lm_step(state, value, z, normal, tolerance=1e-6)
    state.value  # about 0
    ```
    """
    dtype = state.z.dtype
    trial_value = tf.convert_to_tensor(trial_value, dtype)
    trial_gradient = tf.convert_to_tensor(trial_gradient, dtype)
    trial_normal = tf.convert_to_tensor(trial_normal, dtype)
    _check_shape("trial_value", trial_value, state.value.shape)
    _check_shape("trial_gradient", trial_gradient, state.z.shape)
    _check_shape("trial_normal", trial_normal, state.normal.shape)

    old = state
    # Everything in float64: k x k numbers cost little.
    wide = {name: _wide(tensor) for name, tensor in state._asdict().items()}
    value_there, gradient_there = _wide(trial_value), _wide(trial_gradient)
    running = old.status == RUNNING
    count = tf.maximum(old.count, 0)
    first = count == 0
    finite = (
        tf.math.is_finite(trial_value)
        & tf.math.is_finite(tf.cast(tf.reduce_sum(gradient_there**2, -1), dtype))
        & tf.reduce_all(tf.math.is_finite(trial_normal), [-2, -1])
    )
    unstarted = running & first & ~finite
    gain = wide["value"] - value_there
    promised = wide["predicted"]
    accepted = running & finite & (first | (gain >= _SUFFICIENT * promised))

    z = tf.where(accepted[:, None], old.trial, old.z)
    value = tf.where(accepted, trial_value, old.value)
    gradient = tf.where(accepted[:, None], trial_gradient, old.gradient)
    normal = tf.where(accepted[:, None, None], trial_normal, old.normal)
    scale = largest(_wide(tf.linalg.diag_part(normal)))
    scale = tf.where(scale > 0, scale, 1)
    told = promised != 0
    cube = tf.where(told, 2 * gain / tf.where(told, promised, 1) - 1, 1) ** 3
    # Written so that NaN gives 1/3.
    factor = tf.where(1 - cube > 1 / 3, 1 - cube, 1 / 3)
    damping = wide["damping"] * tf.where(accepted, factor, wide["growth"])
    damping = tf.where(first, _FIRST_DAMPING * scale, damping)
    growth = tf.where(accepted, tf.constant(2, tf.float64), 2 * wide["growth"])
    epsilon = float(ml_dtypes.finfo(dtype.as_numpy_dtype).eps)
    least = epsilon * scale
    damping = tf.where(damping > least, damping, least)

    system = _wide(gradient), _wide(normal)
    # Nothing to solve where nothing is proposed: those lanes get the identity.
    proposes = running & ~unstarted
    precision = 4 * epsilon * tf.maximum(largest(_wide(z)), 1)
    enough = tolerance * tf.abs(_wide(value))
    stationary = largest(system[0]) == 0
    step = propose(proposes, *system, damping)
    stuck = ~(step.reach > precision)
    converged = stationary | (~accepted & stuck)
    doubtful = accepted & ~converged & (step.damping > 0)
    doubtful &= (step.decrease <= enough) | stuck
    light = tf.cond(
        tf.reduce_any(doubtful),
        lambda: propose(doubtful, *system, least),
        lambda: step,
    )
    converged |= doubtful & ((-light.slope / 2 <= enough) | ~(light.reach > precision))
    step = choose(doubtful & stuck, light, step)

    solved = step.damping > 0
    status = tf.where(converged, tf.constant(CONVERGED, tf.int64), old.status)
    status = tf.where(solved, status, tf.constant(FAILED, tf.int64))
    moves = status == RUNNING
    moved = tf.cast(_wide(z) + step.direction, dtype)
    new = type(state)(
        z=z,
        value=value,
        gradient=gradient,
        normal=normal,
        damping=tf.cast(step.damping, dtype),
        growth=tf.cast(growth, dtype),
        trial=tf.where(moves[:, None], moved, z),
        predicted=tf.cast(tf.where(moves, step.decrease, 0), dtype),
        count=count + tf.cast(accepted, tf.int64),
        status=status,
    )
    kept = old._replace(
        trial=old.z,
        status=tf.where(unstarted, tf.constant(FAILED, tf.int64), old.status),
    )
    return choose(proposes, new, kept)


def _wide(tensor):
    return tf.cast(tensor, tf.float64) if tensor.dtype.is_floating else tensor


def _check_shape(name, tensor, shape, to="the lanes"):
    if not tensor.shape.is_compatible_with(shape):
        raise ValueError(
            f"`{name}` must have shape {tuple(shape)} to match {to}. "
            f"Received: {tensor.shape}"
        )
