"""The nearest point with a small l1 norm."""

import tensorflow as tf


def project_to_l1_ball(v, radius):
    """Projects every row onto the l1 ball, ||v||_1 <= radius, by sorting.

    Args:
        v: floating-point tensor (lanes, size).
        radius: number of at least 0.

    Returns:
        The nearest points, (lanes, size); rows inside the ball stay as they are, NaN
        stays in its row.

    Source: Duchi, Shalev-Shwartz, Singer and Chandra, "Efficient projections onto the
    l1-ball for learning in high dimensions", ICML 2008, figure 1.
    """
    v = tf.convert_to_tensor(v)
    magnitude = tf.abs(v)
    largest_first = tf.sort(magnitude, axis=-1, direction="DESCENDING")
    count = tf.range(1, tf.shape(v)[-1] + 1)
    # How much to take off each of the largest `count` values to leave `radius`.
    excess = (tf.cumsum(largest_first, axis=-1) - radius) / tf.cast(count, v.dtype)
    # It grows with the count up to the right one, and falls from there.
    threshold = tf.reduce_max(excess, axis=-1, keepdims=True)
    shrunk = tf.sign(v) * tf.nn.relu(magnitude - threshold)
    inside = tf.reduce_sum(magnitude, axis=-1, keepdims=True) <= radius
    return tf.where(inside, v, shrunk)
