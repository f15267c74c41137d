"""What a recovery returns."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class RecoveryResult:
    """Signals found by a recovery, and how the search went.

    Attributes:
        x: recovered signals, (batch, *signal_shape).
        z: latents of the best restart, (batch, k). x is their G(z) with
            `estimate="best"`; a mean or a deviation moves it away from there.
        measurement_error: ||A x - y||^2, a sum over the measurements, (batch,).
        objective: what the solver minimised, at z, penalties included, (batch,).
        steps: solver steps until that restart stopped, (batch,).
        converged: whether it met its solver's stopping test, or `noise` was all that
            was left, (batch,). False is no failure: most searches end before, where
            they gain little.
        restart_errors: data terms of every restart, (batch, restarts): the measurement
            error if the loss is the sum of squares, with weighed residuals if the
            solver weighs them (`GaussianDeviation`). The smallest one is the best
            restart; with `estimate="mean"` the smallest objective is. Infinite where a
            restart ran into NaN.
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
