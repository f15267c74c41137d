"""Native ops take matrices (batch, n); their Python functions take (..., n)."""

import tensorflow as tf


def on_matrices(function, signal, last):
    """Applies a function of matrices to a tensor of any rank >= 1.

    A tensor of unknown rank is taken for a matrix.

    Args:
        function: maps (batch, n) to (batch, size).
        signal: tensor (..., n).
        last: size as an int, or None where only the graph knows it.

    Returns:
        Tensor (..., size).
    """
    if signal.shape.rank in (2, None):
        return function(signal)
    batch_shape = tf.shape(signal)[:-1]
    matrix = tf.reshape(signal, [tf.reduce_prod(batch_shape), tf.shape(signal)[-1]])
    matrix.set_shape([None, signal.shape[-1]])
    result = function(matrix)
    result = tf.reshape(result, tf.concat([batch_shape, tf.shape(result)[1:]], axis=0))
    result.set_shape(signal.shape[:-1].concatenate([last]))
    return result
