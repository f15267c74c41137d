"""Masks as users give them, and as configs hold them: a bit per value."""

import base64
import math

import numpy as np

from tf_gencs import checks


def checked(mask, ranks):
    """Returns a mask as an array of bool of one of these ranks, with something kept.

    Raises:
        TypeError: it holds anything but bool.
        ValueError: another rank, or nothing is kept.
    """
    mask = np.array(checks.array(mask, "mask"))  # a copy: callers write into theirs
    if mask.dtype != bool:
        fix = " (`.astype(bool)` makes it so)" if mask.dtype.kind in "iuf" else ""
        raise TypeError(
            f"`mask` must hold bool, True where values are kept{fix}. "
            f"Received: an array of dtype {mask.dtype}"
        )
    if mask.ndim not in ranks:
        raise ValueError(
            f"`mask` must have rank {' or '.join(map(str, ranks))}. "
            f"Received: shape {mask.shape}"
        )
    if not mask.any():
        raise ValueError("`mask` must keep at least one value. Received: none kept")
    return mask


def pack(mask):
    """An array of bool as a dict that JSON can hold."""
    bits = base64.b64encode(np.packbits(mask).tobytes()).decode()
    return {"shape": list(mask.shape), "bits": bits}


def unpack(packed):
    """The array of bool that `pack` packed."""
    bits = np.frombuffer(base64.b64decode(packed["bits"]), np.uint8)
    count = math.prod(packed["shape"])
    return np.unpackbits(bits, count=count).astype(bool).reshape(packed["shape"])
