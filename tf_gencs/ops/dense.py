"""The residual of a stored matrix, in one pass over it.

||A x - y||^2 and half its gradient in x, A^T (A x - y), read every row of A twice, once
for each product. The native op makes both products of a block of rows while the block
is in a cache, so that A comes from memory once.
"""

import tensorflow as tf

from tf_gencs.ops import library

__all__ = ["dense_residual", "dense_residual_twin", "dense_squared_error"]

_NATIVE_DTYPES = (tf.float32, tf.float64)
_LARGE = 2**20  # entries of a matrix that leaves the caches

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
    """
    return _residual(*_checked(matrix, x, y))


def dense_residual_twin(matrix, x, y):
    """`dense_residual` in core TensorFlow ops; the same shapes and results."""
    return _on_matrices(_twin, *_checked(matrix, x, y))


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
    """

    @tf.custom_gradient
    def squared_error(matrix, x, y):
        # `back` is half of the cost. A solver, whom this is for, always asks for it.
        residual, back = _residual(matrix, x, y)

        def gradient(upstream):
            # Of the op's outputs, whose own gradient gives the higher orders.
            factor = 2 * upstream[..., None]
            scaled = factor * residual
            return _outer(matrix, [(scaled, x)]), factor * back, -scaled

        return tf.reduce_sum(tf.square(residual), axis=-1), gradient

    return squared_error(*_checked(matrix, x, y))


def _residual(matrix, x, y):
    ops = library.native()
    if ops is None or matrix.dtype not in _NATIVE_DTYPES:
        return _on_matrices(_twin, matrix, x, y)
    return _on_matrices(_fused_or_twin, matrix, x, y)


def _fused_or_twin(matrix, x, y):
    entries = matrix.shape.num_elements()
    batch = x.shape[0] if x.shape.rank == 2 else None
    if entries is None or entries * matrix.dtype.size <= _CACHED_BYTES:
        return _fused(matrix, x, y)
    if batch is not None:
        return (_fused if batch <= _FEW else _twin)(matrix, x, y)
    return tf.cond(
        tf.shape(x)[0] <= _FEW,
        lambda: _fused(matrix, x, y),
        lambda: _twin(matrix, x, y),
    )


def _fused(matrix, x, y):
    residual, back = library.native().gencs_dense_residual(matrix=matrix, x=x, y=y)
    return residual, back


def _twin(matrix, x, y):
    entries = matrix.shape.num_elements()
    if entries is None or entries < _LARGE:
        measured = tf.matmul(x, matrix, transpose_b=True)
    else:
        # TensorFlow repacks the factor on the right, which must not be the large one.
        measured = tf.transpose(tf.matmul(matrix, x, transpose_b=True))
    residual = measured - y
    return residual, tf.matmul(residual, matrix)


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
    sums = [tf.matmul(_rows(y, m), _rows(x, n), transpose_a=True) for y, x in pairs]
    return tf.ensure_shape(tf.add_n(sums), matrix.shape)


def _rows(signal, length):
    """(..., length) as (batch, length); also where both are 0."""
    batch = tf.reduce_prod(tf.shape(signal)[:-1])
    return tf.reshape(signal, [batch, length])


def _on_matrices(function, matrix, x, y):
    """Applies function(matrix, (batch, n), (batch, m)) to x and y of any rank."""
    if x.shape.rank in (2, None) and y.shape.rank in (2, None):
        return tuple(function(matrix, x, y))
    residual, back = function(
        matrix, _rows(x, tf.shape(matrix)[1]), _rows(y, tf.shape(matrix)[0])
    )
    return (
        tf.ensure_shape(tf.reshape(residual, tf.shape(y)), y.shape),
        tf.ensure_shape(tf.reshape(back, tf.shape(x)), x.shape),
    )


def _checked(matrix, x, y):
    matrix = tf.convert_to_tensor(matrix, name="matrix")
    if not matrix.dtype.is_floating:
        raise TypeError(
            f"`matrix` must be floating point. Received: {matrix.dtype.name}"
        )
    if matrix.shape.rank not in (2, None):
        raise ValueError(f"`matrix` must have shape (m, n). Received: {matrix.shape}")
    m, n = matrix.shape if matrix.shape.rank == 2 else (None, None)
    signals = []
    for name, signal, length in (("x", x, n), ("y", y, m)):
        signal = tf.convert_to_tensor(signal, name=name)
        if signal.dtype != matrix.dtype:
            raise TypeError(
                f"`{name}` must have the dtype of `matrix`, {matrix.dtype.name}. "
                f"Received: {signal.dtype.name}"
            )
        if signal.shape.rank == 0 or not signal.shape[-1:].is_compatible_with([length]):
            raise ValueError(
                f"`{name}` must have shape (..., {length}) to match `matrix`. "
                f"Received: {signal.shape}"
            )
        signals.append(signal)
    x, y = signals
    if not x.shape[:-1].is_compatible_with(y.shape[:-1]):
        raise ValueError(
            f"`y` must have the batch shape of `x`, {x.shape[:-1]}. Received shape: "
            f"{y.shape}"
        )
    return matrix, x, y
