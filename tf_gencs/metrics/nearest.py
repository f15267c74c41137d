"""Distances to nearest neighbours, in pieces that fit into memory."""

import numpy as np

# Distances held at once: 32 MiB of float64.
_AT_ONCE = 2**22


def squared_distances(a, b):
    """Yields (rows, squared Euclidean distances from these rows of a to all of b).

    Args:
        a: float64 (n, d).
        b: float64 (m, d).

    Yields:
        slice of the rows of a, float64 (rows, m).
    """
    # The expansion of the square loses digits of rows far from zero.
    centre = b.mean(axis=0)
    a, b = a - centre, b - centre
    b_squares = np.square(b).sum(axis=1)
    step = max(1, _AT_ONCE // len(b))
    for i in range(0, len(a), step):
        part = a[i : i + step]
        squares = np.square(part).sum(axis=1)[:, None] + b_squares - 2 * part @ b.T
        yield slice(i, i + len(part)), np.maximum(squares, 0)


def neighbour_distances(rows, k=1):
    """Squared distance of each row to the k-th nearest other: (n, d) -> (n,)."""
    result = np.empty(len(rows))
    for part, squares in squared_distances(rows, rows):
        own = np.arange(part.start, part.stop)
        squares[own - part.start, own] = np.inf
        result[part] = np.partition(squares, k - 1, axis=1)[:, k - 1]
    return result
