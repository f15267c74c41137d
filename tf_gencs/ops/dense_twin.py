"""The residual of a stored matrix in core TensorFlow ops, and what both sides share.

`dense.py` holds the public functions.
"""

import tensorflow as tf

_LARGE = 2**20  # entries of a matrix that leaves the caches


def dense_residual_twin(matrix, x, y):
    """`dense_residual` in core TensorFlow ops; the same shapes and results."""
    return on_rows(residual_twin, *checked(matrix, x, y))


def residual_twin(matrix, x, y):
    entries = matrix.shape.num_elements()
    if entries is None or entries < _LARGE:
        measured = tf.matmul(x, matrix, transpose_b=True)
    else:
        # TensorFlow repacks the factor on the right, which must not be the large one.
        measured = tf.transpose(tf.matmul(matrix, x, transpose_b=True))
    residual = measured - y
    return residual, tf.matmul(residual, matrix)


def rows(signal, length):
    """(..., length) as (batch, length); also where both are 0."""
    batch = tf.reduce_prod(tf.shape(signal)[:-1])
    return tf.reshape(signal, [batch, length])


def on_rows(function, matrix, x, y):
    """Applies function(matrix, (batch, n), (batch, m)) to x and y of any rank."""
    if x.shape.rank in (2, None) and y.shape.rank in (2, None):
        return tuple(function(matrix, x, y))
    residual, back = function(
        matrix, rows(x, tf.shape(matrix)[1]), rows(y, tf.shape(matrix)[0])
    )
    return (
        tf.ensure_shape(tf.reshape(residual, tf.shape(y)), y.shape),
        tf.ensure_shape(tf.reshape(back, tf.shape(x)), x.shape),
    )


def checked(matrix, x, y):
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
