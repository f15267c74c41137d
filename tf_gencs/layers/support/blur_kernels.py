"""The kernels of a blur: by name, as users give them, and as configs hold them."""

import math

import numpy as np

from tf_gencs import checks

MAX_SIZE = 2**20  # pixels of a kernel: no image is longer


def named(name, factor, sigma, size):
    """The kernel of one axis, float64 (taps,), of sum 1.

    Raises:
        ValueError: an unknown name, or sizes out of range.
    """
    if name == "gaussian":
        return _gaussian(factor, sigma, size)
    if name != "box":
        raise ValueError(
            f"`kernel` must be 'gaussian', 'box' or numbers. Received: {name!r}"
        )
    size = size or factor
    if size > MAX_SIZE:
        raise ValueError(
            f"`factor` must be at most {MAX_SIZE} for a box. Received: {size}"
        )
    return np.full(size, 1 / size)


def given(kernel):
    """Copies of kernels: 1-D, for all axes or for each; or one of 2 or 3 axes.

    Returns:
        Tuple of float64 arrays.

    Raises:
        TypeError: they are no arrays of real numbers.
        ValueError: another shape, NaN or infinity.
    """
    parts = kernel if isinstance(kernel, (list, tuple)) else ()
    each = len(parts) == 2 or (len(parts) == 3 and isinstance(kernel, tuple))
    if each and all(_axes(part) == 1 for part in parts):
        return tuple(_numbers(part, kernel) for part in parts)
    return (_numbers(kernel, kernel),)


def for_axes(kernels, count, name):
    """Kernels of signals with `count` axes of places: one for each, or one for all.

    Raises:
        ValueError: there are more or fewer, or one has another number of axes.
    """
    if len(kernels) == 1 and kernels[0].ndim == 1:
        return kernels * count
    found = kernels[0].ndim if len(kernels) == 1 else len(kernels)
    if found != count:
        raise ValueError(
            f"`kernel` must be one 1-D array, {count} of them, or an array of {count} "
            f"axes for the signals of `{name}`. Received: "
            f"{' and '.join(f'shape {kernel.shape}' for kernel in kernels)}"
        )
    return kernels


def pack(kernels):
    """What `given` gave, as a config holds it."""
    rows = [kernel.tolist() for kernel in kernels]
    if len(rows) == 2:
        return rows
    if len(rows) == 3:
        return {"each": rows}
    return rows[0] if kernels[0].ndim == 1 else {"whole": rows[0]}


def unpack(packed):
    """What `given` takes, of what `pack` made; a name as it is."""
    if not isinstance(packed, dict):
        return packed
    return tuple(packed["each"]) if "each" in packed else np.array(packed["whole"])


def _gaussian(factor, sigma, size):
    sigma = factor / 2 if sigma is None else sigma
    if size is None:
        size = math.ceil(min(6 * sigma, MAX_SIZE)) + 1
        size += (size - factor) % 2
    if size > MAX_SIZE:
        raise ValueError(
            f"`sigma` (None: factor / 2) must give a kernel of at most {MAX_SIZE} "
            f"pixels. Received: {sigma}"
        )
    at = np.arange(size) - (size - 1) / 2
    kernel = np.exp(-((at / sigma) ** 2) / 2)
    total = kernel.sum()
    if not total > 0:
        raise ValueError(
            "`sigma` must be large enough to weigh the pixels nearest to the centre. "
            f"Received: {sigma} with size {size}"
        )
    return kernel / total


def _axes(part):
    try:
        return np.ndim(part)
    except (NotImplementedError, TypeError, ValueError):  # no array
        return None


def _numbers(part, kernel):
    """A copy of a part of `kernel`, as it was given, in float64."""
    array = checks.array(part, "kernel")
    if array.dtype.kind not in "iufb":
        raise TypeError(
            f"`kernel` must be 'gaussian', 'box' or real numbers. Received: {kernel!r}"
        )
    if array.ndim not in (1, 2, 3) or not array.size or not np.isfinite(array).all():
        raise ValueError(
            "`kernel` must be one or two 1-D arrays of finite numbers, three for "
            f"volumes, or one array of 2 or 3 axes. Received: {kernel!r}"
        )
    return array.astype(np.float64)
