"""Argument checks that several parts share."""

import math
import numbers
import sys

import keras
import numpy as np


def integer(value, argument, *, at_least=1, at_most=None):
    """Returns `value` as an int within the given bounds, else ValueError."""
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


def sizes(value, argument, length=None):
    """Returns a tuple of ints of 1 or more, `length` of them, else ValueError."""
    try:
        if isinstance(value, (str, bytes, dict)):
            raise TypeError
        value = tuple(value)
    except TypeError:
        raise ValueError(
            f"`{argument}` must be a tuple of integers. Received: {value!r}"
        ) from None
    if length not in (None, len(value)):
        raise ValueError(
            f"`{argument}` must hold {length} integers. Received: {value!r}"
        )
    return tuple(integer(size, argument) for size in value)


def flag(value, argument):
    """Returns a bool, else ValueError: "no" is not False."""
    if not isinstance(value, (bool, np.bool_)):
        raise ValueError(f"`{argument}` must be True or False. Received: {value!r}")
    return bool(value)


def number(value, argument, *, above=None, at_least=None, below=None, at_most=None):
    """Returns `value` as a finite float within the given bounds, else ValueError."""
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


def _is_finite(value):
    try:
        return abs(float(value)) < sys.float_info.max  # False for NaN
    except OverflowError:  # an integer beyond all floats
        return False


def finite_numbers(value, argument):
    """Returns a tuple of floats, at least one, all finite, else ValueError."""
    try:
        values = tuple(number(item, argument) for item in np.asarray(value).tolist())
    except TypeError:  # no sequence
        values = ()
    if not values:
        raise ValueError(
            f"`{argument}` must be a sequence of finite numbers. Received: {value!r}"
        )
    return values


def value_range(value, argument="value_range", required=False):
    """Returns finite floats (low, high), or None if not `required`, else ValueError."""
    if value is None and not required:
        return None
    try:
        if isinstance(value, (str, bytes, dict)):
            raise TypeError
        low, high = map(float, value)
        valid = low < high and math.isfinite(low) and math.isfinite(high)
    except (OverflowError, TypeError, ValueError):
        valid = False
    if not valid:
        raise ValueError(
            f"`{argument}` must be {'' if required else 'None or '}finite (low, high) "
            f"with low < high. Received: {value!r}"
        )
    return low, high


def float_array(value, argument, shape, dtype=None):
    """Returns `value` as a finite array (batch, *shape) of floating-point numbers.

    Args:
        value: array-like.
        argument: its name, for the error message.
        shape: shape of one row.
        dtype: dtype to convert to; None keeps that of `value`.

    Raises:
        TypeError: it does not hold floating-point numbers.
        ValueError: wrong shape, NaN or infinity.
    """
    try:
        array = np.asarray(value)
    except (TypeError, ValueError) as error:
        raise TypeError(f"`{argument}` must be an array: {error}") from error
    if not (np.issubdtype(array.dtype, np.floating) or array.dtype.name == "bfloat16"):
        whole = np.issubdtype(array.dtype, np.integer)
        way_out = " (`.astype('float32')` makes them so)" if whole else ""
        raise TypeError(
            f"`{argument}` must hold floating-point numbers{way_out}. "
            f"Received: {type(value).__name__} of dtype {array.dtype}"
        )
    if array.ndim != len(shape) + 1 or array.shape[1:] != tuple(shape):
        sizes = ", ".join(str(size) for size in shape)
        raise ValueError(
            f"`{argument}` must have shape (batch, {sizes}). Received: {array.shape}"
        )
    with np.errstate(over="ignore"):  # infinity says it
        array = array.astype(dtype or array.dtype, copy=False)
    if not np.isfinite(array).all():
        finite = np.isfinite(array).reshape(len(array), -1).all(axis=1)
        raise ValueError(
            f"`{argument}` must be finite. Received: NaN or infinity in "
            f"{np.count_nonzero(~finite)} of {len(array)} rows as {array.dtype}"
        )
    return array


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
        array = np.asarray(value)
    except ValueError:  # rows of unequal lengths
        array = np.asarray(None)
    if array.dtype.kind not in "iuf" or not np.all((array >= 0) & (array < 1e12)):
        raise ValueError(
            f"`{argument}` must hold numbers of at least 0 and below 1e12. "
            f"Received: {value!r}"
        )
    if shape is not None and array.ndim and array.shape != tuple(shape):
        raise ValueError(
            f"`{argument}` must be a number or have the signal's shape {tuple(shape)}. "
            f"Received: shape {array.shape}"
        )
    return array.astype("float32")  # a copy


def image_shape(shape, name):
    """Returns (height, width, channels), else ValueError naming the layer."""
    if len(shape) != 3:
        raise ValueError(
            f"`{name}` must be built on images (height, width, channels). "
            f"Received: signals of shape {tuple(shape)}"
        )
    return tuple(shape)


def one_of(value, argument, choices):
    """Returns `value` if it is one of the names, else ValueError."""
    if not isinstance(value, (str, type(None))) or value not in choices:
        raise ValueError(
            f"`{argument}` must be one of {list(choices)}. Received: {value!r}"
        )
    return value


def dtype_policy(value, argument="dtype"):
    """Returns `value` if Keras makes a dtype policy of it, else ValueError."""
    try:
        keras.dtype_policies.get(value)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise ValueError(
            f"`{argument}` must be None, a Keras dtype or a policy, such as 'float32' "
            f"or 'mixed_float16'. Received: {value!r}"
        ) from error
    return value
