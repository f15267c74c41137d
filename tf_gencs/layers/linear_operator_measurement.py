"""A measurement made of a TensorFlow linear operator."""

import keras
import numpy as np
import tensorflow as tf

from tf_gencs import lookup
from tf_gencs.layers.measurement import Measurement
from tf_gencs.layers.support import copies, operator_config
from tf_gencs.layers.support.lendable import Component


@keras.saving.register_keras_serializable(package="tf_gencs")
class LinearOperatorMeasurement(Measurement):
    """y = A vec(x) for a `tf.linalg.LinearOperator` of shape (m, n).

    Its config holds the operator's class and what it was made with, as far as that is
    of `tf.linalg`; operators of other classes cannot be saved.

    Args:
        operator: unbatched real operator (m, n).
        **kwargs: as for `keras.layers.Layer`; the dtype is that of the operator, unless
            another is given.

    Raises:
        TypeError: no operator, or a complex one.
        ValueError: its shape is not (m, n) with m of at least 1; when built: n does
            not match the signals.

    Example:

    ```python
    identity = tf.linalg.LinearOperatorIdentity(28)
    matrix = tf.linalg.LinearOperatorFullMatrix(tf.ones((5, 28)) / 28)
    rows = tf.linalg.LinearOperatorKronecker([matrix, identity])
    A = gencs.layers.LinearOperatorMeasurement(rows)
    y = A(x)  # (batch, 140)
    ```
    """

    _structural = ()

    def __init__(self, operator, **kwargs):
        if not isinstance(operator, tf.linalg.LinearOperator):
            raise TypeError(
                "`operator` must be a tf.linalg.LinearOperator. "
                f"Received: {lookup.received(operator)}"
            )
        if not operator.dtype.is_floating:
            raise TypeError(
                "`A` must hold real numbers, as an operator of a floating-point type "
                f"does. Received: dtype {operator.dtype.name}"
            )
        if operator.shape.rank != 2 or None in operator.shape or 0 in operator.shape:
            raise ValueError(
                "`A` must have shape (m, n) with m and n of at least 1. "
                f"Received: {operator.shape}"
            )
        if kwargs.get("dtype") is None:
            kwargs["dtype"] = operator.dtype.name
        super().__init__(measurements=operator.shape[0], **kwargs)
        self._given = _with_own_tensors(operator)
        count = len(_components(operator))
        self._components = tuple(
            Component(lambda i=i: _components(operator)[i]) for i in range(count)
        )

    @property
    def _operator(self):
        """The operator with the components that are lent, or else its own."""
        parts = [component.lent for component in self._components]
        if all(part is None for part in parts):
            return self._given
        return tf.nest.pack_sequence_as(self._given, parts, expand_composites=True)

    def _sources(self):
        return [(component, False) for component in self._components]

    def _inner_structure(self):
        if not _is_composite(self._given):
            return None
        return (tf.type_spec_from_value(self._given),)

    @property
    def _told_size(self):
        return self._given.shape[1]

    def build(self, input_shape):
        super().build(input_shape)
        if self._operator.shape[1] != self.signal_size:
            raise ValueError(
                f"`A` must have {self.signal_size} columns, one per value of a signal "
                f"of shape {self.signal_shape}. Received: {self._operator.shape}"
            )

    def as_linear_operator(self):
        self._require_linear("as_linear_operator")
        if self._operator.dtype != self.compute_dtype:
            return super().as_linear_operator()
        return self._operator  # it may know better ways to solve with it

    def _measure(self, x):
        x = tf.cast(self._flatten(x), self._operator.dtype)
        return tf.cast(self._operator.matvec(x), self.compute_dtype)

    def _measure_adjoint(self, y):
        y = tf.cast(y, self._operator.dtype)
        x = self._operator.matvec(y, adjoint=True)
        return tf.cast(self._unflatten(x), self.compute_dtype)

    def get_config(self):
        try:
            operator = operator_config.described(self._given)
        except NotImplementedError as error:
            operator = copies.Unsaved(self._given, str(error))
        return {**super().get_config(), "operator": operator}

    @classmethod
    def from_config(cls, config):
        operator = config["operator"]
        if isinstance(operator, dict):
            operator = operator_config.made(operator)
        operator = copies.from_config(operator)
        return cls(**{**config, "operator": operator})


def _with_own_tensors(operator):
    """The operator with copies of its tensors: they may lie in the caller's arrays."""
    parts = _components(operator)
    if not any(_is_eager(part) for part in parts):
        return operator
    copied = [tf.constant(np.array(p)) if _is_eager(p) else p for p in parts]
    return tf.nest.pack_sequence_as(operator, copied, expand_composites=True)


def _is_eager(part):
    """Whether it is a tensor with numbers, and no variable, which may change."""
    return isinstance(part, tf.Tensor) and hasattr(part, "numpy")


def _is_composite(operator):
    """Whether it, and all inside it, can be taken apart and made again."""
    inside = (operator, *operator.submodules)
    return all(
        _makes_its_own_type(part)
        for part in inside
        if isinstance(part, tf.linalg.LinearOperator)
    )


def _makes_its_own_type(operator):
    try:
        spec = tf.type_spec_from_value(operator)
    except TypeError:  # a class that hides what it is made of
        return False
    # A class of the user's own has the specification of the one it inherits from.
    return spec is not None and spec.value_type is type(operator)


def _components(operator):
    """The tensors and variables that an operator is made of, where it tells."""
    if not _is_composite(operator):
        return []
    return tf.nest.flatten(operator, expand_composites=True)
