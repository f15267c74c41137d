"""An upper bound on a chain's Lipschitz constant.

Sources: Xu and Sivaranjani, "ECLipsE: Efficient compositional Lipschitz constant
estimation for deep neural networks", NeurIPS 2024, for the bound through dense layers.
"""

import math

import numpy as np

from tf_gencs.theory.lipschitz.gram import rounding
from tf_gencs.theory.lipschitz.parts import DenseMap, Linear, Slope

_ROUNDED = 1 + rounding("float64")


def product_bound(parts):
    """The product of all norms and slopes, and the (name, number) that make it."""
    factors = [
        (part.name, part.norm())
        if isinstance(part, Linear)
        else (part.name, max(abs(part.low), part.high))
        for part in parts
    ]
    return math.prod(number for _, number in factors), factors


def dense_bound(parts):
    """ECLipsE-Fast: a bound that knows how the layers' directions meet.

    Of slopes in [0, s], Delta v = slope Delta u keeps c (s Delta u Delta v - Delta v^2)
    >= 0 for any c > 0, and so, with Delta u = W Delta w, Delta v^T X' Delta v <=
    Delta w^T X Delta w for X' = c I - (c s / 2)^2 W X^-1 W^T. The c of each layer is
    the one that makes the least eigenvalue of X' largest.

    Returns:
        A float; None where a layer is not dense, or a hidden activation falls.
    """
    layers, last = _layers(parts)
    if layers is None:
        return None
    form = np.eye(layers[0][0].shape[1])
    for matrix, slope in layers[:-1]:
        met = matrix @ np.linalg.solve(form, matrix.T)
        met = (met + met.T) / 2
        half = slope / 2
        # A hair too large, for the rounding of an eigenvalue.
        largest = np.linalg.eigvalsh(met)[-1] * _ROUNDED
        c = 1 / (2 * half**2 * largest)
        form = c * np.eye(len(met)) - (c * half) ** 2 * met
    matrix = layers[-1][0]
    met = matrix @ np.linalg.solve(form, matrix.T)
    largest = np.linalg.eigvalsh((met + met.T) / 2)[-1]
    return math.sqrt(max(largest, 0.0)) * _ROUNDED * last


def _layers(parts):
    """Pairs of a matrix and the slope behind it, and what follows the last matrix."""
    layers, last = [], 1.0
    for part in parts:
        if isinstance(part, DenseMap):
            if layers and layers[-1][1] is None:  # two matrices in a row are one
                layers[-1] = (part.matrix @ layers[-1][0], None)
            else:
                layers.append((part.matrix, None))
            last = 1.0
        elif isinstance(part, Slope) and layers and layers[-1][1] is None:
            layers[-1] = (layers[-1][0], part.high if part.low >= 0 else -1.0)
            last = max(abs(part.low), part.high)
        elif isinstance(part, Linear) and part.channels is None and layers:
            last = part.norm() * last
            layers[-1] = (layers[-1][0], -1.0)  # must not be followed by a matrix
        else:
            return None, None
    if not layers or any(not slope or slope < 0 for _, slope in layers[:-1]):
        return None, None
    return layers, last
