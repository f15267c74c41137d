"""Measures single values of signals, and the adjoint: inpainting, subsampling.

y[i] = x[rows[i]], with the same rows for all signals or rows of its own for each. The
adjoint puts measurements back where they come from, adds up those of repeated rows and
is 0 elsewhere.
"""

import tensorflow as tf

from tf_gencs import checks
from tf_gencs.ops import library
from tf_gencs.ops.mask_twin import checked, mask_adjoint_twin, mask_measure_twin
from tf_gencs.ops.matrices import on_matrices


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

    Example:

    ```python
    gencs.ops.mask_measure(tf.constant([[1.0, 2.0, 3.0]]), [2, 0])  # [[3, 1]]
    ```
    """
    x, rows = checked(x, rows, "x")
    ops = library.native(x.dtype)
    if ops is None:
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

    Example:

    ```python
    gencs.ops.mask_adjoint(tf.constant([[3.0, 1.0]]), [2, 0], 3)  # [[1, 0, 3]]
    ```
    """
    y, rows = checked(y, rows, "y")
    signal_size = checks.integer(signal_size, "signal_size", at_least=0)
    ops = library.native(y.dtype)
    if ops is None:
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
