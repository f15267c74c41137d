"""Spectral norms from above: Gram iteration.

M <- M^H M squares all singular values, and the Frobenius norm of a power bounds that of
the largest: ||M_t||_F^(2^-t), which falls to the norm itself. The excess is at most a
factor r^(2^-(t + 1)) for r singular values.

Source: Delattre et al., "Efficient bound of Lipschitz constant for convolutional layers
by Gram iteration", ICML 2023.
"""

import numpy as np


def gram_norm(matrix, steps=9):
    """An upper bound on the largest singular value of a matrix (a, b).

    Args:
        matrix: array, real or complex.
        steps: t, at least 0.

    Returns:
        A float.
    """
    _, upper = largest_gram_norm(np.asarray(matrix)[None], steps)
    return upper


def largest_gram_norm(matrices, steps=9, floor=0.0):
    """Bounds on the largest singular value of all of many matrices (count, a, b).

    Those of them that turn out to be too small for it are left out on the way.

    Args:
        matrices: array, real or complex.
        steps: of the iteration.
        floor: what is known to be reached elsewhere: smaller ones do not matter.

    Returns:
        Floats (lower, upper); 0 where all are below the floor.
    """
    tiny = np.finfo(matrices.dtype).tiny
    rank = min(matrices.shape[1:])
    logs, power, lower = np.zeros(len(matrices)), 1.0, floor
    for step in range(steps + 1):
        norms = np.sqrt(np.sum(np.abs(matrices) ** 2, axis=(-2, -1)))
        norms = np.maximum(norms, tiny)
        logs = logs + np.log(norms, dtype="float64") / power
        power *= 2
        lower = max(lower, float(np.exp(logs.max() - np.log(rank) / power)))
        kept = np.exp(logs) >= lower * (1 - rounding(matrices.dtype))
        if not kept.any():
            return 0.0, 0.0
        logs, matrices = logs[kept], matrices[kept]
        if step < steps:
            matrices = _gram(matrices / norms[kept, None, None])
    return lower, float(np.exp(logs.max())) * (1 + rounding(matrices.dtype))


def rounding(dtype):
    """By how much norms in this arithmetic may be off, with room to spare."""
    return 1000 * float(np.finfo(dtype).eps)


def _gram(matrices):
    adjoint = np.conj(np.swapaxes(matrices, -1, -2))
    wide = matrices.shape[-1] > matrices.shape[-2]
    return matrices @ adjoint if wide else adjoint @ matrices
