"""Linear operators in Python, as ops of graphs that have a gradient.

An op knows its operator by a number, which is an input of the graph: one graph serves
all operators of a shape, and keeps none of them.
"""

import itertools
import weakref

import numpy as np
import tensorflow as tf

from tf_gencs.ops.own_gradient import own_gradient

_numbers = itertools.count()
_operators = weakref.WeakValueDictionary()


class HostOperator:
    """An operator with `matvec` and `rmatvec`, and perhaps `matmat` and `rmatmat`.

    Attributes:
        number: by which `host_product` knows it while it lives.
    """

    def __init__(self, operator):
        self.operator = operator
        self.number = next(_numbers)
        _operators[self.number] = self

    def product(self, x, adjoint=False):
        """A x or A^T x: array (batch, n) -> (batch, m), or back, in the dtype of x."""
        m, n = self.operator.shape
        size = n if adjoint else m
        if not len(x):
            return np.zeros((0, size), x.dtype)
        one, many = ("rmatvec", "rmatmat") if adjoint else ("matvec", "matmat")
        dtype = np.dtype(getattr(self.operator, "dtype", None) or x.dtype)
        if dtype.kind in "iub":  # that of its entries, which x need not have
            dtype = x.dtype
        columns = np.ascontiguousarray(x.T, dtype)
        if hasattr(self.operator, many):
            result = getattr(self.operator, many)(columns)
        else:
            each = [getattr(self.operator, one)(column) for column in columns.T.copy()]
            result = np.stack([np.reshape(column, -1) for column in each], axis=1)
        result = np.asarray(result)
        if result.dtype.kind == "c":
            raise TypeError(f"it returned {result.dtype}, no real numbers")
        if result.shape != (size, len(x)):
            raise ValueError(f"it returned shape {result.shape}, not {size, len(x)}")
        return np.ascontiguousarray(result.T, x.dtype)


def host_product(number, x, size, adjoint=False):
    """A x, or A^T x: (batch, in) -> (batch, size), in the dtype of x.

    Args:
        number: of a `HostOperator` that lives, a tensor int64 ().
        x: float32 or float64.
        size: length of a result.
        adjoint: whether to multiply by the transpose.
    """
    on_host = _adjoint_on_host if adjoint else _forward_on_host
    result = tf.numpy_function(on_host, [number, x], x.dtype)
    result = tf.ensure_shape(result, (x.shape[0], size))
    return (_tie_adjoint if adjoint else _tie_forward)(result, number, x)


def _forward_on_host(number, x):
    return _operators[int(number)].product(x)


def _adjoint_on_host(number, y):
    return _operators[int(number)].product(y, adjoint=True)


@own_gradient
def _tie_forward(upstream, number, x):
    return None, host_product(number, upstream, x.shape[-1], adjoint=True)


@own_gradient
def _tie_adjoint(upstream, number, y):
    return None, host_product(number, upstream, y.shape[-1])
