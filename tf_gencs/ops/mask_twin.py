"""Point subsampling in core TensorFlow ops, and what both sides share; see mask.py."""

import tensorflow as tf

from tf_gencs import checks
from tf_gencs.ops.matrices import on_matrices


def mask_measure_twin(x, rows):
    """`mask_measure` in core TensorFlow ops; the same shapes and results."""
    x, rows = checked(x, rows, "x")
    if rows.shape.rank == 1:
        return tf.gather(x, rows, axis=-1)
    own = tf.broadcast_to(rows, tf.concat([tf.shape(x)[:1], tf.shape(rows)[-1:]], 0))
    return tf.gather(x, own, axis=1, batch_dims=1)


def mask_adjoint_twin(y, rows, signal_size):
    """`mask_adjoint` in core TensorFlow ops; the same shapes and results."""
    y, rows = checked(y, rows, "y")
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


def checked(signal, rows, name):
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
