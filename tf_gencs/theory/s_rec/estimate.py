"""Estimates of gamma in ||A d|| >= gamma ||d|| for differences d of signals."""

import dataclasses
import math

import numpy as np
import tensorflow as tf

from tf_gencs import checks, seeds
from tf_gencs.models.given import generative, prior_reach
from tf_gencs.theory import arguments
from tf_gencs.theory.s_rec.adversarial import worst_pairs
from tf_gencs.theory.s_rec.chords import chords

AMBIGUOUS = 0.05  # gamma below which two signals all but share a y


@dataclasses.dataclass(frozen=True, repr=False)
class SRec:
    """What A leaves of the length of differences d = G(z1) - G(z2).

    All are ratios ||A d|| / (||d|| sqrt(gain)), free of units: those of A scaled so
    that it keeps lengths on average over all signals (mean gain 1), as Gaussian A
    of N(0, 1/m) entries do. c A has the numbers of A.

    Attributes:
        adversarial: the least found by searches for the worst pair, or among all pairs
            below. No proof: the true gamma is at most that.
        adversarial_ratios: where each search ended, (starts,).
        adversarial_interval: 5 and 95 % quantiles of the least over resampled searches.
        worst_pair: its latents (2, k).
        tangent: median over latents of the least ratio along tangents of G's range: of
            pairs close to each other. 0 where A has fewer rows than tangents.
        tangents: of every latent, (tangents,).
        chords: the least of pairs of draws from the prior. It flatters: at
            m = 25 on digits it says .52 where gamma is .001.
        typical: their median.
        curve: pairs (delta, gamma) of ||A d|| + delta >= gamma ||d||, the least over
            all pairs that were looked at; delta in units of ||A d|| / sqrt(gain).
        m, k: measurements and latent numbers.
        tangent_law: 1 - sqrt(k / m), about what the median tangent has under Gaussian
            A; None for m <= k, where it says nothing.
        adversarial_law: 1 - sqrt(2 k / m), about what the worst pair has; None for
            m <= 2 k.

    Example:

    ```python
    found = gencs.theory.s_rec(model, A, tangents=4, starts=4, steps=20, seed=0)
    found.adversarial, found.tangent
    ```
    """

    adversarial: float
    adversarial_ratios: np.ndarray
    adversarial_interval: tuple
    worst_pair: np.ndarray
    tangent: float
    tangents: np.ndarray
    chords: float
    typical: float
    curve: tuple
    m: int
    k: int

    @property
    def tangent_law(self):
        return gaussian_law(self.k, self.m)

    @property
    def adversarial_law(self):
        return gaussian_law(2 * self.k, self.m)

    @property
    def least(self):
        """The least ratio of all that was looked at, close pairs or far: gamma is at
        most that."""
        return min(self.adversarial, float(self.tangents.min()))

    @property
    def ambiguous(self):
        """Whether two signals that differ all but share a y."""
        return self.least < AMBIGUOUS

    def __str__(self):
        low, high = self.adversarial_interval
        curve = ", ".join(f"{gamma:.2f} at {delta:.2g}" for delta, gamma in self.curve)
        return "\n".join(
            [
                f"S-REC of A, m={self.m}, k={self.k}: ||A d|| / ||d||, at mean gain 1",
                f"  worst pair found    {self.adversarial:.3f} ({low:.3f} to "
                f"{high:.3f})   Gaussian law 1-sqrt(2k/m) {_law(self.adversarial_law)}",
                f"  tangents            {self.tangent:.3f} median, "
                f"{self.tangents.min():.3f} least   law 1-sqrt(k/m) "
                f"{_law(self.tangent_law)}",
                f"  draws of the prior  {self.typical:.3f} median, {self.chords:.3f} "
                "least   (flattering: no bound)",
                f"  gamma at delta      {curve}",
            ]
        )

    __repr__ = __str__


def s_rec(
    model,
    A,
    *,
    noise=None,
    tangents=60,
    starts=64,
    steps=300,
    draws=256,
    seed=None,
):
    """Estimates how far A keeps signals of a generative model apart (S-REC).

    Three estimates, from honest to flattering: the worst pair that searches find, the
    tangents of G's range, and pairs of draws from the prior.

    Args:
        model: a `gencs.models.GenerativeModel`.
        A: linear, as for `recover`.
        noise: standard deviation in each measurement, for the curve; None is 0.
        tangents: latents whose tangents are looked at.
        starts: searches for the worst pair; half start at the worst pairs of draws.
        steps: of each search.
        draws: of the prior, all of whose pairs are looked at.
        seed: of latents and starts; None draws one.

    Returns:
        An `SRec`.

    Raises:
        TypeError: no generative model, or an A that is not linear.
        ValueError: naming the argument that is wrong.

    Example:

    ```python
    found = gencs.theory.s_rec(model, A, tangents=4, starts=4, steps=20, seed=0)
    found.tangent_law  # what Gaussian rows have: 1 - sqrt(k / m)
    ```

    Source: Bora et al., "Compressed sensing using generative models", ICML 2017,
    definition 1; the laws: Bai and Yin, 1993, for k and, as observed, 2 k directions.
    """
    model = generative(model)
    A = arguments.linear(model, A)
    noise = arguments.noise(noise)
    tangents = checks.integer(tangents, "tangents")
    starts = checks.integer(starts, "starts")
    steps = checks.integer(steps, "steps", at_least=0)
    draws = checks.integer(draws, "draws", at_least=8)
    seed = seeds.resolve(seed)
    measure = unit_gain(A)
    near = tangent_ratios(model, measure, tangents, seed)
    pairs, length, seen = chords(model, measure, draws, seed)
    ratios = seen / length
    found = worst_pairs(
        model,
        measure,
        _starts(model, pairs, ratios, starts, seed),
        steps,
        shortest=0.1 * float(np.median(length)),
        reach=prior_reach(model),
        scale=arguments.prior_scale(model),
    )
    ends = found[2] / found[1]
    low, high = _resampled_least(ends, seed)
    all_pairs = np.concatenate([pairs, found[0]])
    all_length = np.concatenate([length, found[1]])
    all_seen = np.concatenate([seen, found[2]])
    worst = int(np.argmin(all_seen / all_length))
    gain = math.sqrt(float(A.mean_gain()))
    deltas = [0.0, math.sqrt(A.measurements) * noise / gain]
    if model.representation_error is not None:
        size = math.prod(model.signal_shape)
        deltas.append(math.sqrt(size * model.representation_error))
    return SRec(
        adversarial=float(all_seen[worst] / all_length[worst]),
        adversarial_ratios=ends,
        adversarial_interval=(low, high),
        worst_pair=all_pairs[worst],
        tangent=float(np.median(near)),
        tangents=near,
        chords=float(ratios.min()),
        typical=float(np.median(ratios)),
        curve=tuple(
            (delta, float(np.min((all_seen + delta) / all_length)))
            for delta in sorted(set(deltas))
        ),
        m=A.measurements,
        k=model.latent_dim,
    )


def unit_gain(A):
    """A, scaled to mean gain 1: a function from signals to tensors (batch, m)."""
    scale = float(A.mean_gain()) ** -0.5
    return lambda x: A(tf.cast(x, A.compute_dtype)) * tf.cast(scale, A.compute_dtype)


def tangent_ratios(model, measure, count, seed):
    """The least ratio along the tangents at each of so many draws, (count,)."""
    z = model.draw_z(count, seed, "tangents")
    return np.array([least_ratio(measure, tangent) for tangent in model.tangents(z)])


def least_ratio(measure, tangent):
    """The smallest singular value of A on one tangent space."""
    seen = np.asarray(measure(tangent.directions), "float64")
    if len(seen) > seen.shape[1]:
        return 0.0
    squares = np.linalg.eigvalsh(seen @ seen.T)
    return float(np.sqrt(max(squares.min(initial=np.inf), 0.0)))


def gaussian_law(directions, m):
    """1 - sqrt(directions / m), or None where that is not above 0."""
    return 1 - math.sqrt(directions / m) if m > directions else None


def _starts(model, pairs, ratios, starts, seed):
    worst = pairs[np.argsort(ratios)[: starts // 2]]
    z = model.draw_z(2 * (starts - len(worst)), seed, "worst pairs")
    return np.concatenate([worst, z.reshape(-1, 2, model.latent_dim)])


def _resampled_least(ratios, seed, times=1000):
    rng = np.random.default_rng([seed, *b"bootstrap"])
    draws = rng.choice(ratios, (times, len(ratios))).min(axis=1)
    return tuple(float(q) for q in np.quantile(draws, [0.05, 0.95]))


def _law(value):
    return "none" if value is None else f"{value:.3f}"
