"""What the convolutional networks share: sizes, ranges, dtypes."""

import itertools
import math
import random

import keras


def halvings(signal_shape, smallest):
    """How often an image is halved, until its smaller side is below 2 `smallest`.

    Args:
        signal_shape: (height, width, channels).
        smallest: the least that the smaller side may come to.

    Raises:
        ValueError: the image is too small, or a side cannot be halved so often; it
            names a size that can.
    """
    if len(signal_shape) != 3 or min(signal_shape[:2]) < 2 * smallest:
        raise ValueError(
            "`signal_shape` must be (height, width, channels) with at least "
            f"{2 * smallest} x {2 * smallest} pixels. Received: {tuple(signal_shape)}"
        )
    height, width, _ = signal_shape
    times = int(math.log2(min(height, width) / smallest))
    multiple = 2**times
    if height % multiple or width % multiple:
        good = f"{height // multiple * multiple} x {width // multiple * multiple}"
        raise ValueError(
            "`signal_shape` must have a height and a width that can be halved "
            f"{times} times, multiples of {multiple}: crop or resize the images, to "
            f"{good} say. Received: {tuple(signal_shape)}"
        )
    return times


def from_unit_range(x, value_range, dtype):
    """A layer from (-1, 1) to `value_range`, where that differs."""
    low, high = value_range
    return _rescaling(x, (high - low) / 2, (high + low) / 2, "to_range", dtype)


def to_unit_range(x, value_range, dtype):
    """A layer from `value_range` to (-1, 1), where that differs."""
    low, high = value_range
    scale = 2 / (high - low)
    return _rescaling(x, scale, -scale * (high + low) / 2, "to_unit", dtype)


def _rescaling(x, scale, offset, name, dtype):
    if (scale, offset) == (1, 0):
        return x
    return keras.layers.Rescaling(scale, offset, name=name, dtype=dtype)(x)


def initializer_seeds(seed, network):
    """Seeds for the initializers of a network, an endless iterator.

    Args:
        seed: an integer of at least 0, from which they follow; with None they are None,
            and Keras draws from its own stream.
        network: its name; networks of one seed start from unrelated weights.
    """
    if seed is None:
        return itertools.repeat(None)
    stream = random.Random(f"{network} {seed}")
    return iter(lambda: stream.getrandbits(31), None)


def variable_dtype(dtype):
    """What inputs come in: without it, Keras would round float64 on its way in."""
    policy = keras.config.dtype_policy() if dtype is None else dtype
    return keras.dtype_policies.get(policy).variable_dtype
