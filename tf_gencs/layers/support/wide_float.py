"""What some TensorFlow ops need before they take a tensor."""

import tensorflow as tf


def in_wide_float(function, x):
    """Applies a function of float32 or float64 to a tensor of any floating type."""
    if x.dtype in (tf.float32, tf.float64):
        return function(x)
    return tf.cast(function(tf.cast(x, tf.float32)), x.dtype)


def in_fft(function, x):
    """Applies a function that contains real FFTs to (batch, ...), also to batch 0.

    TensorFlow's take single and double precision only, and pad no empty batch, so a
    row of zeros goes along.
    """
    padding = [[0, 1]] + [[0, 0]] * (x.shape.rank - 1)
    return in_wide_float(lambda x: function(tf.pad(x, padding))[:-1], x)
