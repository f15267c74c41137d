"""Argument checks that several parts share."""

import numbers
import sys

import keras
import numpy as np
import tensorflow as tf

from tf_gencs.array_checks import (
    array,
    channels_last,
    float_tensor,
    plain,
    real,
    tensor,
    whole,
)

__all__ = [
    "array",
    "channels_last",
    "choice",
    "finite_numbers",
    "flag",
    "float_array",
    "float_dtype",
    "float_policy",
    "float_tensor",
    "has_axes",
    "integer",
    "number",
    "outside_of_graphs",
    "plain",
    "real",
    "scale",
    "sizes",
    "tensor",
    "value_range",
    "whole",
]


def integer(value, argument, *, at_least=1, at_most=None):
    """Returns `value` as an int within the given bounds, else ValueError.

    Here and below an array or tensor of no axes is the number in it.
    """
    value = _number_in(value)
    valid = (
        isinstance(value, numbers.Integral)
        and not isinstance(value, bool)
        and value >= at_least
        and (at_most is None or value <= at_most)
    )
    if not valid:
        above = "" if at_most is None else f" and at most {at_most}"
        raise ValueError(
            f"`{argument}` must be an integer of at least {at_least}{above}. "
            f"Received: {value!r}"
        )
    return int(value)


def has_axes(value):
    """Whether it is more than one number: a sequence, or an array with axes."""
    shape = getattr(value, "shape", None)
    if shape is not None:
        return len(shape) > 0
    return isinstance(value, (list, tuple)) or np.ndim(value) > 0


def outside_of_graphs(what):
    """Refuses a call inside of a `tf.function` or `Dataset.map` by ValueError."""
    if not tf.executing_eagerly():
        raise ValueError(
            f"`{what}` must be called outside of `tf.function` and `Dataset.map`: it "
            "takes arrays. A loop over the data set, `for y in data:`, has them."
        )


def sizes(value, argument, length=None, at_most=None):
    """Returns a tuple of ints of 1 or more, `length` of them, else ValueError."""
    try:
        if isinstance(value, (str, bytes, dict, set, frozenset)):
            raise TypeError
        value = tuple(value)
    except (NotImplementedError, TypeError):
        raise ValueError(
            f"`{argument}` must be a tuple of integers. Received: {value!r}"
        ) from None
    if length not in (None, len(value)):
        raise ValueError(
            f"`{argument}` must hold {length} integers. Received: {value!r}"
        )
    return tuple(integer(size, argument, at_most=at_most) for size in value)


def flag(value, argument):
    """Returns a bool, else ValueError: "no" is not False."""
    value = _number_in(value)
    if not isinstance(value, (bool, np.bool_)):
        raise ValueError(f"`{argument}` must be True or False. Received: {value!r}")
    return bool(value)


def number(value, argument, *, above=None, at_least=None, below=None, at_most=None):
    """Returns `value` as a finite float within the given bounds, else ValueError."""
    value = _number_in(value)
    bounds = {
        "above": above,
        "at least": at_least,
        "below": below,
        "at most": at_most,
    }
    rule = " and".join(f" {k} {v}" for k, v in bounds.items() if v is not None)
    valid = (
        isinstance(value, numbers.Real)
        and not isinstance(value, bool)
        and _is_finite(value)
        and (above is None or value > above)
        and (at_least is None or value >= at_least)
        and (below is None or value < below)
        and (at_most is None or value <= at_most)
    )
    if not valid:
        raise ValueError(
            f"`{argument}` must be a finite number{rule}. Received: {value!r}"
        )
    return float(value)


def _number_in(value):
    """What an array or tensor without axes holds; anything else as it is."""
    if np.ma.isMaskedArray(value) or getattr(value, "shape", None) != ():
        return value
    try:
        return np.asarray(value).item()
    except (NotImplementedError, TypeError, ValueError):  # a tensor of a graph
        return value


def _is_finite(value):
    try:
        return abs(float(value)) < sys.float_info.max  # False for NaN
    except OverflowError:  # an integer beyond all floats
        return False


def finite_numbers(value, argument):
    """Returns a tuple of floats, at least one and all finite, else ValueError.

    What is no array at all, or lost its meaning as one, is a TypeError; see `array`.
    """
    items = array(value, argument).tolist()
    try:
        values = tuple(number(item, argument) for item in items)
    except TypeError:  # no sequence
        values = ()
    if not values:
        raise ValueError(
            f"`{argument}` must be a sequence of finite numbers. Received: {value!r}"
        )
    return values


def choice(value, argument, choices):
    """Returns `value` if it is one of these names, or a None among them.

    Raises:
        ValueError: it is not.
    """
    if not isinstance(value, (str, type(None))) or value not in choices:
        names = list(choices)
        raise ValueError(f"`{argument}` must be one of {names}. Received: {value!r}")
    return value


def float_policy(value, argument="dtype"):
    """Refuses what is no dtype or policy of Keras for floating-point numbers."""
    try:
        name = keras.dtype_policies.get(value).compute_dtype
    except (AttributeError, KeyError, TypeError, ValueError):
        name = None
    if name is None or not tf.as_dtype(name).is_floating:
        raise ValueError(
            f"`{argument}` must be a floating-point type or policy of Keras, such as "
            f"'float32' or 'mixed_float16', or None. Received: {value!r}"
        )


def float_dtype(value, argument):
    """Returns a floating-point `tf.DType`, else ValueError."""
    try:
        dtype = tf.as_dtype(value)
    except TypeError:
        dtype = None
    if dtype is None or not dtype.is_floating:
        raise ValueError(
            f"`{argument}` must be a floating-point type. Received: {value!r}"
        )
    return dtype


def value_range(value, argument="value_range", required=False):
    """Returns finite floats (low, high), or None if not `required`, else ValueError."""
    if value is None and not required:
        return None
    try:
        if isinstance(value, (str, bytes, dict)):  # whose items are others
            raise TypeError
        low, high = (number(bound, argument) for bound in value)
        with np.errstate(over="ignore"):
            width = np.float32(high) - np.float32(low)  # as images are
        valid = width > 0 and np.isfinite(width)
    except (NotImplementedError, TypeError, ValueError):
        valid = False
    if not valid:
        raise ValueError(
            f"`{argument}` must be {'' if required else 'None or '}finite (low, high) "
            f"with low < high. Received: {value!r}"
        )
    return low, high


def float_array(value, argument, shape=None, dtype=None, also=""):
    """Returns `value` as a finite array (batch, *shape) of floating-point numbers.

    Args:
        value: array-like of real numbers; integers and bools are the numbers they are.
        argument: its name, for the error message.
        shape: shape of one row; None is any.
        dtype: dtype to convert to; None keeps that of `value`, or takes Keras's
            `floatx` for integers and bools.
        also: what else may come, for the error message: ", or (batch, 14, 14)".

    Raises:
        TypeError: it does not hold real numbers.
        ValueError: wrong shape, NaN or infinity.
    """
    found = array(value, argument)
    if whole(found.dtype):
        found = found.astype(dtype or keras.config.floatx())
    real(found.dtype, argument)
    if found.ndim < 1 or (shape is not None and found.shape[1:] != tuple(shape)):
        sizes = "..." if shape is None else ", ".join(map(str, shape))
        raise ValueError(
            f"`{argument}` must have shape (batch, {sizes}){also}"
            f"{channels_last(found.shape, shape)}. Received: {found.shape}"
        )
    with np.errstate(over="ignore"):  # infinity says it
        found = found.astype(dtype or found.dtype, copy=False)
    if not np.isfinite(found).all():
        finite = np.isfinite(found).reshape(len(found), -1).all(axis=1)
        raise ValueError(
            f"`{argument}` must be finite. Received: NaN or infinity in "
            f"{np.count_nonzero(~finite)} of {len(found)} rows as {found.dtype}"
        )
    return found


def scale(value, argument, shape=None):
    """Returns a float32 array of scales, its own copy: of one number or many.

    Args:
        value: a number or an array-like of numbers, at least 0 and below 1e12.
        argument: its name, for the error message.
        shape: None, or what an array must have as its shape.

    Raises:
        ValueError: anything else.
    """
    try:
        found = array(value, argument)
    except TypeError as error:
        raise ValueError(str(error)) from error
    if found.dtype.kind not in "iuf" or not np.all((found >= 0) & (found < 1e12)):
        raise ValueError(
            f"`{argument}` must hold numbers of at least 0 and below 1e12. "
            f"Received: {value!r}"
        )
    if shape is not None and found.ndim and found.shape != tuple(shape):
        raise ValueError(
            f"`{argument}` must be a number or have the signal's shape {tuple(shape)}. "
            f"Received: shape {found.shape}"
        )
    return found.astype("float32")  # a copy
