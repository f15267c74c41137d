"""Whether images lie in the range that they are taken to be in."""

import warnings

import numpy as np

__all__ = ["LOOSE", "STRICT", "check", "judge", "misfit", "refuse", "warn"]

STRICT = 0.01  # of the range's width, that images may leave it by: rounding
LOOSE = 0.25  # that recovered, generated or noisy ones may


def misfit(least, largest, value_range, images="The images", slack=STRICT):
    """What is wrong with pixels from `least` to `largest`, and the way out.

    Args:
        least, largest: numbers.
        value_range: (low, high), or None if anything goes.
        images: what they are, to begin a sentence with.
        slack: share of the range's width that they may leave it by.

    Returns:
        A sentence; None if nothing is wrong.
    """
    if value_range is None:
        return None
    low, high = value_range
    if not (np.isfinite(least) and np.isfinite(largest)):
        return f"{images} must be finite. Received: values from {least} to {largest}"
    width, middle = high - low, (low + high) / 2
    outside = least < low - slack * width or largest > high + slack * width
    half = least >= middle and largest > least
    if not (outside or half):
        return None
    rule = "leave" if outside else "use only the upper half of"
    if outside and least >= 0 and 1 < largest <= 255:
        was = (0.0, 255.0)
    elif outside and least >= -1 - STRICT * width and largest <= 1 + STRICT * width:
        was = (-1.0, 1.0)
    elif half and not outside:
        was = (middle, high)
    else:
        was = (least, largest)
    scale = width / ((was[1] - was[0]) or 1.0)
    offset = low - scale * was[0]
    return (
        f"{images} must be in range: values from {least:g} to {largest:g} {rule} the "
        f"`value_range` ({low:g}, {high:g}): scale them, by "
        f"`x * {scale:.6g} + {offset:.6g}` say. The pipelines of `gencs.datasets` take "
        "`value_range=`."
    )


def judge(
    least, largest, value_range, images, tolerated=STRICT, *, quiet=False, stacklevel=3
):
    """Refuses pixels far out of range, and warns of what else `misfit` tells.

    That may be right: a single bright image uses the upper half, say.

    Args:
        least, largest, value_range, images: as for `misfit`.
        tolerated: share of the range's width that pixels may leave it by with a mere
            warning.
        quiet: True to warn of nothing.

    Returns:
        Whether it warned.

    Raises:
        ValueError: they leave it by more, or are not finite.
    """
    message = misfit(least, largest, value_range, images)
    if message is None:
        return False
    low, high = value_range
    reach = tolerated * (high - low)
    # NaN fails both.
    if not (least >= low - reach and largest <= high + reach):
        raise ValueError(message)
    if not quiet:
        warnings.warn(message, stacklevel=stacklevel)
    return not quiet


def refuse(images, value_range, argument, slack=STRICT):
    """Raises ValueError for an array of images that `misfit` has a sentence on."""
    message = _message(images, value_range, argument, slack)
    if message:
        raise ValueError(message)


def check(images, value_range, argument, stacklevel=3, tolerated=STRICT):
    """Refuses an array out of range, and warns of one in its upper half alone.

    Args:
        images, value_range: as for `judge`, and an array.
        argument: its name.
        tolerated: as for `judge`.
    """
    if np.size(images):
        ends = float(np.min(images)), float(np.max(images))
        judged = (*ends, value_range, f"`{argument}`", tolerated)
        judge(*judged, stacklevel=stacklevel + 1)


def warn(images, value_range, argument, slack=STRICT, stacklevel=3, noisy=False):
    """Warns of an array of images that `misfit` has a sentence on.

    With `noisy` not where they leave the range at both ends, as noise does: images of
    another range hardly ever do.
    """
    if noisy and value_range is not None and np.size(images):
        low, high = value_range
        if np.min(images) < low and np.max(images) > high:
            return
    message = _message(images, value_range, argument, slack)
    if message:
        warnings.warn(message, stacklevel=stacklevel)


def _message(images, value_range, argument, slack):
    if value_range is None or not np.size(images):
        return None
    ends = float(np.min(images)), float(np.max(images))
    return misfit(*ends, value_range, f"`{argument}`", slack)
