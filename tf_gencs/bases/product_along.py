"""A matrix times every line of values along an axis."""

import tensorflow as tf

from tf_gencs.constants import constant


def product_along(axis, matrix, x):
    """Multiplies the lines of x along an axis by a square matrix.

    Args:
        axis: negative number of the axis.
        matrix: NumPy array (size, size), size being that of the axis.
        x: tensor whose sizes from the axis on are known.

    Returns:
        Tensor of the shape and dtype of x.
    """
    behind = x.shape[x.shape.rank + axis + 1 :].num_elements()
    if behind == 1:  # one long product
        lines = tf.reshape(x, (-1, len(matrix)))
        done = tf.matmul(lines, constant(matrix.T, x.dtype))
    else:
        blocks = tf.reshape(x, (-1, len(matrix), behind))
        done = tf.matmul(constant(matrix, x.dtype), blocks)
    return tf.ensure_shape(tf.reshape(done, tf.shape(x)), x.shape)
