"""Arrays that graphs hold, and that exports keep beside their graph."""

import contextlib
import contextvars

import numpy as np
import tensorflow as tf

# Smaller ones are no burden to a graph.
_LARGE = 64

_keep = contextvars.ContextVar("tf_gencs_keep_constant", default=None)


def constant(array, dtype):
    """A tensor of an array that may be large.

    Args:
        array: NumPy array, or a number.
        dtype: of the tensor.
    """
    keep = _keep.get()
    if keep is None or tf.executing_eagerly() or np.size(array) < _LARGE:
        return tf.constant(array, dtype)
    with tf.init_scope():
        variable = keep(tf.constant(array, dtype))
    return variable.read_value()


@contextlib.contextmanager
def kept_by(keep):
    """Graphs traced within read large constants from variables.

    Args:
        keep: function of a tensor that gives a `tf.Variable` of its value.
    """
    token = _keep.set(keep)
    try:
        yield
    finally:
        _keep.reset(token)
