"""The residual of a stored matrix, in one pass over it.

||A x - y||^2 and half its gradient in x, A^T (A x - y), read every row of A twice, once
for each product. The native op makes both products of a block of rows while the block
is in a cache, so that A comes from memory once.
"""

import tensorflow as tf

from tf_gencs.ops import library
from tf_gencs.ops.dense_twin import (
    checked,
    dense_residual_twin,
    on_rows,
    residual_twin,
    rows,
)
from tf_gencs.ops.own_gradient import own_gradient

__all__ = ["dense_residual", "dense_residual_twin", "dense_squared_error"]

# Where the fused op wins, as measured by `scripts/bench_measurements --only residual`:
# for every batch while A fits the cache of a core, and for a few signals, whose time
# goes into reading A, whatever its size. Else TensorFlow's products are faster.
_FEW = 12  # signals
_CACHED_BYTES = 2**20


def dense_residual(matrix, x, y):
    """The residual A x - y and its image under the transpose, in one pass over A.

    Half the gradient in x of the sum of squares of the residual is A^T (A x - y).
    Differentiable in all three arguments, any number of times. float32 and float64
    run in one native op where there is one, and where it is faster than two products:
    for a matrix of up to 1 MiB, or up to 12 signals.

    Args:
        matrix: A, floating-point tensor of shape (m, n).
        x: tensor of shape (..., n) and the dtype of `matrix`.
        y: tensor of shape (..., m) with the batch shape and dtype of x.

    Returns:
        A x - y of shape (..., m), and A^T (A x - y) of shape (..., n).

    Raises:
        TypeError: `matrix` is not floating point, or the dtypes differ.
        ValueError: static shapes that do not fit.
        tf.errors.InvalidArgumentError: other shapes that do not fit.

    Example:

    ```python
    A = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    residual, back = gencs.ops.dense_residual(A, tf.ones([1, 2]), tf.zeros([1, 2]))
    residual, back  # [[3, 7]], [[24, 34]]
    ```
    """
    return _residual(*checked(matrix, x, y))


def dense_squared_error(matrix, x, y):
    """Sums of squares of A x - y, one for every signal.

    The value and its gradient in x together cost one `dense_residual`. Differentiable
    in all three arguments, any number of times.

    Args:
        matrix: A, floating-point tensor of shape (m, n).
        x: tensor of shape (..., n) and the dtype of `matrix`.
        y: tensor of shape (..., m) with the batch shape and dtype of x.

    Returns:
        Tensor of shape (...,) and the dtype of x.

    Raises:
        As `dense_residual`.

    Example:

    ```python
    A = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    gencs.ops.dense_squared_error(A, tf.ones([1, 2]), tf.zeros([1, 2]))  # [58]
    ```
    """

    matrix, x, y = checked(matrix, x, y)
    # `back` is half of the cost. A solver, whom this is for, always asks for it.
    residual, back = _residual(matrix, x, y)
    value = tf.reduce_sum(tf.square(residual), axis=-1)
    return _with_gradient(value, matrix, x, y, residual, back)


@own_gradient
def _with_gradient(upstream, matrix, x, y, residual, back):
    # Of the op's outputs, whose own gradient gives the higher orders.
    factor = 2 * upstream[..., None]
    scaled = factor * residual
    return _outer(matrix, [(scaled, x)]), factor * back, -scaled, None, None


def _residual(matrix, x, y):
    ops = library.native(matrix.dtype)
    if ops is None:
        return on_rows(residual_twin, matrix, x, y)
    return on_rows(_fused_or_twin, matrix, x, y)


def _fused_or_twin(matrix, x, y):
    entries = matrix.shape.num_elements()
    batch = x.shape[0] if x.shape.rank == 2 else None
    if entries is None or entries * matrix.dtype.size <= _CACHED_BYTES:
        return _fused(matrix, x, y)
    if batch is not None:
        return (_fused if batch <= _FEW else residual_twin)(matrix, x, y)
    return tf.cond(
        tf.shape(x)[0] <= _FEW,
        lambda: _fused(matrix, x, y),
        lambda: residual_twin(matrix, x, y),
    )


def _fused(matrix, x, y):
    residual, back = library.native().gencs_dense_residual(matrix=matrix, x=x, y=y)
    return residual, back


@tf.RegisterGradient("Gencs>DenseResidual")
def _residual_gradient(op, residual_gradient, back_gradient):
    # With u, v the two gradients, w = u + A v is that of A x: in x it gives A^T w, in
    # y -w. Those two are the op itself at v, with -u in the place of y.
    matrix, x, _ = op.inputs
    w, in_x = dense_residual(matrix, back_gradient, -residual_gradient)
    in_matrix = _outer(matrix, [(w, x), (op.outputs[0], back_gradient)])
    return in_matrix, in_x, -w


def _outer(matrix, pairs):
    """The sum over pairs (y, x) and over the batch of the outer products of y and x."""
    m, n = tf.shape(matrix)[0], tf.shape(matrix)[1]
    sums = [tf.matmul(rows(y, m), rows(x, n), transpose_a=True) for y, x in pairs]
    return tf.ensure_shape(tf.add_n(sums), matrix.shape)
