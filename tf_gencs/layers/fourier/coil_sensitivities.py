"""How strongly each receiver coil of a scanner sees each place."""

import math

import numpy as np

from tf_gencs import checks

_MOST_COILS = 4096


def coil_sensitivities(coils, shape):
    """Smooth synthetic maps of coils on a ring around the image.

    Each falls off as a Gaussian of its distance, of half the ring's radius, and turns
    its phase by the direction to the coil; at every pixel the squared magnitudes sum to
    1, so that all coils together, fully sampled, keep lengths.

    Args:
        coils: their number, from 1 to 4096.
        shape: (height, width) of the image.

    Returns:
        Array of complex128 (coils, height, width).

    Raises:
        ValueError: an argument outside its range.

    Example:

    ```python
    coils = gencs.layers.coil_sensitivities(4, (28, 28))
    scan = gencs.layers.FourierMeasurement(np.ones((28, 28), bool), coils=coils)
    y = scan(x)
    ```
    """
    coils = checks.integer(coils, "coils", at_most=_MOST_COILS)
    height, width = checks.sizes(shape, "shape", length=2)
    y = np.linspace(-1, 1, height)[:, None]
    x = np.linspace(-1, 1, width)
    maps = []
    for coil in range(coils):
        angle = 2 * math.pi * coil / coils
        dy, dx = y - 1.5 * math.sin(angle), x - 1.5 * math.cos(angle)
        strength = np.exp(-(dy**2 + dx**2) / (2 * 0.75**2))
        maps.append(strength * np.exp(1j * np.arctan2(dy, dx)))
    maps = np.array(maps)
    return maps / np.sqrt(np.sum(np.abs(maps) ** 2, axis=0))


def checked_sensitivities(maps):
    """Returns given maps as complex128 (coils, height, width), or so, finite.

    Raises:
        TypeError: they hold no numbers.
        ValueError: another shape, NaN or infinity.
    """
    maps = checks.array(maps, "coils")
    if maps.dtype.kind not in "fciu":
        raise TypeError(
            f"`coils` must hold numbers. Received: an array of dtype {maps.dtype}"
        )
    if maps.ndim not in (2, 3, 4) or 0 in maps.shape:
        raise ValueError(
            "`coils` must have shape (coils, height, width), or (coils, length) or "
            f"(coils, depth, height, width). Received: {maps.shape}"
        )
    if not np.isfinite(maps).all():
        raise ValueError("`coils` must be finite. Received: NaN or infinity")
    return maps.astype(np.complex128)
