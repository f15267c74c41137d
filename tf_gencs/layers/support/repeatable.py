"""Whether a measurement gives the same y for the same signals, each time."""

import tensorflow as tf

from tf_gencs import seeds

_TOLERANCE = 1e-3  # of the size of y: sums in another order differ by less


def probe(count, signal_shape, dtype):
    """Signals (count, *signal_shape) with values in [0, 1), the same each time.

    No two of their values are equal, so that what shuffles or shifts shows as well.
    """
    stream = seeds.stream(0, "repeatable")
    x = tf.random.stateless_uniform((count, *signal_shape), stream, dtype=tf.float32)
    return tf.cast(x, dtype)


def check(first, second, received):
    """Refuses a measurement that gave two y for the same signals.

    Args:
        first, second: what it gave.
        received: it, for the error message.

    Raises:
        ValueError: they differ.
    """
    first, second = (tf.cast(y, tf.float64) for y in (first, second))
    same = first.shape == second.shape
    # Of NaN nothing is told: it is refused where it is looked for.
    if same and not tf.norm(first - second) > _TOLERANCE * tf.norm(first):
        return
    raise ValueError(
        "`A` must give the same y for the same signals each time. Received: "
        f"{received!r}, which gave others when it was called again. Draw what is "
        "random in it once, outside, or from a fixed seed (`tf.random.stateless_normal`"
        "), and call layers such as `Dropout` with `training=False`; noise is added to "
        "y, by `gencs.layers.AdditiveNoise` say, and not looked for again"
    )
