"""A bound on the error of an answer, in three terms that are measured.

With z~ the latents of the nearest G(z) that an inversion finds and eta = y - A x* the
noise, the triangle inequality, twice, gives without any assumption

    ||x - x*|| <= ||x* - G(z~)|| + (||y - A x|| + ||A (x* - G(z~))|| + ||eta||) / gamma

where gamma = ||A (x - G(z~))|| / ||x - G(z~)|| is the ratio of that very pair.
"""

import dataclasses

import numpy as np

from tf_gencs import checks, seeds
from tf_gencs.models.given import generative
from tf_gencs.theory import arguments
from tf_gencs.theory.s_rec.estimate import least_ratio


@dataclasses.dataclass(frozen=True, repr=False)
class ErrorBound:
    """What bounds ||x - x*|| of each answer, in units of that length; arrays (batch,).

    Attributes:
        x: the answers, (batch, *signal_shape).
        error: the true ||x - x*||.
        bound: the sum of the three terms below. It holds for every signal.
        representation: of that, what G misses of x*: ||x* - G(z~)||, and what A sees
            of it.
        noise: what the noise allows.
        optimisation: what the search left: a residual beyond that of z~.
        gamma: the pair's own ratio ||A d|| / ||d||, in units of A.
        tangent_bound: the bound with the least ratio along G's tangents at the answer
            in place of gamma: known without x*, and no theorem. Infinite where A has
            fewer rows than G has tangents; None where the method has no z.

    Example:

    ```python
    found = gencs.theory.error_bound(model, A, y, x=x, tangents=False, seed=0)
    found.error / found.bound  # at most 1
    ```
    """

    x: np.ndarray
    error: np.ndarray
    bound: np.ndarray
    representation: np.ndarray
    noise: np.ndarray
    optimisation: np.ndarray
    gamma: np.ndarray
    tangent_bound: np.ndarray | None

    @property
    def holds(self):
        """Share of the signals whose error is within the bound: 1, or the arithmetic
        is wrong."""
        return float(np.mean(self.error <= self.bound * (1 + 1e-4)))

    def __str__(self):
        ratio = np.median(self.bound / np.maximum(self.error, 1e-12))
        lines = [
            f"bound on ||x - x*|| of {len(self.error)} answers (medians)",
            f"  error {np.median(self.error):.4g} <= bound "
            f"{np.median(self.bound):.4g}, {ratio:.2f} times; holds for "
            f"{100 * self.holds:.1f} %",
            f"  = representation {np.median(self.representation):.4g} + noise "
            f"{np.median(self.noise):.4g} + optimisation "
            f"{np.median(self.optimisation):.4g}",
        ]
        if self.tangent_bound is not None:
            ratio = np.median(self.tangent_bound / np.maximum(self.error, 1e-12))
            lines.append(f"  with the tangents' ratio: {ratio:.2f} times the error")
        return "\n".join(lines)

    __repr__ = __str__


def error_bound(model, A, y, *, x, tangents=True, seed=None, verbose=0):
    """Recovers signals that are known, and takes their errors apart.

    Args:
        model: a `gencs.models.GenerativeModel`; how it recovers is what it was compiled
            for.
        A: linear, as for `recover`.
        y: measurements of x, with whatever noise, (batch, m).
        x: the signals, (batch, *signal_shape), in the model's range.
        tangents: whether to look at the tangents of G at every answer, too.
        seed: of recovery and inversion; None draws one.
        verbose: as for `recover`.

    Returns:
        An `ErrorBound`.

    Raises:
        TypeError: no generative model, or an A that is not linear.
        ValueError: naming the argument that is wrong.

    Example:

    ```python
    found = gencs.theory.error_bound(model, A, y, x=x, seed=0, tangents=False)
    found.bound, found.representation, found.noise
    ```

    Source: Bora et al., "Compressed sensing using generative models", ICML 2017,
    theorem 1.1, with measured numbers in place of constants.
    """
    model = generative(model)
    A = arguments.linear(model, A)
    x = arguments.images(model, x, "x")
    y = checks.float_array(y, "y", (A.measurements,), model.recovery_dtype)
    if len(y) != len(x):
        raise ValueError(
            f"`y` must be of the {len(x)} signals in `x`. Received: shape {y.shape}"
        )
    seed = seeds.resolve(seed)
    found = model.recover(y, A, seed=seed, verbose=verbose, return_result=True)
    nearest = arguments.nearest(model, x, seed, verbose)
    missed = _lengths(x - nearest)
    seen_missed = _lengths(np.asarray(A(x - nearest)))
    noise = _lengths(y - np.asarray(A(x)))
    residual = _lengths(y - np.asarray(A(found.x)))
    apart = _lengths(found.x - nearest)
    seen_apart = _lengths(np.asarray(A(found.x)) - np.asarray(A(nearest)))
    # Where both are the same signal no ratio is needed.
    gamma = np.where(apart > 0, seen_apart / np.maximum(apart, 1e-30), np.inf)

    of_nearest = _lengths(y - np.asarray(A(nearest)))
    left = np.clip(residual - of_nearest, 0, None)
    # What remains of the residual is of what G misses and of noise, as their squares.
    share = seen_missed**2 / np.maximum(seen_missed**2 + noise**2, 1e-30)
    explained = residual - left

    def terms(ratio):
        with np.errstate(divide="ignore"):
            amplified = 1 / ratio  # infinite where A sees nothing of a difference
        # 0 of a length stays 0, however much it is amplified.
        return (
            missed + _times(seen_missed + share * explained, amplified),
            _times(noise + (1 - share) * explained, amplified),
            _times(left, amplified),
        )

    tangent_bound = None
    if tangents and found.z is not None:
        each = (least_ratio(A, tangent) for tangent in model.tangents(found.z))
        ratio = np.fromiter(each, "float64", len(x))
        tangent_bound = sum(terms(ratio))
    parts = terms(gamma)
    return ErrorBound(
        x=found.x,
        error=_lengths(found.x - x),
        bound=sum(parts),
        representation=parts[0],
        noise=parts[1],
        optimisation=parts[2],
        gamma=gamma,
        tangent_bound=tangent_bound,
    )


def _times(length, factor):
    return np.where(length > 0, length, 1.0) * np.where(length > 0, factor, 0.0)


def _lengths(rows):
    rows = np.asarray(rows, "float64").reshape(len(rows), -1)
    return np.linalg.norm(rows, axis=1)
