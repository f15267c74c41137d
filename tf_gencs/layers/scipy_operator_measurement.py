"""A measurement made of a SciPy or PyLops linear operator."""

import keras
import numpy as np
import tensorflow as tf

from tf_gencs import checks
from tf_gencs.layers.measurement import Measurement
from tf_gencs.layers.support import copies
from tf_gencs.layers.support.host_operator import HostOperator, host_product
from tf_gencs.layers.support.lendable import Component
from tf_gencs.layers.support.wide_float import in_wide_float

_TOLERANCES = {"float32": 1e-3, "float64": 1e-6}


@keras.saving.register_keras_serializable(package="tf_gencs")
class ScipyOperatorMeasurement(Measurement):
    """y = A vec(x) for a linear operator that computes in Python.

    That is a `scipy.sparse.linalg.LinearOperator`, an operator of PyLops, or any object
    with `shape`, `matvec` and `rmatvec`. Its `rmatvec` is the adjoint, and by it
    gradients flow; `matmat` and `rmatmat` take whole batches where it has them. Every
    product goes from TensorFlow to Python and back: a `Measurement` of TensorFlow ops
    is faster, and only such a one can be exported, saved or compiled by XLA. This one
    can be copied, and pickled if the operator can. Operators of one shape share a
    program.

    Args:
        operator: real operator (m, n), where n is the number of values of a signal, in
            C order.
        **kwargs: as for `keras.layers.Layer`.

    Raises:
        TypeError: no such operator, or a complex one.
        ValueError: its shape is not (m, n) with m and n of at least 1, a product fails
            or is not finite, or `rmatvec` is not the adjoint of `matvec`, by a test on
            random vectors; when built: n does not match the signals.

    Example:

    ```python
    import scipy.sparse.linalg

    sums = scipy.sparse.linalg.LinearOperator(
        (28, 784),
        matvec=lambda v: v.reshape(28, 28).sum(axis=1),
        rmatvec=lambda y: np.repeat(y, 28),
    )
    A = gencs.layers.ScipyOperatorMeasurement(sums)
    y = A(x)  # (batch, 28): the sum of each row of pixels
    ```
    """

    _structural = ()

    def __init__(self, operator, **kwargs):
        shape = _checked_shape(operator)
        super().__init__(measurements=shape[0], **kwargs)
        self.operator_shape = shape
        self.supports_jit = False  # XLA does not call Python
        self._held = HostOperator(operator)
        _check_products(self._held)
        self._number = Component(lambda: tf.constant(self._held.number, tf.int64))

    @property
    def operator(self):
        return self._held.operator

    def _sources(self):
        return [(self._number, False)]

    @property
    def _told_size(self):
        return self.operator_shape[1]

    def build(self, input_shape):
        super().build(input_shape)
        if self.operator_shape[1] != self.signal_size:
            raise ValueError(
                f"`A` must have {self.signal_size} columns, one per value of a signal "
                f"of shape {self.signal_shape}. Received: {self.operator_shape}"
            )

    def _measure(self, x):
        return self._product(self._flatten(x), self.measurements)

    def _measure_adjoint(self, y):
        return self._unflatten(self._product(y, self.signal_size, adjoint=True))

    def _product(self, x, size, adjoint=False):
        number = self._number.value
        return in_wide_float(lambda x: host_product(number, x, size, adjoint), x)

    def get_config(self):
        operator = copies.Unsaved(
            self.operator,
            "A measurement made of an operator in Python cannot be saved: save the "
            "operator's matrix, or write a `Measurement` subclass.",
        )
        return {**super().get_config(), "operator": operator}

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "operator": copies.from_config(config["operator"])})


def is_python_operator(A):
    """Whether it is made like an operator of SciPy, which need not be installed."""
    return hasattr(A, "shape") and hasattr(A, "matvec")


def _checked_shape(operator):
    if not is_python_operator(operator) or isinstance(operator, type):
        raise TypeError(
            "`operator` must have `shape`, `matvec` and `rmatvec`, as operators of "
            f"`scipy.sparse.linalg` and PyLops do. Received: {operator!r}"
        )
    dtype = getattr(operator, "dtype", None)
    if dtype is not None:
        checks.real(np.dtype(dtype), "A")
    shape = tuple(operator.shape)
    if len(shape) != 2 or min(shape) < 1:
        raise ValueError(
            f"`A` must have shape (m, n) with m and n of at least 1. Received: {shape}"
        )
    return tuple(map(int, shape))


def _check_products(held):
    """Refuses an operator whose products fail, or belong to no one matrix."""
    operator = held.operator
    m, n = operator.shape
    dtype = np.dtype(getattr(operator, "dtype", None) or "float64")
    dtype = np.dtype("float32") if dtype.kind == "f" and dtype.itemsize < 8 else float
    rng = np.random.default_rng(0)
    u, v = rng.normal(size=(2, n)), rng.normal(size=(2, m))
    Au = _tried(held, "matvec", u.astype(dtype))
    lengths = np.linalg.norm(Au)
    if lengths:  # an adjoint of another size would not be seen by random v alone
        v += Au * (np.linalg.norm(v) / lengths)
    back = _tried(held, "rmatvec", v.astype(dtype))
    left, right = np.sum(Au * v), np.sum(u * back)
    scale = max(lengths * np.linalg.norm(v), np.linalg.norm(back) * np.linalg.norm(u))
    if abs(left - right) > _TOLERANCES[np.dtype(dtype).name] * scale:
        raise ValueError(
            "`A` must have an `rmatvec` that is the adjoint of its `matvec`: <A u, v> "
            f"must equal <u, A^T v>. Received: {left:.6g} and {right:.6g}, of "
            f"{operator!r}"
        )


def _tried(held, product, x):
    try:
        result = held.product(x, adjoint=product == "rmatvec")
    except Exception as error:
        rule = "" if product == "matvec" else ", by which gradients flow back"
        raise ValueError(
            f"`A` must have a `{product}`{rule}. Received: {held.operator!r}, which "
            f"failed on shape {x.shape[1:]} with {type(error).__name__}: {error}"
        ) from error
    if not np.isfinite(result).all():
        raise ValueError(
            f"`A` must be finite. Received: {held.operator!r}, whose `{product}` gives "
            "NaN or infinity for finite numbers"
        )
    return result.astype("float64")
