"""The mean gain of a measurement, ||A||_F^2 / n, where it is not known exactly.

||A||_F^2 = E||A^H w||^2 for a vector w of m random signs; one w tells it exactly where
A A^H is diagonal, since the squares of all its entries are 1.

Source: Hutchinson, "A stochastic estimator of the trace of the influence matrix for
Laplacian smoothing splines", 1990.
"""

import math

import tensorflow as tf

from tf_gencs import seeds

_VECTORS = 32


def linear(measurement):
    """The gain of a built, linear `Measurement`, a scalar tensor."""
    lanes = measurement._lanes()
    signs = _signs(measurement, 1 if lanes is None else lanes)
    return _mean_square(measurement, measurement.adjoint(signs))


def nonlinear(measurement, x):
    """The gain of a nonlinear one's derivative at signals x (batch, *signal_shape)."""
    signs = _signs(measurement, tf.shape(x)[0])
    x = tf.repeat(x, _VECTORS, axis=0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = measurement(x)
    back = tape.gradient(
        y, x, signs, unconnected_gradients=tf.UnconnectedGradients.ZERO
    )
    return _mean_square(measurement, back)


def of_matrix(matrix):
    """The gain of a stored matrix (m, n)."""
    matrix = _wide(matrix)
    # A product of every row with itself needs no matrix of squares.
    squares = tf.matmul(matrix[:, None], matrix[..., None])
    return tf.reduce_sum(squares) / matrix.shape[1]


def of_entries(entries, columns):
    """The gain of a matrix of so many columns, of its entries that are not 0."""
    return tf.reduce_sum(tf.square(_wide(entries))) / columns


def _signs(measurement, lanes):
    """The same vectors for each signal, behind one another, of about length 1.

    A power of 2 takes them there, so that half precision neither overflows nor rounds.
    """
    m = measurement.measurements
    stream = seeds.stream(0, "mean_gain")
    bits = tf.random.stateless_uniform((_VECTORS, m), stream, 0, 2, tf.int32)
    signs = tf.cast(2 * bits - 1, measurement.signal_dtype) * _length(measurement)
    return tf.tile(signs, (lanes, 1))


def _length(measurement):
    return 2.0 ** -round(math.log2(measurement.measurements) / 2)


def _mean_square(measurement, back):
    """The gain, of what came back of signs: (batch, *signal_shape)."""
    back = _wide(tf.reshape(back, (-1, measurement.signal_size)))
    squares = tf.reduce_sum(tf.math.real(back * tf.math.conj(back)), axis=1)
    scale = measurement.signal_size * _length(measurement) ** 2
    return tf.reduce_mean(squares) / scale


def _wide(tensor):
    narrow = tensor.dtype in (tf.float16, tf.bfloat16)
    return tf.cast(tensor, tf.float32) if narrow else tensor
