"""Measures single values of signals, and the adjoint: inpainting, subsampling.

y[i] = x[rows[i]], with the same rows for all signals or rows of its own for each. The
adjoint puts measurements back where they come from, adds up those of repeated rows and
is 0 elsewhere.
"""

import tensorflow as tf

from tf_gencs import checks
from tf_gencs.ops import library
from tf_gencs.ops.matrices import on_matrices

_NATIVE_DTYPES = (tf.float32, tf.float64)


def mask_measure(x, rows):
    """Measures single values: y[..., i] = x[..., rows[i]].

    Differentiable in x, any number of times. float32 and float64 run in one native op
    where there is one.

    Args:
        x: floating-point tensor of shape (..., n); (batch, n) where every signal has
            rows of its own.
        rows: int32 tensor of shape (m,), or (batch, m) for rows of its own: y[b, i] =
            x[b, rows[b, i]]. Each in [0, n); they may repeat.

    Returns:
        Tensor of shape (..., m) and the dtype of x.

    Raises:
        TypeError: x is not floating point.
        ValueError: static shapes that do not fit.
        tf.errors.InvalidArgumentError: a row out of range (CPU).
    """
    x, rows = _checked(x, rows, "x")
    ops = library.native()
    if ops is None or x.dtype not in _NATIVE_DTYPES:
        return mask_measure_twin(x, rows)
    return on_matrices(
        lambda matrix: ops.gencs_mask_measure(x=matrix, rows=rows), x, rows.shape[-1]
    )


def mask_adjoint(y, rows, signal_size):
    """The exact transpose of `mask_measure`.

    Args:
        y: floating-point tensor of shape (..., m); (batch, m) where every signal has
            rows of its own.
        rows: int32 tensor of shape (m,) or (batch, m), each in [0, signal_size).
        signal_size: n, an int of at least 0.

    Returns:
        Tensor of shape (..., n) and the dtype of y.

    Raises:
        As `mask_measure`; also ValueError for a negative `signal_size`.
    """
    y, rows = _checked(y, rows, "y")
    signal_size = checks.integer(signal_size, "signal_size", at_least=0)
    ops = library.native()
    if ops is None or y.dtype not in _NATIVE_DTYPES:
        return mask_adjoint_twin(y, rows, signal_size)
    return on_matrices(
        lambda matrix: ops.gencs_mask_adjoint(
            y=matrix, rows=rows, signal_size=signal_size
        ),
        y,
        signal_size,
    )


@tf.RegisterGradient("Gencs>MaskMeasure")
def _measure_gradient(op, gradient):
    signal_size = op.inputs[0].shape[1]
    if signal_size is None:  # the native op wants to know it when it is made
        return mask_adjoint_twin(
            gradient, op.inputs[1], tf.shape(op.inputs[0])[1]
        ), None
    return mask_adjoint(gradient, op.inputs[1], signal_size), None


@tf.RegisterGradient("Gencs>MaskAdjoint")
def _adjoint_gradient(op, gradient):
    return mask_measure(gradient, op.inputs[1]), None


def mask_measure_twin(x, rows):
    """`mask_measure` in core TensorFlow ops; the same shapes and results."""
    x, rows = _checked(x, rows, "x")
    if rows.shape.rank == 1:
        return tf.gather(x, rows, axis=-1)
    own = tf.broadcast_to(rows, tf.concat([tf.shape(x)[:1], tf.shape(rows)[-1:]], 0))
    return tf.gather(x, own, axis=1, batch_dims=1)


def mask_adjoint_twin(y, rows, signal_size):
    """`mask_adjoint` in core TensorFlow ops; the same shapes and results."""
    y, rows = _checked(y, rows, "y")
    if not tf.is_tensor(signal_size):
        signal_size = checks.integer(signal_size, "signal_size", at_least=0)

    def adjoint(matrix):
        batch = tf.shape(matrix)[0]
        if rows.shape.rank != 1:
            own = tf.broadcast_to(rows, tf.shape(matrix))
            signals = tf.broadcast_to(tf.range(batch)[:, None], tf.shape(matrix))
            indices = tf.stack([signals, own], axis=-1)
            return tf.scatter_nd(indices, matrix, [batch, signal_size])
        # scatter_nd refuses an empty batch, so a signal of zeros goes along.
        columns = tf.transpose(tf.pad(matrix, [[0, 1], [0, 0]]))
        spread = tf.scatter_nd(rows[:, None], columns, [signal_size, batch + 1])
        return tf.transpose(spread)[:batch]

    return on_matrices(adjoint, y, None if tf.is_tensor(signal_size) else signal_size)


def _checked(signal, rows, name):
    signal = tf.convert_to_tensor(signal, name=name)
    rows = tf.convert_to_tensor(rows, tf.int32, name="rows")
    if not signal.dtype.is_floating:
        raise TypeError(
            f"`{name}` must be floating point. Received: {signal.dtype.name}"
        )
    if rows.shape.rank not in (1, 2, None):
        raise ValueError(f"`rows` must have rank 1 or 2. Received shape: {rows.shape}")
    expected = [None] * (signal.shape.rank or 0)
    if rows.shape.rank == 2:
        expected = [rows.shape[0], None]
    if name == "y" and expected and rows.shape.rank is not None:
        expected[-1] = rows.shape[-1]
    if signal.shape.rank == 0 or not signal.shape.is_compatible_with(expected or None):
        sizes = ", ".join("..." if size is None else str(size) for size in expected)
        raise ValueError(
            f"`{name}` must have shape ({sizes or '..., n'}) to match `rows` of shape "
            f"{rows.shape}. Received: {signal.shape}"
        )
    return signal, rows
