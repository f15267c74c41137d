"""Pairs of draws from the prior: what A makes of typical differences."""

import numpy as np


def chords(model, measure, draws, seed):
    """All pairs of some draws.

    Args:
        model: a `GenerativeModel`.
        measure: function from signals to tensors (batch, m).
        draws: how many; there are draws (draws - 1) / 2 pairs.
        seed: of the draws.

    Returns:
        Latents (pairs, 2, k), lengths ||d|| of differences d of their signals, and
        ||A d||, (pairs,) each. Pairs of one signal, if any, are left out.
    """
    z = model.draw_z(draws, seed, "chords")
    x = model.generate(z=z)
    y = np.asarray(measure(x))
    first, second = np.triu_indices(draws, 1)
    length, seen = (_distances(part)[first, second] for part in (x, y))
    apart = length > 1e-4 * np.median(length)
    pairs = np.stack([z[first], z[second]], axis=1)
    return pairs[apart], length[apart], seen[apart]


def _distances(rows):
    rows = rows.reshape(len(rows), -1).astype("float64")
    rows -= rows.mean(axis=0)
    squares = np.sum(rows**2, axis=1)
    products = rows @ rows.T
    return np.sqrt(np.maximum(squares[:, None] + squares - 2 * products, 0))
