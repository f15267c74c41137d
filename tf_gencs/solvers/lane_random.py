"""Random numbers that belong to a lane, wherever it is in the batch.

TensorFlow's stateless generators fill whole tensors, so what a lane gets depends on its
position; the engine packs lanes anew as others end, and cuts batches into chunks.
"""

import numpy as np
import tensorflow as tf

# Of SplitMix64: a counter in steps of the golden ratio, mixed.
_STEP = np.uint64(0x9E3779B97F4A7C15)
_MIXERS = ((30, np.uint64(0xBF58476D1CE4E5B9)), (27, np.uint64(0x94D049BB133111EB)))


def lane_keys(seed, z):
    """A key for every lane, made of a seed and the lane's start.

    Args:
        seed: int64 tensor (2,), see `tf_gencs.seeds.stream`.
        z: the starts, (lanes, k).

    Returns:
        int64 tensor (lanes,): the same for the same start, in any company.
    """
    words = tf.bitcast(tf.cast(z, tf.float64), tf.uint64)
    seed = tf.bitcast(seed, tf.uint64)
    place = _STEP * tf.cast(tf.range(1, tf.shape(z)[1] + 1), tf.uint64)
    mixed = _mix(words + _mix(place + _mix(seed[0] + _mix(seed[1]))))
    return tf.reduce_sum(tf.bitcast(mixed, tf.int64), axis=1)


def uniforms(keys, count, size):
    """Uniform numbers of every lane, float64 in (0, 1).

    Args:
        keys: int64 tensor (lanes,).
        count: int64 tensor (lanes,), at least 0: other counts give other numbers.
        size: how many, an integer.

    Returns:
        Tensor (lanes, size).

    Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators",
    OOPSLA 2014.
    """
    place = count[:, None] * size + tf.range(1, size + 1, dtype=tf.int64)
    words = tf.bitcast(keys, tf.uint64)[:, None] + _STEP * tf.bitcast(place, tf.uint64)
    top = tf.bitcast(_shift(_mix(words), 12), tf.int64)  # 52 bits
    return (tf.cast(top, tf.float64) + 0.5) * 2.0**-52


def _mix(words):
    for places, factor in _MIXERS:
        words = tf.bitwise.bitwise_xor(words, _shift(words, places)) * factor
    return tf.bitwise.bitwise_xor(words, _shift(words, 31))


def _shift(words, places):
    return tf.bitwise.right_shift(words, tf.constant(places, tf.uint64))
