"""Products with a sparse matrix, both ways."""

import tensorflow as tf

from tf_gencs.layers.support.wide_float import in_wide_float


def sparse_product(positions, entries, shape, x, adjoint=False):
    """M x, or M^T x, in the dtype of x and at least in float32.

    Args:
        positions: int64 (count, 2), row and column of each entry.
        entries: (count,).
        shape: of M, two ints.
        x: (columns of M, k), or (rows of M, k) for the adjoint.
        adjoint: whether to multiply by the transpose.
    """

    def multiply(x):
        matrix = tf.SparseTensor(positions, tf.cast(entries, x.dtype), shape)
        return tf.sparse.sparse_dense_matmul(matrix, x, adjoint_a=adjoint)

    return in_wide_float(multiply, x)
