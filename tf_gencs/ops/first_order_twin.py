"""Adam and momentum steps in core TensorFlow ops; see first_order.py."""

import tensorflow as tf

from tf_gencs.ops import library
from tf_gencs.ops.lane_status import FAILED, RUNNING


def adam_step_twin(
    state, value, gradient, rate, beta_1=0.9, beta_2=0.999, epsilon=1e-8
):
    """`adam_step` in core TensorFlow ops; the same shapes and results."""
    moves, shared = _judge(state, value, gradient)
    # In half precision, the usual beta_2 would be 1.
    wide = state.z.dtype if state.z.dtype in library.NATIVE_DTYPES else tf.float32
    beta_1, beta_2 = (tf.convert_to_tensor(beta, wide) for beta in (beta_1, beta_2))
    epsilon = tf.convert_to_tensor(epsilon, wide)
    z, mean, square, gradient = (
        tf.cast(x, wide) for x in (state.z, state.mean, state.square, gradient)
    )
    steps = tf.cast(shared["count"], tf.float64)
    left = _one_less_power(beta_2, steps) ** 0.5 / _one_less_power(beta_1, steps)
    rate = tf.cast(tf.cast(rate, tf.float64) * left, wide)
    mean = gradient + beta_1 * (mean - gradient)
    squared = tf.square(gradient)
    square = squared + beta_2 * (square - squared)
    z -= rate[:, None] * mean / (tf.sqrt(square) + epsilon)
    new = {"z": z, "mean": mean, "square": square}
    for name, tensor in new.items():
        old = getattr(state, name)
        new[name] = tf.where(moves, tf.cast(tensor, old.dtype), old)
    return state._replace(**new, **shared)


def momentum_step_twin(state, value, gradient, rate, momentum, nesterov=False):
    """`momentum_step` in core TensorFlow ops; the same shapes and results."""
    moves, shared = _judge(state, value, gradient)
    pull = rate[:, None] * gradient
    velocity = momentum * state.velocity - pull
    move = momentum * velocity - pull if nesterov else velocity
    return state._replace(
        z=tf.where(moves, state.z + move, state.z),
        velocity=tf.where(moves, velocity, state.velocity),
        **shared,
    )


def _one_less_power(base, exponent):
    """1 - base**exponent in float64, also where base is near 1."""
    return -tf.math.expm1(exponent * tf.math.log(tf.cast(base, tf.float64)))


def _judge(state, value, gradient):
    """Which lanes move, bool (L, 1), and what the states share, judged anew."""
    running = state.status == RUNNING
    squared_norm = tf.reduce_sum(tf.square(gradient), axis=-1)
    finite = tf.math.is_finite(value) & tf.math.is_finite(squared_norm)
    moves = running & finite
    better = moves & (value < state.best_value)
    failed = tf.constant(FAILED, tf.int64)
    return moves[:, None], {
        "best_z": tf.where(better[:, None], state.z, state.best_z),
        "best_value": tf.where(better, value, state.best_value),
        "count": tf.where(moves, state.count + 1, state.count),
        "status": tf.where(running & ~finite, failed, state.status),
    }
