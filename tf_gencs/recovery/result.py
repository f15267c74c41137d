"""What a recovery returns."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class RecoveryResult:
    """Signals found by a recovery, and how the search went.

    Attributes:
        x: recovered signals, (batch, *signal_shape).
        z: their latents, (batch, k).
        measurement_error: ||A G(z) - y||^2, a sum over the measurements, (batch,).
        objective: what the solver minimised, penalties included, (batch,).
        steps: solver steps until the returned lane stopped, (batch,).
        converged: whether that lane met its solver's stopping test, (batch,). False is
            no failure: default budgets end most searches before the last digits.
        restart_errors: measurement error of every restart, (batch, restarts); the
            smallest one decided. Infinite where a restart ran into NaN.
        seed: the seed of the starts; `recover(..., seed=result.seed)` repeats them.
        samples: signals drawn from the posterior, (batch, restarts * draws,
            *signal_shape), if the solver draws them, else None; x is then their mean.
            NaN where a restart ran into NaN.
        std: their standard deviation, (batch, *signal_shape), or None.
    """

    x: np.ndarray
    z: np.ndarray
    measurement_error: np.ndarray
    objective: np.ndarray
    steps: np.ndarray
    converged: np.ndarray
    restart_errors: np.ndarray
    seed: int
    samples: np.ndarray | None = None
    std: np.ndarray | None = None
