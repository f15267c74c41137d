"""What the page shows of one recovery."""

import dataclasses
import time

import numpy as np

from demonstration.measuring import measure, measurement


@dataclasses.dataclass(frozen=True)
class Answer:
    """One signal, what was measured of it, and what came back.

    Attributes:
        x, lasso, ours: (*signal_shape); `lasso` is None where it would take minutes.
        y: (m,).
        A: the measurement.
        std: expected error of each value of `ours`, or None.
        seconds: dict from "lasso" and "ours" to the time that each took.
    """

    x: np.ndarray
    y: np.ndarray
    A: object
    lasso: np.ndarray | None
    ours: np.ndarray
    std: np.ndarray | None
    seconds: dict


def solve(x, choice, bench, lasso):
    """Measures a signal and recovers it by both.

    Args:
        x: (*signal_shape), in the model's range.
        choice: a `Choice`.
        bench: a `Bench` of the structure of that choice.
        lasso: a `TunedLasso`, or None.
    """
    A = measurement(choice, x.shape)
    bench.prepare(A)  # once, and not the answer's time; nor is the tuning of the other
    if lasso is not None:
        lasso.prepare(A, choice)
    y = measure(x, A, choice)
    start = time.perf_counter()
    ours, std = bench.recover(y, A, choice.noise)
    middle = time.perf_counter()
    other = None if lasso is None else lasso.recover(y, A, choice)
    end = time.perf_counter()
    seconds = {"ours": middle - start, "lasso": end - middle}
    return Answer(x, y[0], A, other, ours, std, seconds)
