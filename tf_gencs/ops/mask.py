"""Chosen entries of vectors, and back."""

import tensorflow as tf


def mask_measure(x, rows):
    return tf.gather(x, rows, axis=-1)


def mask_adjoint(y, rows, signal_size):
    columns = tf.transpose(tf.pad(y, [[0, 1], [0, 0]]))
    spread = tf.scatter_nd(rows[:, None], columns, [signal_size, tf.shape(y)[0] + 1])
    return tf.transpose(spread)[:-1]
