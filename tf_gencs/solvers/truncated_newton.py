"""Levenberg-Marquardt steps for many latent values, by conjugate gradients.

The same damping, acceptance and stopping test as in `ops.levenberg_marquardt`, without
the k x k matrix: a lane's system is solved by products with it.
"""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tf_gencs.ops.lane_status import CONVERGED, FAILED, RUNNING
from tf_gencs.per_lane import choose, dot, norm, unknown

_FIRST_DAMPING = 1e-3  # in units of the matrix's size along the gradient
_SUFFICIENT = 1e-4  # share of the promised decrease
_LOOSEST = 0.1  # residual of a system that is far from the minimum, of its gradient
_MOST_PRODUCTS = 100


class TruncatedNewtonState(NamedTuple):
    """The state of L lanes of k numbers.

    Attributes:
        z: (L, k), the best point so far.
        value: (L,), the objective there.
        gradient: (L, k), its gradient there.
        damping: (L,), what was added to the diagonal for the trial.
        growth: (L,), by what the damping grows at the next rejection.
        trial: (L, k), the point to evaluate next; z in lanes that do not run.
        predicted: (L,), the decrease that the model without damping promises there.
        first_norm: (L,), the gradient's norm at the start.
        size: (L,), the matrix's size along the gradient at the start.
        status: (L,) int64, RUNNING, CONVERGED or FAILED.
    """

    z: tf.Tensor
    value: tf.Tensor
    gradient: tf.Tensor
    damping: tf.Tensor
    growth: tf.Tensor
    trial: tf.Tensor
    predicted: tf.Tensor
    first_norm: tf.Tensor
    size: tf.Tensor
    status: tf.Tensor


class _Step(NamedTuple):
    direction: tf.Tensor  # (L, k)
    slope: tf.Tensor  # (L,), like the rest
    decrease: tf.Tensor
    reach: tf.Tensor
    sound: tf.Tensor  # bool: the products were finite


def start(z, lanes):
    """The state before the first step: one linearisation and one solution.

    Args:
        z: starts (lanes, k).
        lanes: `Lanes`.
    """
    near = lanes.linearise(z)
    value, gradient = near.value, near.gradient
    square = dot(gradient, gradient)
    finite = tf.math.is_finite(value) & tf.math.is_finite(square)
    size = tf.abs(dot(gradient, near.product(gradient)))
    size = tf.math.divide_no_nan(size, square)
    size = tf.where(tf.math.is_finite(size) & (size > 0), size, 1)
    failed, converged = (tf.constant(x, tf.int64) for x in (FAILED, CONVERGED))
    status = tf.where(square == 0, converged, tf.constant(RUNNING, tf.int64))
    state = TruncatedNewtonState(
        z=z,
        value=tf.where(finite, value, unknown(value.dtype)),
        gradient=gradient,
        damping=_FIRST_DAMPING * size,
        growth=tf.fill(tf.shape(value), tf.constant(2, z.dtype)),
        trial=z,
        predicted=tf.zeros_like(value),
        first_norm=tf.sqrt(square),
        size=size,
        status=tf.where(finite, status, failed),
    )
    return _propose(state, near, tf.zeros_like(finite), 0.0)


def step(state, lanes, tolerance):
    """Judges the trial points of all lanes and proposes the next ones.

    Args:
        state: `TruncatedNewtonState`.
        lanes: `Lanes`.
        tolerance: see `LevenbergMarquardt`.
    """
    value, gradient = lanes.value_and_gradient(state.trial)
    running = state.status == RUNNING
    finite = tf.math.is_finite(value) & tf.math.is_finite(dot(gradient, gradient))
    gain = state.value - value
    accepted = running & finite & (gain >= _SUFFICIENT * state.predicted)
    cube = (2 * gain / state.predicted - 1) ** 3
    # Written so that NaN gives 1/3.
    factor = tf.where(1 - cube > 1 / 3, 1 - cube, tf.ones_like(cube) / 3)
    damping = state.damping * tf.where(accepted, factor, state.growth)
    damping = tf.where(running, tf.maximum(damping, _least(state)), state.damping)
    growth = tf.where(accepted, tf.constant(2, value.dtype), 2 * state.growth)
    state = state._replace(
        z=tf.where(accepted[:, None], state.trial, state.z),
        value=tf.where(accepted, value, state.value),
        gradient=tf.where(accepted[:, None], gradient, state.gradient),
        damping=damping,
        growth=tf.where(running, growth, state.growth),
    )
    return _propose(state, lanes.linearise(state.z), accepted, tolerance)


def _propose(state, near, accepted, tolerance):
    """The state with trial points, and with lanes ended that need none."""
    running = state.status == RUNNING
    found = _solve(state, near, state.damping, running)
    largest = tf.reduce_max(tf.abs(state.z), axis=1)
    precision = 4 * _epsilon(state) * tf.maximum(largest, 1)
    enough = tolerance * tf.abs(state.value)
    stuck = ~(found.reach > precision)
    converged = dot(state.gradient, state.gradient) == 0
    fresh = state.predicted == 0  # at the start nothing was judged
    converged |= ~accepted & stuck & ~fresh
    # A short step may be due to the damping alone: asked again with next to none.
    doubtful = accepted & ~converged & ((found.decrease <= enough) | stuck)
    light = _solve(state, near, _least(state), doubtful)
    ends = (-light.slope / 2 <= enough) | ~(light.reach > precision)
    converged |= doubtful & ends
    found = choose(doubtful & stuck, light, found)
    status = tf.where(converged, tf.constant(CONVERGED, tf.int64), state.status)
    status = tf.where(found.sound, status, tf.constant(FAILED, tf.int64))
    status = tf.where(running, status, state.status)
    moves = status == RUNNING
    return state._replace(
        trial=tf.where(moves[:, None], state.z + found.direction, state.z),
        predicted=tf.where(moves, found.decrease, 0),
        status=status,
    )


def _solve(state, near, damping, lanes):
    """Minimises g d + d (N + damping I) d / 2 in the given lanes, each until its own
    residual is small, curvature is not positive, or a product is not finite.

    Far from the minimum a rough solution is as good as an exact one; the residual's
    share falls with the gradient, which keeps the convergence superlinear.
    """
    gradient = state.gradient
    share = tf.minimum(tf.sqrt(norm(gradient) / state.first_norm), _LOOSEST)
    small = tf.square(share * norm(gradient))
    zeros = tf.zeros_like(gradient)

    def unsolved(count, active, *_):
        return tf.reduce_any(active)

    def refine(count, active, sound, d, r, p, square):
        product = near.product(p) + damping[:, None] * p
        curvature = dot(p, product)
        finite = tf.math.is_finite(dot(product, product))
        sound &= finite | ~active | (count > 0)
        # Downhill without end: as far as if the model curved the other way, and only
        # where there is no direction yet.
        bent = ~(curvature > 0)
        goes = active & finite & (curvature != 0) & (~bent | (count == 0))
        length = tf.where(goes, square / tf.where(goes, tf.abs(curvature), 1), 0)
        taken = length[:, None] * tf.where(goes[:, None], p, zeros)
        d += taken
        r -= length[:, None] * tf.where(goes[:, None], product, zeros)
        new_square = dot(r, r)
        active = goes & ~bent & (new_square > small)
        p = tf.where(active[:, None], r + (new_square / square)[:, None] * p, p)
        return count + 1, active, sound, d, r, p, new_square

    lanes &= small > 0
    start = tf.where(lanes[:, None], -gradient, zeros)
    _, _, sound, d, r, _, _ = tf.while_loop(
        unsolved,
        refine,
        (0, lanes, tf.ones_like(lanes), zeros, start, start, dot(start, start)),
        maximum_iterations=min(2 * gradient.shape[1], _MOST_PRODUCTS),
        parallel_iterations=1,
    )
    slope = dot(gradient, d)
    # N d = -g - r - damping d, without another product.
    decrease = (dot(d, r) + damping * dot(d, d) - slope) / 2
    reach = tf.reduce_max(tf.abs(d), axis=1)
    return _Step(d, slope, decrease, reach, sound)


def _least(state):
    return _epsilon(state) * state.size


def _epsilon(state):
    return float(np.finfo(state.z.dtype.as_numpy_dtype).eps)
