"""Whether a sampler of the posterior samples the posterior.

Where z* comes from the prior and y from z*, the truth is one more sample of the
posterior: its rank among the samples, by any statistic, is uniform. Statistics may know
y; that of the residual sees a wrong noise at once. By TARP the statistic is the
distance from a point that is drawn anew for each problem.

Sources: Talts et al., "Validating Bayesian inference algorithms with simulation-based
calibration", 2018; Modrak et al., "Simulation-based calibration checking for Bayesian
computation: the choice of test quantities shapes sensitivity", 2023; Lemos et al.,
"Sampling-based accuracy testing of posterior estimators for general inference", ICML
2023 (TARP).
"""

import dataclasses
import math

import numpy as np

from tf_gencs import checks, seeds, solvers
from tf_gencs.models.given import generative
from tf_gencs.recovery import ONLY, RecoverySettings, recover
from tf_gencs.theory import arguments


@dataclasses.dataclass(frozen=True, repr=False)
class RankTests:
    """How the truth ranks among samples, on problems from the prior.

    Attributes:
        p_value: of all statistics together, by Bonferroni: small where the sampler is
            wrong; where it is right, at most as often below p as p says.
        p_values: dict from statistics to Kolmogorov-Smirnov p-values.
        ranks: dict from statistics to ranks in (0, 1), (problems,); ties are broken at
            random.
        problems, samples: how many.

    Example:

    ```python
    found = gencs.theory.rank_tests(small, small_A, noise=0.1, problems=100, seed=0)
    found.p_value  # small where the sampler is wrong
    ```
    """

    p_value: float
    p_values: dict
    ranks: dict
    problems: int
    samples: int

    def __str__(self):
        parts = ", ".join(f"{name} {p:.2g}" for name, p in self.p_values.items())
        return (
            f"ranks of the truth among {self.samples} samples, {self.problems} "
            f"problems: p = {self.p_value:.2g} ({parts})"
        )

    __repr__ = __str__


def rank_tests(model, A, *, noise, sampler=None, problems=200, seed=None, verbose=0):
    """Tests a sampler of the posterior on problems within G's range.

    Args:
        model: a `gencs.models.GenerativeModel`.
        A: linear, as for `recover`.
        noise: standard deviation in each measurement of the problems, above 0.
        sampler: a method whose results have `samples`; None for
            `gencs.solvers.Langevin(noise=noise, restarts=1, probes=1000)`: a chain that
            starts in a basin of little mass stays there, and fails this test.
        problems: how many latents are drawn, at least 20; 200 tell a noise of twice
            the size.
        seed: of problems, sampler and ties; None draws one.
        verbose: as for `recover`.

    Returns:
        A `RankTests`.

    Raises:
        TypeError: no generative model, no method, or an A that is not linear.
        ValueError: naming the argument that is wrong; a method that draws no samples,
            or one that are not finite.

    Example:

    ```python
    sampler = gencs.solvers.Langevin(noise=0.1, steps=500)
    found = gencs.theory.rank_tests(
        small, small_A, noise=0.1, sampler=sampler, problems=100, seed=0
    )
    ```
    """
    model = generative(model)
    A = arguments.linear(model, A)
    noise = checks.number(noise, "noise", above=0)
    problems = checks.integer(problems, "problems", at_least=20)
    seed = seeds.resolve(seed)
    if sampler is None:
        sampler = solvers.Langevin(noise=noise, restarts=1, probes=1000, seed=seed)
    x = model.generate(z=model.draw_z(problems, seed, "rank tests"))
    y, _ = arguments.noisy(A, x, noise, seed)
    settings = RecoverySettings(solver=sampler, noise=noise)
    found = recover(model, settings, {ONLY: y}, {ONLY: A}, seed=seed, verbose=verbose)
    if found.samples is None:
        raise ValueError(
            "`sampler` must be a method that draws samples, as `gencs.solvers.Langevin`"
            f" does. Received: {sampler!r}"
        )
    if not np.isfinite(found.samples).all():
        lost = np.mean(~np.isfinite(found.samples).reshape(problems, -1).all(axis=1))
        raise ValueError(
            "`sampler` must draw finite samples. Received: NaN or infinity in "
            f"{100 * lost:.0f} % of the problems"
        )
    rng = np.random.default_rng([seed, *b"rank tests"])
    ranks = {name: [] for name in _STATISTICS}
    direction = rng.normal(size=x[0].size)
    references = np.roll(x, 1, axis=0)  # draws of the prior that know nothing of y
    for truth, other, seen, samples in zip(
        x, references, y, found.samples, strict=True
    ):
        both = np.concatenate([truth[None], samples])
        rows = both.reshape(len(both), -1).astype("float64")
        residual = np.asarray(A(both), "float64") - seen
        told = _Told(rows, residual, direction, other.ravel())
        for name, statistic in _STATISTICS.items():
            ranks[name].append(_rank(statistic(told), rng))
    ranks = {name: np.array(values) for name, values in ranks.items()}
    p_values = {name: uniformity(values) for name, values in ranks.items()}
    return RankTests(
        p_value=min(1.0, len(p_values) * min(p_values.values())),
        p_values=p_values,
        ranks=ranks,
        problems=problems,
        samples=found.samples.shape[1],
    )


@dataclasses.dataclass
class _Told:
    """What statistics are made of: the truth first, then the samples."""

    x: np.ndarray
    residual: np.ndarray
    direction: np.ndarray
    reference: np.ndarray


_STATISTICS = {
    "residual": lambda told: np.sum(told.residual**2, axis=1),
    "mean value": lambda told: np.mean(told.x, axis=1),
    "random direction": lambda told: told.x @ told.direction,
    "TARP": lambda told: np.sum((told.x - told.reference) ** 2, axis=1),
}


def _rank(values, rng):
    """Where the first is among the others, spread evenly over (0, 1)."""
    below = np.sum(values[1:] < values[0])
    equal = np.sum(values[1:] == values[0])
    return (below + rng.integers(equal + 1) + rng.random()) / len(values)


def uniformity(values):
    """Kolmogorov-Smirnov p-value of uniform numbers on (0, 1), by its limit.

    Source: Stephens, "Use of the Kolmogorov-Smirnov, Cramer-von Mises and related
    statistics without extensive tables", 1970, for the correction of small counts.
    """
    values, count = np.sort(values), len(values)
    above = np.max(np.arange(1, count + 1) / count - values)
    below = np.max(values - np.arange(count) / count)
    root = math.sqrt(count)
    t = max(above, below) * (root + 0.12 + 0.11 / root)
    if t < 0.2:
        return 1.0
    terms = [(-1) ** (j - 1) * math.exp(-2 * (j * t) ** 2) for j in range(1, 101)]
    return float(min(1.0, max(0.0, 2 * sum(terms))))
