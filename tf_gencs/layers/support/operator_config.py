"""Operators of `tf.linalg` in configs: their class and what it was made with."""

import tensorflow as tf

from tf_gencs import array_config

_CLASS = "tf.linalg"  # key of the class's name, beside those of its arguments


def described(operator):
    """A `tf.linalg.LinearOperator` as a dict that JSON can hold.

    Raises:
        NotImplementedError: the operator, or one inside of it, is of another class.
    """
    name = type(operator).__name__
    if getattr(tf.linalg, name, None) is not type(operator):
        raise NotImplementedError(
            "A measurement made of a `tf.linalg.LinearOperator` can be described if "
            "that is of a class of `tf.linalg`: save the operator's matrix, or write a "
            f"`Measurement` subclass. Received: {type(operator)!r}"
        )
    parameters = operator.parameters.items()
    return {_CLASS: name, **{key: _described(value) for key, value in parameters}}


def made(config):
    """The operator that was described."""
    config = dict(config)
    kind = getattr(tf.linalg, config.pop(_CLASS))
    return kind(**{key: _made(value) for key, value in config.items()})


def _described(value):
    if isinstance(value, tf.linalg.LinearOperator):
        return described(value)
    if isinstance(value, (list, tuple)):
        return [_described(part) for part in value]
    if isinstance(value, tf.DType):
        return value.name
    if hasattr(value, "__array__"):
        return array_config.exact(value)
    return value


def _made(value):
    if isinstance(value, dict) and _CLASS in value:
        return made(value)
    if isinstance(value, list):
        return [_made(part) for part in value]
    return array_config.deserialize(value)
