"""How evenly a measurement sees the values of a signal."""

import numpy as np
import tensorflow as tf

from tf_gencs.per_lane import unknown

# Values that are looked at one by one, and the most numbers in all their signals.
_MOST_VALUES = 256
_MOST_NUMBERS = 2**22


def even_measurements(data):
    """As many Gaussian measurements would see values as unevenly as A does, ().

    m Gaussian measurements see the squares of single values with a variance of 2 / m,
    over the square of their mean. A mask sees some values whole and others not at all:
    that is as uneven as a few Gaussian measurements, however many pixels it shows.

    Args:
        data: `DataTerms` of one linear term, of which the values are bound.
    """
    ((_, term),) = data.terms.items()
    shape, n = term.measurement.signal_shape, data.signal_size
    count = max(2, min(_MOST_VALUES, n, _MOST_NUMBERS // n))
    # A fixed draw: a grid could fall into step with that of A.
    index = np.random.default_rng(0).choice(n, count, replace=n < count)
    single = tf.reshape(tf.one_hot(index, n, dtype=data.dtype), (count, *shape))
    (seen,) = data.measure(single).values()
    squares = tf.reduce_sum(seen**2, axis=1)
    mean_square = tf.reduce_mean(squares) ** 2
    uneven = tf.math.divide_no_nan(tf.math.reduce_variance(squares), mean_square)
    # No infinity, for `tf.debugging.enable_check_numerics`.
    return tf.where(uneven > 0, tf.math.divide_no_nan(2.0, uneven), unknown(data.dtype))
