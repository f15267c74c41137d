"""Training on several devices or machines at once, by a `tf.distribute` strategy.

Replicas share the rows of a batch out, and together they compute what one device would
compute of all rows: what is random is drawn for all rows, of which each replica takes
its own; a mean is one over all rows, however many each of them has. Some have none at
the end of a dataset. With one replica all of this changes nothing.
"""

import contextlib
import threading
from typing import NamedTuple

import keras
import tensorflow as tf

_known = threading.local()  # each replica is traced by a thread of its own


class _Rows(NamedTuple):
    """Scalar tensors: how many rows this replica has, which, and how many there are."""

    count: tf.Tensor
    first: tf.Tensor
    total: tf.Tensor


def several():
    """Whether this is one of several replicas, within `strategy.run`."""
    context = tf.distribute.get_replica_context()
    return context is not None and context.num_replicas_in_sync > 1


@contextlib.contextmanager
def rows_of(data):
    """Within it, the functions below know which rows of a batch this replica has.

    Args:
        data: nest of tensors (rows, ...), this replica's part of the batch.
    """
    before = getattr(_known, "rows", None)
    _known.rows = _find(tf.shape(tf.nest.flatten(data)[0])[0]) if several() else None
    try:
        yield
    finally:
        _known.rows = before


def draw_rows(draw, count):
    """This replica's rows of what is drawn for all rows.

    Args:
        draw: function from a number of rows to a tensor (rows, ...).
        count: how many rows this replica has.
    """
    if not several():
        return draw(count)
    rows = _rows()
    return draw(rows.total)[rows.first : rows.first + rows.count]


def share_of(mean):
    """This replica's share of a mean over all rows: optimizers add shares up.

    Args:
        mean: a scalar, the mean over this replica's rows; of no rows, anything.
    """
    if not several():
        return mean
    rows, mean = _rows(), tf.convert_to_tensor(mean)
    part = tf.cast(rows.count, mean.dtype) / tf.cast(rows.total, mean.dtype)
    return part * tf.where(rows.count > 0, mean, tf.zeros_like(mean))


def means_of(means):
    """A dict of means over all rows, of one of means over this replica's rows."""
    if not several() or not means:
        return means
    shares = [share_of(mean) for mean in means.values()]
    together = _sum(tf.stack([tf.cast(share, tf.float64) for share in shares]))
    pairs = zip(means, tf.unstack(together), shares, strict=True)
    return {name: tf.cast(mean, share.dtype) for name, mean, share in pairs}


def moments(x, axes):
    """Mean and variance over the rows of several replicas, and perhaps over more.

    Args:
        x: floating-point tensor (rows, ...); gradients go through, also those of them.
        axes: list of the axes that are averaged over, 0 among them.

    Returns:
        Two tensors without those axes.
    """
    count = tf.cast(tf.reduce_prod(tf.gather(tf.shape(x), axes)), x.dtype)
    count = _sum(count)
    mean = _sum(tf.reduce_sum(x, axes, keepdims=True)) / count
    # Of differences: squares less a square would lose what one device keeps.
    off = tf.reduce_sum(tf.math.squared_difference(x, mean), axes)
    return tf.squeeze(mean, axes), _sum(off) / count


def variance(x):
    """Variance over all rows of each number: (rows, ...) -> (...)."""
    return moments(x, [0])[1] if several() else keras.ops.var(x, axis=0)


def cond(now, function, otherwise):
    """`tf.cond`, for whatever replicas work out together: then it always is.

    Args:
        now: scalar tensor of bool.
        function, otherwise: functions without arguments that give tensors alike.
    """
    if not several():
        return tf.cond(now, function, otherwise)
    return tf.where(now, function(), otherwise())


def gathered(x):
    """A tensor (replicas, ...) of what each replica has as x."""
    if not several():
        return x[None]
    return tf.distribute.get_replica_context().all_gather(x[None], axis=0)


def _rows():
    rows = getattr(_known, "rows", None)
    if rows is None:
        raise RuntimeError(
            "A step that several replicas share must run within "
            "`tf_gencs.models.replicas.rows_of(data)`, as `train_step` does."
        )
    return rows


def _find(count):
    replica = tf.distribute.get_replica_context().replica_id_in_sync_group
    counts = gathered(count)
    return _Rows(count, tf.reduce_sum(counts[:replica]), tf.reduce_sum(counts))


def _sum(part):
    """A sum over replicas, through which gradients go."""
    context = tf.distribute.get_replica_context()
    return context.all_reduce(tf.distribute.ReduceOp.SUM, part)
