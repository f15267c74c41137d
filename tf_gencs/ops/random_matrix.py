"""Random measurement matrices that are made on the spot and never stored.

A = W / sqrt(m), of shape (m, n). The entries of W are independent, either standard
normal or +1 and -1, and W[i, j] depends on the seed, i and j only: it comes from
Philox4x32-10 with key seed[0] and counter (block, i, seed[1]).

"gaussian": a block of words w0 ... w3 gives four entries. With
u(w) = (2 (w >> 9) + 1) / 2^24, entries 0 and 1 are sqrt(-2 ln u(w0)) times the cosine
and the sine of 2 pi u(w1); entries 2 and 3 are the same of w2 and w3. Column j is entry
(j % 64) // 16 of block 16 (j // 64) + j % 16.

"rademacher": column j is bit j % 32 of word (j % 128) // 32 of block j // 128; a bit of
1 means -1.

Source: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3",
2011; Box and Muller, "A note on the generation of random normal deviates", 1958.
"""

import tensorflow as tf

from tf_gencs.ops import library
from tf_gencs.ops.matrices import on_matrices
from tf_gencs.ops.random_matrix_twin import (
    adjoint_twin,
    checked,
    checked_matrix,
    checked_size,
    dimension,
    measure_twin,
    random_matrix_twin,
)


def random_matrix_measure(x, seed, measurements, distribution="gaussian"):
    """Measures signals: y = A x, without ever holding A.

    Differentiable in x, any number of times. float32 and float64 run in one native op
    where there is one; its result does not depend on the number of threads, nor a row
    of it on the other rows of the batch.

    Args:
        x: floating-point tensor of shape (..., n).
        seed: int64 tensor of shape (2,), see `tf_gencs.seeds.stream`.
        measurements: int, m, from 0 to 2^31 - 1.
        distribution: "gaussian" for N(0, 1/m) entries, "rademacher" for +-1/sqrt(m).

    Returns:
        Tensor of shape (..., m) and the dtype of x.

    Raises:
        ValueError: shapes, a size or a distribution out of range.
        TypeError: x is not floating point.

    Example:

    ```python
    y = gencs.ops.random_matrix_measure(tf.ones([8, 784]), [1, 2], 100)  # (8, 100)
    ```
    """
    x, seed = checked(x, seed, "x", distribution)
    m = checked_size(measurements, "measurements")
    return on_matrices(lambda x: _measure(x, seed, m, distribution), x, m)


def random_matrix_adjoint(y, seed, signal_size, distribution="gaussian"):
    """The exact transpose of `random_matrix_measure`: x = A^T y.

    Args:
        y: floating-point tensor of shape (..., m).
        seed: int64 tensor of shape (2,).
        signal_size: int, n, from 0 to 2^31 - 1.
        distribution: "gaussian" or "rademacher".

    Returns:
        Tensor of shape (..., n) and the dtype of y.

    Raises:
        As `random_matrix_measure`.

    Example:

    ```python
    x = gencs.ops.random_matrix_adjoint(tf.ones([8, 100]), [1, 2], 784)  # (8, 784)
    ```
    """
    y, seed = checked(y, seed, "y", distribution)
    n = checked_size(signal_size, "signal_size")
    return on_matrices(lambda y: _adjoint(y, seed, n, distribution), y, n)


def random_matrix(seed, shape, distribution="gaussian", dtype=tf.float32):
    """Makes the matrix A itself, 1 / sqrt(m) included.

    Args:
        seed: int64 tensor of shape (2,).
        shape: (m, n), ints from 0 to 2^31 - 1.
        distribution: "gaussian" or "rademacher".
        dtype: a floating-point dtype. All dtypes hold the same numbers, up to rounding.

    Returns:
        Tensor of shape (m, n).

    Raises:
        ValueError: a size, the seed or the distribution is out of range.
        TypeError: dtype is not floating point.

    Example:

    ```python
    gencs.ops.random_matrix([1, 2], (100, 784))  # entries N(0, 1/100)
    gencs.ops.random_matrix([1, 2], (4, 784), "rademacher")  # entries 0.5 and -0.5
    ```
    """
    seed, shape, dtype = checked_matrix(seed, shape, distribution, dtype)
    ops = library.native(dtype)
    if ops is None:
        return random_matrix_twin(seed, shape, distribution, dtype)
    return ops.gencs_random_matrix(
        seed=seed, shape=shape, distribution=distribution, T=dtype
    )


tf.no_gradient("Gencs>RandomMatrix")


@tf.RegisterGradient("Gencs>RandomMatrixMeasure")
def _measure_gradient(op, gradient):
    n = dimension(op.inputs[0], 1)
    distribution = op.get_attr("distribution").decode()
    return _adjoint(gradient, op.inputs[1], n, distribution), None, None


@tf.RegisterGradient("Gencs>RandomMatrixAdjoint")
def _adjoint_gradient(op, gradient):
    m = dimension(op.inputs[0], 1)
    distribution = op.get_attr("distribution").decode()
    return _measure(gradient, op.inputs[1], m, distribution), None, None


def _measure(x, seed, m, distribution):
    """A x of a matrix x; m may be a tensor."""
    ops = library.native(x.dtype)
    if ops is None:
        return measure_twin(x, seed, m, distribution)
    return ops.gencs_random_matrix_measure(
        x=x, seed=seed, measurements=m, distribution=distribution
    )


def _adjoint(y, seed, n, distribution):
    """A^T y of a matrix y; n may be a tensor."""
    ops = library.native(y.dtype)
    if ops is None:
        return adjoint_twin(y, seed, n, distribution)
    return ops.gencs_random_matrix_adjoint(
        y=y, seed=seed, signal_size=n, distribution=distribution
    )
