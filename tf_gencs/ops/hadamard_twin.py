"""The Hadamard transform in core TensorFlow ops, and what both sides share.

`hadamard.py` holds the formula and the public functions.
"""

import functools

import numpy as np
import tensorflow as tf

from tf_gencs.ops.matrices import on_matrices

MAX_LENGTH = 2**30
_MAX_AXIS = 64  # a dense product with a larger matrix costs more than two smaller ones


def hadamard_size(n):
    """Returns the order N of the transform for signals of length n.

    Args:
        n: int, from 1 to 2^30.

    Returns:
        The smallest int of the form 2^k or 12 * 2^k that is at least n.

    Raises:
        ValueError: n outside that range.

    Example:

    ```python
    gencs.ops.hadamard_size(784), gencs.ops.hadamard_size(700)  # 1024, 768
    ```
    """
    if not 1 <= n <= MAX_LENGTH:
        raise ValueError(f"`n` must lie in [1, {MAX_LENGTH}]. Received: {n}")
    blocks_of_twelve = -(-int(n) // 12)
    return min(_power_of_two(int(n)), 12 * _power_of_two(blocks_of_twelve))


def _power_of_two(n):
    return 1 << (n - 1).bit_length()


def hadamard_measure_twin(x, signs, rows):
    """`hadamard_measure` in core TensorFlow ops; the same shapes and results."""
    x, signs, rows = checked(x, signs, rows, "x")
    n = _static_length(signs)
    padding = [[0, 0]] * (x.shape.rank - 1) + [[0, hadamard_size(n) - n]]
    padded = tf.pad(x * tf.cast(signs, x.dtype), padding)
    return tf.gather(_transform(padded), rows, axis=-1) * _scale(rows, x.dtype)


def hadamard_adjoint_twin(y, signs, rows):
    """`hadamard_adjoint` in core TensorFlow ops; the same shapes and results."""
    y, signs, rows = checked(y, signs, rows, "y")
    n = _static_length(signs)
    size = hadamard_size(n)

    def adjoint(matrix):
        batch = tf.shape(matrix)[0]
        # scatter_nd refuses an empty batch, so a row of zeros goes along.
        columns = tf.transpose(tf.pad(matrix, [[0, 1], [0, 0]]))
        spread = tf.scatter_nd(rows[:, None], columns, [size, batch + 1])
        scaled = tf.transpose(spread)[:batch] * _scale(rows, y.dtype)
        transformed = _transform(scaled)
        return transformed[:, :n] * tf.cast(signs, y.dtype)

    return on_matrices(adjoint, y, signs.shape[0])


def hadamard_residual_twin(x, y, signs, rows):
    """`hadamard_residual` in core TensorFlow ops; the same shapes and results."""
    residual = hadamard_measure_twin(x, signs, rows) - y
    return residual, hadamard_adjoint_twin(residual, signs, rows)


def checked(signal, signs, rows, name):
    signal = tf.convert_to_tensor(signal, name=name)
    signs = tf.convert_to_tensor(signs, tf.int8, name="signs")
    rows = tf.convert_to_tensor(rows, tf.int32, name="rows")
    if not signal.dtype.is_floating:
        raise TypeError(
            f"`{name}` must be floating point. Received: {signal.dtype.name}"
        )
    for argument, tensor in (("signs", signs), ("rows", rows)):
        if tensor.shape.rank not in (1, None):
            raise ValueError(
                f"`{argument}` must have rank 1. Received shape: {tensor.shape}"
            )
    other_name, other = ("signs", signs) if name == "x" else ("rows", rows)
    if signal.shape.rank == 0 or not signal.shape[-1:].is_compatible_with(other.shape):
        raise ValueError(
            f"`{name}` must have shape (..., {other.shape[0]}) to match "
            f"`{other_name}`. Received: {signal.shape}"
        )
    return signal, signs, rows


def _static_length(signs):
    n = signs.shape[0]
    if n is None:
        raise ValueError(
            "`signs` must have a static length, from which the order of the transform "
            f"follows, without the native library. Received shape: {signs.shape}"
        )
    return n


def _scale(rows, dtype):
    m = tf.maximum(tf.size(rows), 1)  # m = 0 scales nothing
    return tf.cast(tf.math.rsqrt(tf.cast(m, tf.float64)), dtype)


def _transform(x):
    """H x along the last axis, of an exact size: one small product per factor of H."""
    size = x.shape[-1]
    result, right = x, size
    for axis in _axes(size):
        right //= axis
        matrix = tf.constant(hadamard_matrix(axis), x.dtype)
        if right == 1:
            result = tf.reshape(result, [-1, axis]) @ matrix
        else:
            result = matrix @ tf.reshape(result, [-1, axis, right])
    shape = tf.concat([tf.shape(x)[:-1], [size]], axis=0)
    result = tf.reshape(result, shape)
    result.set_shape(x.shape)
    return result


def _axes(size):
    """The orders of the factors of H, about equal and at most 64, 12 first."""
    twelve = size % 3 == 0
    levels = (size // 12 if twelve else size).bit_length() - 1
    count = -(-levels // (_MAX_AXIS.bit_length() - 1))
    powers = [2 ** ((levels + i) // count) for i in range(count)]
    return ([12] if twelve else []) + powers or [1]


@functools.lru_cache(maxsize=16)
def hadamard_matrix(size):
    """Returns H of an exact size as an int8 array of shape (size, size)."""
    matrix = np.ones((1, 1), np.int8)
    if size % 3 == 0:
        matrix = _paley_twelve()
    while len(matrix) < size:
        matrix = np.kron(matrix, np.array([[1, 1], [1, -1]], np.int8))
    return matrix


def _paley_twelve():
    """The symmetric Paley-II matrix of order 12, from the squares modulo 5."""
    character = np.array([0, 1, -1, -1, 1])  # of the differences modulo 5
    conference = np.ones((6, 6), np.int8)
    conference[0, 0] = 0
    conference[1:, 1:] = character[np.subtract.outer(range(5), range(5)) % 5]
    off_diagonal = np.kron(conference, [[1, 1], [1, -1]])
    return (off_diagonal + np.kron(np.eye(6), [[1, -1], [-1, -1]])).astype(np.int8)
