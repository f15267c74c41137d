"""What is too large for the memory of the machine, before it is asked for."""

import os

import tensorflow as tf


def refuse_too_large(numbers, dtype, argument, way_out):
    """Refuses what takes more bytes than the machine has.

    Args:
        numbers: how many.
        dtype: of them.
        argument: what made them so many, for the error message.
        way_out: what to do, for the error message: a clause.

    Raises:
        ValueError: they do not fit; where the machine does not tell, they always do.
    """
    needed, there = numbers * tf.as_dtype(dtype).size, _bytes()
    if there is not None and needed > there:
        raise ValueError(
            f"`{argument}` must leave room in memory: {way_out}. Received: what takes "
            f"{_giga(needed)} in {tf.as_dtype(dtype).name}, where there are "
            f"{_giga(there)}"
        )


def refuse_dense(measurement):
    """Refuses the whole matrix of a built measurement where it does not fit."""
    m, n = measurement.measurements, measurement.signal_size
    refuse_too_large(
        m * n,
        measurement.signal_dtype,
        "to_dense",
        f"the matrix is ({m}, {n}); `as_linear_operator` multiplies without it",
    )


def _bytes():
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):  # not on every system
        return None


def _giga(size):
    return f"{size / 1e9:,.0f} GB"
