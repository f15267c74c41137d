"""The subsampled randomised Hadamard transform, its adjoint and its residual.

y = R H D x / sqrt(m): random signs D, the symmetric +-1 Hadamard matrix H of order N,
m selected rows R. N is the smallest "exact size", 2^k or 12 * 2^k, that is at least n;
x is padded with zeros. H is Sylvester's matrix for 2^k, and H12 (x) Sylvester for
12 * 2^k, H12 being the symmetric Paley-II matrix of order 12 (q = 5).

Source: Ailon and Chazelle, "The fast Johnson-Lindenstrauss transform", 2009; Paley, "On
orthogonal matrices", 1933.
"""

import tensorflow as tf

from tf_gencs.ops import library
from tf_gencs.ops.hadamard_twin import (
    MAX_LENGTH,
    checked,
    hadamard_adjoint_twin,
    hadamard_matrix,
    hadamard_measure_twin,
    hadamard_residual_twin,
    hadamard_size,
)
from tf_gencs.ops.matrices import on_matrices
from tf_gencs.ops.own_gradient import own_gradient

__all__ = [
    "MAX_LENGTH",
    "hadamard_adjoint",
    "hadamard_adjoint_twin",
    "hadamard_matrix",
    "hadamard_measure",
    "hadamard_measure_twin",
    "hadamard_residual",
    "hadamard_residual_twin",
    "hadamard_size",
    "hadamard_squared_error",
]


def hadamard_measure(x, signs, rows):
    """Measures signals: y[i] = sum_j H[rows[i], j] signs[j] x[j] / sqrt(m).

    Differentiable in x, any number of times. float32 and float64 run in one native op
    where there is one.

    Args:
        x: floating-point tensor of shape (..., n), n >= 1.
        signs: int8 tensor of shape (n,), +1 or -1.
        rows: int32 tensor of shape (m,), each in [0, hadamard_size(n)).

    Returns:
        Tensor of shape (..., m) and the dtype of x.

    Raises:
        ValueError: static shapes that do not fit.
        tf.errors.InvalidArgumentError: a row out of range (CPU).

    Example:

    ```python
    x, signs, rows = tf.constant([[1.0, 2.0, 3.0]]), [1, -1, 1], [0, 1]
    gencs.ops.hadamard_measure(x, signs, rows)  # [[2, 6]] / sqrt(2)
    ```
    """
    x, signs, rows = checked(x, signs, rows, "x")
    ops = library.native(x.dtype)
    if ops is None:
        return hadamard_measure_twin(x, signs, rows)
    return on_matrices(
        lambda matrix: ops.gencs_hadamard_measure(x=matrix, signs=signs, rows=rows),
        x,
        rows.shape[0],
    )


def hadamard_adjoint(y, signs, rows):
    """The exact transpose of `hadamard_measure`.

    Args:
        y: floating-point tensor of shape (..., m).
        signs: int8 tensor of shape (n,), +1 or -1.
        rows: int32 tensor of shape (m,), each in [0, hadamard_size(n)).

    Returns:
        Tensor of shape (..., n) and the dtype of y.

    Raises:
        As `hadamard_measure`.

    Example:

    ```python
    signs, rows = [1, -1, 1], [0, 1]
    gencs.ops.hadamard_adjoint(tf.ones([1, 2]), signs, rows)  # [[2, 0, 2]] / sqrt(2)
    ```
    """
    y, signs, rows = checked(y, signs, rows, "y")
    ops = library.native(y.dtype)
    if ops is None:
        return hadamard_adjoint_twin(y, signs, rows)
    return on_matrices(
        lambda matrix: ops.gencs_hadamard_adjoint(y=matrix, signs=signs, rows=rows),
        y,
        signs.shape[0],
    )


@tf.RegisterGradient("Gencs>HadamardMeasure")
def _measure_gradient(op, gradient):
    return hadamard_adjoint(gradient, op.inputs[1], op.inputs[2]), None, None


@tf.RegisterGradient("Gencs>HadamardAdjoint")
def _adjoint_gradient(op, gradient):
    return hadamard_measure(gradient, op.inputs[1], op.inputs[2]), None, None


def hadamard_residual(x, y, signs, rows):
    """The residual A x - y and its image under the transpose, in one pass.

    With A x = hadamard_measure(x, signs, rows): half the gradient in x of the sum of
    squares of the residual is A^T (A x - y). Differentiable in x and y, any number of
    times.

    Args:
        x: floating-point tensor of shape (..., n), n >= 1.
        y: tensor of shape (..., m) with the batch shape and dtype of x.
        signs: int8 tensor of shape (n,), +1 or -1.
        rows: int32 tensor of shape (m,), each in [0, hadamard_size(n)).

    Returns:
        A x - y of shape (..., m), and A^T (A x - y) of shape (..., n).

    Raises:
        As `hadamard_measure`.

    Example:

    ```python
    x, signs, rows = tf.constant([[1.0, 2.0, 3.0]]), [1, -1, 1], [0, 1]
    residual, back = gencs.ops.hadamard_residual(x, tf.zeros([1, 2]), signs, rows)
    residual, back  # [[2, 6]] / sqrt(2), [[4, 2, 4]]
    ```
    """
    x, y, signs, rows = _checked_pair(x, y, signs, rows)
    ops = library.native(x.dtype)
    if ops is None:
        return hadamard_residual_twin(x, y, signs, rows)
    if x.shape.rank == y.shape.rank == 2:
        return tuple(ops.gencs_hadamard_residual(x=x, y=y, signs=signs, rows=rows))
    x_matrix = tf.reshape(x, [-1, tf.size(signs)])
    batch = tf.shape(x_matrix)[0]
    y_matrix = tf.reshape(y, [batch, tf.size(rows)])
    residual, back = ops.gencs_hadamard_residual(
        x=x_matrix, y=y_matrix, signs=signs, rows=rows
    )
    return (
        tf.ensure_shape(tf.reshape(residual, tf.shape(y)), y.shape),
        tf.ensure_shape(tf.reshape(back, tf.shape(x)), x.shape),
    )


@tf.RegisterGradient("Gencs>HadamardResidual")
def _residual_gradient(op, residual_gradient, back_gradient):
    # With u, v the two gradients: in x A^T (u + A v), in y -(u + A v). That is the
    # op itself at v, with -u in the place of y.
    _, _, signs, rows = op.inputs
    in_y, in_x = hadamard_residual(back_gradient, -residual_gradient, signs, rows)
    return in_x, -in_y, None, None


def hadamard_squared_error(x, y, signs, rows):
    """Sums of squares of A x - y, with A x = hadamard_measure(x, signs, rows).

    The value and its gradient together cost one fused op. Differentiable in x and y,
    any number of times.

    Args:
        x: floating-point tensor of shape (..., n), n >= 1.
        y: tensor of shape (..., m) with the batch shape and dtype of x.
        signs: int8 tensor of shape (n,), +1 or -1.
        rows: int32 tensor of shape (m,), each in [0, hadamard_size(n)).

    Returns:
        Tensor of shape (...,) and the dtype of x.

    Raises:
        As `hadamard_measure`.

    Example:

    ```python
    x, signs, rows = tf.constant([[1.0, 2.0, 3.0]]), [1, -1, 1], [0, 1]
    gencs.ops.hadamard_squared_error(x, tf.zeros([1, 2]), signs, rows)  # [20]
    ```
    """
    x, y, signs, rows = _checked_pair(x, y, signs, rows)
    # `back` is half of the cost. A solver, whom this is for, always asks for it.
    residual, back = hadamard_residual(x, y, signs, rows)
    value = tf.reduce_sum(tf.square(residual), axis=-1)
    return _with_gradient(value, x, y, residual, back)


@own_gradient
def _with_gradient(upstream, x, y, residual, back):
    # Of the op's outputs, whose own gradient gives the higher orders.
    factor = 2 * upstream[..., None]
    return factor * back, -factor * residual, None, None


def _checked_pair(x, y, signs, rows):
    x, signs, rows = checked(x, signs, rows, "x")
    y, signs, rows = checked(y, signs, rows, "y")
    if x.dtype != y.dtype:
        raise TypeError(
            f"`y` must have the dtype of `x`, {x.dtype.name}. Received: {y.dtype.name}"
        )
    if not x.shape[:-1].is_compatible_with(y.shape[:-1]):
        raise ValueError(
            f"`y` must have the batch shape of `x`, {x.shape[:-1]}. Received shape: "
            f"{y.shape}"
        )
    return x, y, signs, rows
