"""The Levenberg-Marquardt ops in core TensorFlow; see levenberg_marquardt.py."""

import typing

import ml_dtypes
import tensorflow as tf

from tf_gencs.ops.lane_status import CONVERGED, FAILED, RUNNING
from tf_gencs.per_lane import choose, largest

# As in cc/core/levenberg_marquardt_lane.h.
_FIRST_DAMPING = 1e-3  # in units of the largest diagonal entry
_SUFFICIENT = 1e-4  # share of the promised decrease
_MOST_TRIES = 64


def normal_equations_twin(jacobian, residual):
    """`normal_equations` in core TensorFlow ops; the same shapes and results."""
    normal = tf.matmul(jacobian, jacobian, transpose_b=True)
    # Products of two triangles may be rounded apart.
    lower = tf.linalg.band_part(normal, -1, 0)
    upper = tf.linalg.matrix_transpose(lower)
    normal = tf.linalg.set_diag(lower + upper, tf.linalg.diag_part(normal))
    return normal, tf.linalg.matvec(jacobian, residual)


class _Step(typing.NamedTuple):
    direction: tf.Tensor  # (L, k)
    damping: tf.Tensor  # (L,), like the rest; 0 where no damping helps
    slope: tf.Tensor
    decrease: tf.Tensor
    reach: tf.Tensor


def lm_step_twin(state, trial_value, trial_gradient, trial_normal, tolerance):
    """`lm_step` in core TensorFlow ops; the same shapes and results."""
    old, dtype = state, state.z.dtype
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
    cube = (2 * gain / promised - 1) ** 3
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
    step = _propose(proposes, *system, damping)
    stuck = ~(step.reach > precision)
    converged = stationary | (~accepted & stuck)
    doubtful = accepted & ~converged & (step.damping > 0)
    doubtful &= (step.decrease <= enough) | stuck
    light = tf.cond(
        tf.reduce_any(doubtful),
        lambda: _propose(doubtful, *system, least),
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


def _propose(lanes, gradient, normal, damping):
    """The step with this damping, or the first of 10, 100 ... times it that is sound.

    A damped matrix with a pivot below damping / 2 has negative curvature.
    """
    # Nor may a NaN get in, or one lane would end the factorisation of all.
    identity = tf.eye(tf.shape(gradient)[1], dtype=tf.float64)
    normal = tf.where(lanes[:, None, None], normal, identity)

    def factorise(damping):
        diagonal = tf.linalg.diag_part(normal) + damping[:, None]
        factor = tf.linalg.cholesky(tf.linalg.set_diag(normal, diagonal))
        # TensorFlow fills the factor of a matrix that has none with NaN.
        pivots = tf.linalg.diag_part(factor) ** 2
        sound = (pivots >= damping[:, None] / 2) & (pivots > 0)
        return factor, tf.reduce_all(sound, axis=-1)

    def unsound(tries, damping, factor, sound):
        return (tries < _MOST_TRIES) & ~tf.reduce_all(sound | ~lanes)

    def again(tries, damping, factor, sound):
        damping = tf.where(sound | ~lanes, damping, 10 * damping)
        return tries + 1, damping, *factorise(damping)

    _, damping, factor, sound = tf.while_loop(
        unsound, again, (1, damping, *factorise(damping))
    )
    sound &= lanes
    factor = tf.where(sound[:, None, None], factor, identity)
    direction = tf.linalg.cholesky_solve(factor, -gradient[:, :, None])[:, :, 0]
    direction = tf.where(sound[:, None], direction, 0)
    damping = tf.where(sound, damping, 0)
    slope = tf.reduce_sum(gradient * direction, axis=-1)
    squares = tf.reduce_sum(direction**2, axis=-1)
    return _Step(
        direction=direction,
        damping=damping,
        slope=slope,
        decrease=(damping * squares - slope) / 2,
        reach=largest(direction),
    )


def _wide(tensor):
    return tf.cast(tensor, tf.float64) if tensor.dtype.is_floating else tensor
