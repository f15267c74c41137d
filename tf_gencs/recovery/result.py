"""What a recovery returns."""

import dataclasses
import enum

import numpy as np

from tf_gencs.method import Method


class Status(enum.IntEnum):
    """Why the search of a signal stopped.

    Example:

    ```python
    result = model.recover(y, A, seed=0, return_result=True)
    failed = result.status == gencs.recovery.Status.FAILED  # bool (8,)
    ```
    """

    CONVERGED = 0
    EXPLAINED_BY_NOISE = 1
    GAINED_LITTLE = 2
    OUT_OF_STEPS = 3
    FAILED = 4


@dataclasses.dataclass(frozen=True, repr=False)
class RecoveryResult:
    """Signals found by a recovery, and how it went.

    What a method has nothing to say about is None: only searches of latents have z,
    say.

    Attributes:
        x: recovered signals, (batch, *signal_shape).
        measurement_error: ||A x - y||^2, a sum over the measurements, (batch,).
        explained: the share of y that x explains, 1 - ||A x - y||^2 / ||y||^2,
            (batch,). 1: nothing is left; below 0: x = 0 would explain more. Where y is
            0, it is 1 or minus infinity. It tells of y, not of x: a few measurements
            (m up to about k) can be explained whole by many x that differ, and what A
            does not see is nowhere in y.
        seed: the seed of the call; `recover(..., seed=result.seed)` repeats it.
        method: the `Method` that answered: what "auto" chose.
        z: latents of the best restart, (batch, k). x is their G(z) with
            `estimate="best"`; a mean or a deviation moves it away from there.
        objective: what the solver minimised, at z, penalties included, (batch,).
        steps: solver steps until that restart stopped, (batch,).
        status: why it stopped, a `gencs.recovery.Status`, (batch,): CONVERGED, it met
            its solver's stopping test; EXPLAINED_BY_NOISE, `noise` was all that was
            left; GAINED_LITTLE, it was not worth going on; OUT_OF_STEPS; or FAILED, it
            ran into NaN or infinity.
        restart_errors: data terms of every restart, (batch, restarts): the measurement
            error if the loss is the sum of squares, with weighed residuals if the
            solver weighs them (`GaussianDeviation`). The smallest one is the best
            restart; with `estimate="mean"` the smallest objective is. Infinite where a
            restart ran into NaN.
        noise: standard deviation of the noise in each measurement, (batch,), as it was
            told, or as "auto" learned it from the signal's own residual.
        samples: signals drawn from the posterior, (batch, restarts * draws,
            *signal_shape), if the method draws them; x is then their mean. NaN where a
            restart ran into NaN.
        std: their standard deviation, (batch, *signal_shape).

    Example:

    ```python
    result = model.recover(y, A, seed=0, return_result=True)
    result.x.shape, result.explained  # (8, 28, 28, 1), above 0.9 for each
    result.method  # what "auto" chose
    ```
    """

    x: np.ndarray
    measurement_error: np.ndarray
    explained: np.ndarray
    seed: int
    method: Method
    z: np.ndarray | None = None
    objective: np.ndarray | None = None
    steps: np.ndarray | None = None
    status: np.ndarray | None = None
    restart_errors: np.ndarray | None = None
    noise: np.ndarray | None = None
    samples: np.ndarray | None = None
    std: np.ndarray | None = None

    def __repr__(self):
        said = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        parts = (
            f"{name}: {value.shape if isinstance(value, np.ndarray) else value}"
            for name, value in said.items()
            if value is not None
        )
        return f"RecoveryResult({', '.join(parts)})"

    @property
    def converged(self):
        """Whether each signal met its solver's stopping test, or `noise` was all that
        was left, bool (batch,). False is no failure: most searches end before, where
        they gain little. None where `status` is.
        """
        if self.status is None:
            return None
        return self.status <= Status.EXPLAINED_BY_NOISE
