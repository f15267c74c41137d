"""What `recover` is given: y, A, by name where there are several data terms."""

import tensorflow as tf

from tf_gencs import checks
from tf_gencs.array_checks import short
from tf_gencs.layers import Measurement
from tf_gencs.layers.support import own_shape
from tf_gencs.recovery import sizes
from tf_gencs.recovery.settings import ONLY


def by_name(y, A, signal_size):
    """y and A as dicts from the same names; of one data term, it is `ONLY`.

    Args:
        y, A: as users give them.
        signal_size: how many values a signal has.

    Raises:
        TypeError: y measures.
        ValueError: names that are not those of the other, or no strings; a matrix as y.
    """
    terms = by_term(A)
    if not isinstance(A, dict):
        if isinstance(y, dict):
            raise TypeError(
                "`y` must be an array where `A` is one measurement: give what it "
                "measured alone, or both as dicts with the same names. "
                f"Received: a dict with {list(y)}, and {short(A)} as `A`"
            )
        _refuse_swapped(y, A, signal_size)
        return {ONLY: y}, terms
    if not isinstance(y, dict) or set(y) != set(A):
        received = list(y) if isinstance(y, dict) else short(y)
        raise ValueError(
            f"`y` must be a dict with the names of `A`, {sorted(A)}. "
            f"Received: {received}"
        )
    return y, terms


def by_term(A):
    """A as a dict from names of data terms; of one data term, it is `ONLY`.

    Raises:
        ValueError: no data term, or names that are no strings.
    """
    if not isinstance(A, dict):
        return {ONLY: A}
    if not A:
        raise ValueError("`A` must have at least one data term. Received: {}")
    if not all(isinstance(name, str) for name in A):
        raise ValueError(
            f"`A` must name its data terms by strings. Received: {list(A)}"
        )
    return A


def _refuse_swapped(y, A, signal_size):
    """Refuses y that measures, as in `recover(A, y)`."""
    rule = "`y` must hold measurements and `A` be what made them: `recover(y, A)`"
    if isinstance(y, (Measurement, tf.linalg.LinearOperator)) or callable(y):
        raise TypeError(f"{rule}. Received: {short(y)} as `y`")
    columns = [
        part.shape[1] if len(getattr(part, "shape", None) or ()) == 2 else None
        for part in (y, A)
    ]
    if columns[0] == signal_size and columns[1] not in (None, signal_size):
        raise ValueError(
            f"{rule}. Received: y of shape {tuple(y.shape)}, as a matrix has it that "
            f"measures {signal_size} values, and A of shape {tuple(A.shape)}"
        )


def check_batch_size(batch_size):
    """The integer of at least 1 that it is, or None where it is to be picked."""
    if batch_size is None or (isinstance(batch_size, str) and batch_size == "auto"):
        return None
    return checks.integer(batch_size, "batch_size")


def checked_y(y, data):
    """The y that data terms compare with: dict from names to arrays (batch, m)."""
    checked, first = {}, None
    for name, term in data.terms.items():
        argument = "y" if len(data.terms) == 1 else f"y[{name!r}]"
        if not term.needs_y:
            if y[name] is not None:
                raise ValueError(
                    f"`{argument}` must be None: its loss {term.loss.name!r} compares "
                    f"with nothing. Received: {y[name]!r}"
                )
            continue
        measurement = term.measurement
        m, own = measurement.measurements, own_shape.told(measurement)
        if y[name] is None:
            raise TypeError(
                f"`{argument}` must hold measurements (batch, {m}){own}: the loss "
                f"{term.loss.name!r} compares with them. Received: None"
            )
        flat = own_shape.flat(checks.array(y[name], argument), measurement)
        checked[name] = checks.float_array(flat, argument, (m,), data.dtype, own)
        sizes.check_y(checked[name], argument)
        first = first or name
        if len(checked[name]) != len(checked[first]):
            raise ValueError(
                f"`{argument}` must hold as many signals as `y[{first!r}]`, "
                f"{len(checked[first])}. Received: {len(checked[name])}"
            )
    if not checked:
        raise ValueError(
            "`y` must hold something to compare with: one data term at least needs a "
            f"loss that takes y. Received: {list(data.terms)}"
        )
    return checked


def check_travelling(observed, count):
    """Refuses other numbers of signals than a measurement of each signal's own has."""
    for brought in observed.values():
        for part in brought.values():
            if len(part) != count:
                raise ValueError(
                    f"`y` must hold {len(part)} signals: `A` has a measurement for "
                    f"each. Received: {count}"
                )
    return observed
