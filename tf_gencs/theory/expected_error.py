"""The error to expect, from the tangents of G's range: how many measurements it takes.

Near its answer G is linear. With x* = G(z*) + e, e being what G misses, of length rep,
and y = A x* + noise, e looks like noise to z: together they have the variance

    s^2 = noise^2 + rep^2 gain / m

in each measurement. With J the Jacobian of G in units of the prior's standard
deviation, the posterior of z has the covariance (I + J^T A^T A J / s^2)^-1, so that

    E ||x - x*||^2 = rep^2 + mean_z tr[J (I + J^T A^T A J / s^2)^-1 J^T]

for any linear A. For random A of independent entries only the singular values S_i of J
count, by the fixed point

    v = s^2 + M(v) / m,    M(v) = sum_i S_i^2 / (1 + S_i^2 / v),

for A of gain 1; M(v) is the error besides rep^2.
"""

import dataclasses
import math

import numpy as np

from tf_gencs import checks, lookup, seeds
from tf_gencs.models.given import generative
from tf_gencs.theory import arguments
from tf_gencs.theory.s_rec.estimate import AMBIGUOUS, SRec, gaussian_law
from tf_gencs.theory.s_rec.estimate import s_rec as estimate_s_rec

_TANGENTS = 40  # draws of the prior, unless told otherwise


@dataclasses.dataclass(frozen=True, repr=False)
class ExpectedError:
    """Mean squared error per value of a signal that recovery is expected to make.

    Attributes:
        total: `representation` + `measurements` + `noise`.
        representation: what G misses whatever is measured.
        measurements: what too few measurements add, at no noise.
        noise: what noise in them adds.
        ambiguous: whether two signals all but share a y (`gamma` below .05):
            then the wrong basin, not the noise, makes the error, and it is larger.
        gamma: the least ratio found, see `SRec.least`; of a number of
            measurements the law 1 - sqrt(2 k / m), 0 where it has none.
        m, k: measurements and latent numbers.
        law: "trace formula" of the very A, or "fixed point" of random ones.

    Example:

    ```python
    found = gencs.theory.expected_error(model, 100, noise=0.01, tangents=4, seed=0)
    found.total, found.representation
    ```
    """

    total: float
    representation: float
    measurements: float
    noise: float
    ambiguous: bool
    gamma: float
    m: int
    k: int
    law: str

    def __str__(self):
        doubt = f"   AMBIGUOUS: gamma {self.gamma:.2f}" if self.ambiguous else ""
        return (
            f"expected error at m={self.m}: {self.total:.4g} per value = "
            f"representation {self.representation:.4g} + measurements "
            f"{self.measurements:.4g} + noise {self.noise:.4g} ({self.law}){doubt}"
        )

    __repr__ = __str__


def expected_error(
    model,
    A,
    *,
    noise=None,
    representation=None,
    tangents=_TANGENTS,
    s_rec=None,
    seed=None,
):
    """The mean squared error that recovery from A will make, before it is run.

    Args:
        model: a `gencs.models.GenerativeModel`.
        A: linear, as for `recover`; or an int, that many Gaussian measurements.
        noise: standard deviation in each measurement; None is 0.
        representation: mean squared error per value of the best G(z) on signals like
            those at hand; None for the model's `representation_error`.
        tangents: draws of the prior at which G is linearised.
        s_rec: what `s_rec` said of this A, an `SRec`; None asks it.
        seed: of the draws; None draws one.

    Returns:
        An `ExpectedError`. Within G's range; recovery that lets x leave it
        (`deviation_basis`) does better.

    Raises:
        TypeError: no generative model, or an A that is not linear.
        ValueError: naming the argument that is wrong; no representation error known.

    Example:

    ```python
    gencs.theory.expected_error(model, A, noise=0.01, tangents=4, seed=0).total
    ```
    """
    model = generative(model)
    noise = arguments.noise(noise)
    representation = arguments.representation(model, representation)
    tangents = checks.integer(tangents, "tangents")
    seed = seeds.resolve(seed)
    if isinstance(A, (int, np.integer)) and not isinstance(A, bool):
        m, law, gain = checks.integer(A, "A"), "fixed point", 1.0
        gamma = gaussian_law(2 * model.latent_dim, m) or 0.0
        lengths = lengths_at_draws(model, tangents, seed)

        def excess(variance):
            return fixed_point(lengths, variance, m)

    else:
        A = arguments.linear(model, A)
        m, law, gain = A.measurements, "trace formula", float(A.mean_gain())
        if s_rec is None:
            s_rec = estimate_s_rec(model, A, starts=32, tangents=1, seed=seed)
        elif not isinstance(s_rec, SRec):
            raise TypeError(
                "`s_rec` must be what `gencs.theory.s_rec` gives, or None. "
                f"Received: {lookup.received(s_rec)}"
            )
        gamma = s_rec.least
        seen = [
            (lengths, gram(A, tangent))
            for lengths, tangent in at_draws(model, tangents, seed)
        ]

        def excess(variance):
            return np.mean([np.trace(covariance(*each, variance)) for each in seen])

    size = math.prod(model.signal_shape)
    lost = representation * gain * size / m
    without = float(excess(lost)) / size
    both = float(excess(lost + noise**2)) / size
    return ExpectedError(
        total=representation + both,
        representation=representation,
        measurements=without,
        noise=both - without,
        ambiguous=gamma < AMBIGUOUS,
        gamma=gamma,
        m=m,
        k=model.latent_dim,
        law=law,
    )


def measurements_needed(
    model, target, *, noise=None, representation=None, tangents=_TANGENTS, seed=None
):
    """The least number of Gaussian measurements whose expected error is the target.

    Args:
        model: a `gencs.models.GenerativeModel`.
        target: mean squared error per value.
        noise: standard deviation in each measurement of gain 1; None is 0.
        representation, tangents, seed: as for `expected_error`.

    Returns:
        An int. Below about 2 k it is a lower bound, since there two signals may share a
        y.

    Raises:
        TypeError, ValueError: naming the argument that is wrong; a target that no
            number of measurements reaches.

    Example:

    ```python
    m = gencs.theory.measurements_needed(model, target=0.006, tangents=4, seed=0)
    ```
    """
    model = generative(model)
    target = checks.number(target, "target", above=0)
    noise = arguments.noise(noise)
    representation = arguments.representation(model, representation)
    tangents = checks.integer(tangents, "tangents")
    lengths = lengths_at_draws(model, tangents, seeds.resolve(seed))
    size = math.prod(model.signal_shape)

    def error(m):
        lost = representation * size / m
        return representation + fixed_point(lengths, lost + noise**2, m) / size

    low, high = 0, 1
    while error(high) > target:
        low, high = high, 2 * high
        if high > 64 * size:
            raise ValueError(
                "`target` must be above what the best G(z) misses and noise adds, "
                f"{error(high):.4g} per value however much is measured: only another "
                "generator, or a deviation from its range, goes below. Received: "
                f"{target}"
            )
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if error(middle) <= target else (middle, high)
    return high


def at_draws(model, count, seed):
    """Pairs of a tangent's lengths, for a move by the prior's deviation, and itself."""
    scale = arguments.prior_scale(model)
    for tangent in model.tangents(model.draw_z(count, seed, "expected error")):
        yield scale * tangent.lengths.astype("float64"), tangent


def lengths_at_draws(model, count, seed):
    """Lengths (count, k) of the tangents at draws, 0 where there are fewer than k."""
    found = np.zeros((count, model.latent_dim))
    for row, (lengths, _) in zip(found, at_draws(model, count, seed), strict=True):
        row[: len(lengths)] = lengths
    return found


def gram(A, tangent):
    """(A U)^T A U for the directions U of a tangent, (r, r), in float64."""
    seen = np.asarray(A(tangent.directions), "float64")
    return seen @ seen.T


def covariance(lengths, gram, variance):
    """Covariance of x along a tangent's directions, given y: (r, r).

    Args:
        lengths: S (r,), for a move of z by a standard deviation of the prior.
        gram: (A U)^T A U.
        variance: s^2, of each measurement.
    """
    lengths = np.asarray(lengths, "float64")
    outer = lengths[:, None] * lengths
    # Scaled so that no s^2, however small, leaves the range of numbers.
    largest = float(np.max(np.abs(outer * gram), initial=1e-300))
    variance = max(variance, 1e-12 * largest)
    inner = np.eye(len(lengths)) + outer * gram / variance
    root = np.linalg.solve(inner, np.diag(lengths))
    return lengths[:, None] * root


def fixed_point(lengths, variance, m):
    """The mean of M(v) for random A of gain 1, see above.

    Args:
        lengths: S (draws, k), for a move of z by a standard deviation of the prior.
        variance: s^2.
        m: number of measurements.
    """
    squares = np.asarray(lengths, "float64") ** 2
    total = squares.sum(axis=1)
    variance = np.maximum(variance, 1e-12 * total / m + 1e-300)
    excess = total
    for _ in range(400):
        v = variance + excess / m
        excess = np.sum(squares / (1 + squares / v[:, None]), axis=1)
    return float(excess.mean())
