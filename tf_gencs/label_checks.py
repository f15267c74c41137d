"""Checks of labels as users give them: columns by name, states from 0."""

from collections.abc import Mapping

import numpy as np

from tf_gencs.array_checks import short

__all__ = ["check_named", "labels", "named", "refuse_masked"]


def named(columns):
    """Whether it is a dict or a DataFrame: columns that go by name."""
    return isinstance(columns, Mapping) or hasattr(columns, "columns")


def refuse_masked(values, where):
    """ValueError for a masked array: what is masked would count as known."""
    if np.ma.isMaskedArray(values):
        raise ValueError(
            f"`{where}` must have no masked values: leave these rows out, or make "
            "unknown a state of its own. Received: a masked array"
        )


def check_named(columns, argument, names):
    """Refuses what is no dict of columns or DataFrame with all these names.

    Raises:
        TypeError: no such thing: an array has no names.
        ValueError: a name without a column.
    """
    if not named(columns):
        raise TypeError(
            f"`{argument}` must be a dict of arrays or a DataFrame: columns go by "
            "name, never by place; `dict(zip(names, columns))` makes one. "
            f"Received: {short(columns)}"
        )
    missing = [name for name in names if name not in columns]
    if missing:
        raise ValueError(
            f"`{argument}` must have a column for each of {list(names)}. "
            f"Missing: {missing}. Received: {sorted(map(str, columns))}"
        )


def labels(values, states, where, shape):
    """An array of states, int32, or of numbers in [0, 1], float32, else ValueError.

    Args:
        values: array-like of integers, booleans or whole floats.
        states: how many there are; None for numbers in [0, 1].
        where: name of the argument, for the error message.
        shape: shape it must have; None within for any length.
    """
    rule = "numbers in [0, 1]" if states is None else f"states in 0..{states - 1}"
    what = f"one of the {rule}" if shape == () else f"{rule}, shape {_words(shape)}"
    refuse_masked(values, where)
    try:
        array = np.asarray(values)
    except (TypeError, ValueError):
        array = np.array(None)
    if array.dtype.kind not in "biuf":
        names = array.ndim and array.dtype.kind in "OSTU"
        way = ": `np.unique(column, return_inverse=True)[1]` numbers names"
        raise ValueError(
            f"`{where}` must be {what}{way if names else ''}. Received: {short(values)}"
        )
    if len(shape) != array.ndim or any(
        size not in (None, own) for size, own in zip(shape, array.shape, strict=True)
    ):
        raise ValueError(f"`{where}` must be {what}. Received: shape {array.shape}")
    if states is None:
        good = (array >= 0) & (array <= 1)
    else:
        good = np.isin(array, np.arange(states))
    if not good.all():
        wrong = np.unique(array[~good])[:5].tolist()
        raise ValueError(
            f"`{where}` must be {what}. Received: {wrong[0] if shape == () else wrong}"
        )
    return array.astype("float32" if states is None else "int32")


def _words(shape):
    sizes = ["n" if size is None else str(size) for size in shape]
    return f"({sizes[0]},)" if len(sizes) == 1 else f"({', '.join(sizes)})"
