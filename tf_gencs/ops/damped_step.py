"""The damped Gauss-Newton step of many lanes: Levenberg's and Marquardt's."""

import typing

import tensorflow as tf

from tf_gencs.per_lane import largest

_MOST_TRIES = 64


class Step(typing.NamedTuple):
    """A step of L lanes, and what their models say of it."""

    direction: tf.Tensor  # (L, k)
    damping: tf.Tensor  # (L,), like the rest; 0 where no damping helps
    slope: tf.Tensor
    decrease: tf.Tensor
    reach: tf.Tensor


def propose(lanes, gradient, normal, damping):
    """The step with this damping, or the first of 10, 100 ... times it that is sound.

    A damped matrix with a pivot below damping / 2 has negative curvature.
    """
    # The other lanes may hold anything, but nothing that has no factor.
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
    return Step(
        direction=direction,
        damping=damping,
        slope=slope,
        decrease=(damping * squares - slope) / 2,
        reach=largest(direction),
    )
