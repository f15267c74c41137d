"""Arithmetic of tensors (lanes, ...) whose lanes keep to themselves."""

import tensorflow as tf


def beside(values, x):
    """(lanes,) as (lanes, 1, ...), to go with every number of x (lanes, ...)."""
    return tf.reshape(values, [-1] + [1] * (x.shape.rank - 1))


def choose(lanes, yes, no):
    """Whole lanes of `yes` where `lanes` (lanes,) says so, else of `no`.

    Both are tensors (lanes, ...), or tuples of the same kind of them.
    """
    if isinstance(yes, tuple):
        parts = zip(yes, no, strict=True)
        return type(yes)(*(choose(lanes, a, b) for a, b in parts))
    return tf.where(beside(lanes, no), yes, no)


def all_finite(x):
    """Whether all numbers of a lane are: (lanes, ...) -> (lanes,)."""
    return tf.reduce_all(tf.math.is_finite(x), axis=list(range(1, x.shape.rank)))


def unknown(dtype):
    """Stands for a value that is not known, above all that are.

    It is finite, with room to double it, so that `tf.debugging.enable_check_numerics`
    finds no infinities but those that nobody meant.
    """
    return tf.as_dtype(dtype).max / 4


def known(values):
    """Whether values are finite and below `unknown`, one by one."""
    return values < unknown(values.dtype)


def known_or_unknown(values):
    """`values`, but `unknown` in the place of those that are not known."""
    return tf.where(known(values), values, tf.cast(unknown(values.dtype), values.dtype))


def dot(a, b):
    """Inner products: (lanes, k) with (lanes, k) -> (lanes,)."""
    return tf.reduce_sum(a * b, axis=-1)


def norm(x):
    """Euclidean lengths: (lanes, k) -> (lanes,)."""
    return tf.sqrt(dot(x, x))


def largest(x):
    """Largest magnitudes, 0 where k = 0: (lanes, k) -> (lanes,)."""
    return tf.maximum(tf.reduce_max(tf.abs(x), axis=-1), 0)
