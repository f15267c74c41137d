"""Argument checks that several parts share."""

import numbers

import numpy as np


def positive_int(value, argument):
    """Returns `value` as an int; ValueError unless it is an integer of 1 or more."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < 1:
        raise ValueError(
            f"`{argument}` must be an integer of at least 1. Received: {value!r}"
        )
    return int(value)


def number(value, argument, *, above=None, at_least=None, below=None):
    """Returns `value` as a finite float within the given bounds, else ValueError."""
    rules = {"above": above, "at least": at_least, "below": below}
    rule = " and ".join(f"{k} {v}" for k, v in rules.items() if v is not None)
    valid = (
        isinstance(value, numbers.Real)
        and not isinstance(value, bool)
        and abs(value) < float("inf")
        and (above is None or value > above)
        and (at_least is None or value >= at_least)
        and (below is None or value < below)
    )
    if not valid:
        raise ValueError(
            f"`{argument}` must be a finite number {rule}. Received: {value!r}"
        )
    return float(value)


def value_range(value, argument="value_range"):
    """Returns None, or (low, high) as floats; ValueError unless low < high."""
    if value is None:
        return None
    try:
        low, high = value
        valid = low < high
    except (TypeError, ValueError):
        valid = False
    if not valid:
        raise ValueError(
            f"`{argument}` must be None or (low, high) with low < high. "
            f"Received: {value!r}"
        )
    return float(low), float(high)


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
        raise TypeError(
            f"`{argument}` must hold floating-point numbers; use `.astype('float32')` "
            f"if that is what they mean. Received: dtype {array.dtype}"
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
