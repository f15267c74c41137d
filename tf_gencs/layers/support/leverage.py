"""What each row of a measurement sees of a model's signals, and rows drawn by it.

The leverage of row u is the mean over latents z of ||Q^T u||^2, where Q holds
orthonormal tangents of the generator's range at z: of k directions that orthonormal
rows have to tell apart, u tells so many. Over all rows of a basis it sums to k.

Rows are kept with chances in proportion to it, at most 1: those that matter most are
kept always, others by chance. Sources: Berk et al., "Model-adapted Fourier sampling for
generative compressed sensing", NeurIPS 2023 workshop; systematic sampling: Madow, "On
the theory of systematic sampling, II", 1949.
"""

import numpy as np

from tf_gencs import checks, seeds

DRAWS = 100  # latents, unless told otherwise


def shares(model, measure, draws=None, seed=0):
    """What every row holds of the tangents at latents, one latent after the other.

    Args:
        model: a model that has `draw_z` and `tangents`, as `GenerativeModel`s do.
        measure: function from arrays (batch, *signal_shape) to what every row says of
            them, (batch, rows), real or complex.
        draws: how many latents; None for 100.
        seed: of the latents.

    Returns:
        A generator of arrays (rows,).

    Raises:
        TypeError: the model has no tangents.
        ValueError: no draws.
    """
    if not callable(getattr(model, "tangents", None)):
        raise TypeError(
            "`model` must be a `gencs.models.GenerativeModel`, whose tangents say "
            f"which rows tell signals apart. Received: {model!r}"
        )
    draws = checks.integer(DRAWS if draws is None else draws, "draws")
    z = model.draw_z(draws, seeds.resolve(seed), "leverage")
    return (
        np.sum(np.abs(np.asarray(measure(tangent.directions))) ** 2, axis=0)
        for tangent in model.tangents(z)
    )


def mean_leverage(model, measure, draws=None, seed=0):
    """The leverage of every row, (rows,); see `shares`."""
    total, count = 0.0, 0
    for share in shares(model, measure, draws, seed):
        total, count = total + share, count + 1
    return total / count


def chances(leverage, count):
    """The chance of every row to be kept, in proportion to its leverage, at most 1.

    Args:
        leverage: (rows,), at least 0; rows of none are kept after all others.
        count: how many are kept.

    Returns:
        Array (rows,) that sums to `count`.
    """
    leverage = np.asarray(leverage, "float64")
    # Rounding must neither keep a row out for good nor make weights infinite.
    leverage = np.maximum(leverage, 1e-6 * leverage.mean()) + np.finfo("float64").tiny
    certain = np.zeros(len(leverage), bool)
    while True:
        free = ~certain
        left = count - certain.sum()
        found = np.where(
            certain, 1.0, left * leverage / max(leverage[free].sum(), 1e-300)
        )
        beyond = free & (found >= 1)
        if not beyond.any():
            return found
        certain |= beyond


def draw_rows(leverage, count, rng):
    """Draws that many different rows.

    Args:
        leverage: (rows,).
        count: from 1 to rows.
        rng: a NumPy generator.

    Returns:
        Sorted rows (count,), and the chance that each of them had.
    """
    chance = chances(leverage, count)
    # Every row has a stretch of that length on a line, in random order; marks 1 apart
    # hit no stretch twice, and one of length 1 for sure.
    order = rng.permutation(len(chance))
    ends = np.cumsum(chance[order])
    ends *= count / ends[-1]
    hits = np.searchsorted(ends, np.arange(count) + rng.random(), side="right")
    rows = np.sort(order[np.minimum(hits, len(order) - 1)])
    return rows, chance[rows]
