"""Seeds: every random part of the package draws from its own named stream.

Two parts that are given the same seed (a measurement matrix and the starts of a
recovery, say) must not see the same numbers: noise that repeats the rows of A would
make every recovery look better than it is. So a stream is a pair (seed, name).
"""

import hashlib
import random
import zlib

import numpy as np
import tensorflow as tf

_LARGEST = 2**63 - 1


def resolve(seed, argument="seed"):
    """Checks a seed, or draws one from Keras's own stream if it is None.

    `keras.utils.set_random_seed` starts that stream, so that a script which calls it
    finds the same seeds in every run.

    Args:
        seed: None, or an integer in [0, 2**63).
        argument: name of the argument, for the error message.

    Returns:
        The seed as a Python int. Store it, so that the result can be made again.

    Raises:
        ValueError: `seed` is neither None nor such an integer.
    """
    if seed is None:
        return random.getrandbits(31)  # the stream that Keras's initializers draw from
    try:
        value = seed.__index__()
    except (AttributeError, TypeError):
        value = -1
    if isinstance(seed, bool) or not 0 <= value <= _LARGEST:
        raise ValueError(
            f"`{argument}` must be None or an integer in [0, 2**63). Received: {seed!r}"
        )
    return value


def stream(seed, name):
    """The stateless seed, int64 (2,), of the stream `name` under `seed`.

    Args:
        seed: an integer in [0, 2**63), or a scalar tensor of integers.
        name: name of the stream.

    Raises:
        ValueError: a wrong seed.
    """
    if not isinstance(name, str):
        raise ValueError(f"`stream` must be a name. Received: {name!r}")
    label = zlib.crc32(name.encode())
    if not tf.is_tensor(seed):
        return tf.constant([resolve(seed), label], tf.int64)
    if not seed.dtype.is_integer or seed.shape.rank != 0:
        raise ValueError(
            "`seed` must be an integer or a scalar tensor of integers. "
            f"Received: {seed.dtype.name} of shape {seed.shape}"
        )
    return tf.stack([tf.cast(seed, tf.int64), tf.constant(label, tf.int64)])


def of_signals(seed, count, first=0):
    """A seed for each of the signals of a call, by their place in it.

    What a signal gets then depends neither on how many there are nor on how they are
    cut into chunks.

    Args:
        seed: of the call, an integer in [0, 2**63).
        count: how many signals there are.
        first: place of the first of them.

    Returns:
        An int64 array (count,), of numbers in [0, 2**63).

    Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators",
    OOPSLA 2014 (SplitMix64).
    """
    place = np.arange(first + 1, first + count + 1, dtype=np.uint64)
    place *= np.uint64(0x9E3779B97F4A7C15)
    word = place + np.uint64(resolve(seed))
    for bits, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        word = (word ^ (word >> np.uint64(bits))) * np.uint64(factor)
    word ^= word >> np.uint64(31)
    return (word >> np.uint64(1)).astype(np.int64)


def named(seed, name):
    """A seed for what has a name: an integer in [0, 2**63).

    Args:
        seed: that it follows from, an integer in [0, 2**63).
        name: any text.
    """
    told = f"{resolve(seed)}/{name}".encode()
    return int.from_bytes(hashlib.blake2b(told, digest_size=8).digest(), "big") >> 1


def at_step(stream, *numbers):
    """The stateless seed, int64 (2,), of one step of a stream.

    What is drawn in a training step then depends on the seed and the step's number
    alone: training that goes on from a file sees what training that was never stopped
    sees.

    Args:
        stream: what the function `stream` gives.
        *numbers: integers or scalar tensors, such as step and substep.
    """
    for number in numbers:
        number = tf.cast(number, tf.int64)
        stream = tf.random.experimental.stateless_fold_in(stream, number)
    return stream
