"""Error bars for the values of an answer, and how often they hold.

The posterior of z at an answer is taken for the Gaussian of `expected_error`, whose
covariance G's tangents take to x; what G itself misses of signals, as held-out ones
show it, depends on the value that G gives. One factor for all, learned on held-out
signals, makes the intervals cover what they promise.

Sources: Laplace's approximation; conformal prediction: Vovk, Gammerman and Shafer,
"Algorithmic learning in a random world", 2005; of images: Angelopoulos et al.,
"Image-to-image regression with distribution-free uncertainty quantification", 2022.
"""

import dataclasses
import math
import typing

import numpy as np

from tf_gencs import checks, seeds
from tf_gencs.layers.measurement import Measurement
from tf_gencs.models import GenerativeModel
from tf_gencs.models.given import generative
from tf_gencs.theory import arguments
from tf_gencs.theory.expected_error import covariance, gram

_BINS = 10
_FEWEST = 10  # signals to learn the factor from


class Intervals(typing.NamedTuple):
    """Answers (batch, *signal_shape), and where each value lies at the level.

    Example:

    ```python
    bars = gencs.theory.uncertainty(model, A, images=images[:10], noise=0.01, seed=0)
    found = bars.intervals(y[:2])
    found.low <= found.high
    ```
    """

    x: np.ndarray
    low: np.ndarray
    high: np.ndarray
    std: np.ndarray


class Coverage(typing.NamedTuple):
    """How often intervals held on signals that are known.

    Attributes:
        mean: share of all values.
        worst: that of the signal where they held least.
        per_signal: (batch,).
        predicted, measured: mean squared error per value, as the standard deviations
            say, before the factor, and as it is.
        width: mean width of an interval.

    Example:

    ```python
    bars = gencs.theory.uncertainty(model, A, images=images[:10], noise=0.01, seed=0)
    held = bars.coverage(images[10:14])
    held.mean, held.worst  # shares of values within their intervals
    ```
    """

    mean: float
    worst: float
    per_signal: np.ndarray
    predicted: float
    measured: float
    width: float


@dataclasses.dataclass(frozen=True, repr=False)
class Uncertainty:
    """Error bars for one model and one A, calibrated on held-out signals.

    That level is a promise on average over signals and values like those that it was
    calibrated on; no signal, no value, and no other kind of signals is promised it.

    Attributes:
        model, A: whose.
        noise: standard deviation in each measurement.
        level: share of values that intervals are to hold.
        scale: half an interval in standard deviations; 1.645 would be a Gaussian's
            at .9.
        edges, missed: bins of G's values, and the mean square of what G misses there.
        representation: mean squared error per value of what G misses of them.
        signals: how many it was calibrated on.
        calibrated: their own `Coverage`, which is the level by construction.

    Example:

    ```python
    bars = gencs.theory.uncertainty(model, A, images=images[:10], level=0.8, seed=0)
    bars.scale, bars.representation
    ```
    """

    model: GenerativeModel
    A: Measurement
    noise: float
    level: float
    scale: float
    edges: np.ndarray
    missed: np.ndarray
    representation: float
    signals: int
    calibrated: Coverage | None = None

    def intervals(self, y, *, seed=None, verbose=0):
        """Recovers signals with an interval for each of their values.

        Args:
            y: measurements (batch, m).
            seed, verbose: as for `recover`.

        Returns:
            `Intervals`.
        """
        found = self.model.recover(
            y, self.A, seed=seed, verbose=verbose, return_result=True
        )
        return self._around(found.x, self._std(found))

    def coverage(self, images, *, seed=0, verbose=0):
        """How often the intervals hold on other signals, measured anew.

        Args:
            images: signals (batch, *signal_shape), neither trained nor calibrated on.
            seed: of noise and recovery.
            verbose: as for `recover`.

        Returns:
            A `Coverage`.
        """
        images = arguments.images(self.model, images)
        y, _ = arguments.noisy(self.A, images, self.noise, seed)
        return self._judge(images, self.intervals(y, seed=seed, verbose=verbose))

    def _around(self, x, std):
        reach = self.scale * std
        return Intervals(x, x - reach, x + reach, std)

    def _judge(self, images, intervals):
        held = (images >= intervals.low) & (images <= intervals.high)
        per_signal = held.reshape(len(images), -1).mean(axis=1)
        return Coverage(
            mean=float(per_signal.mean()),
            worst=float(per_signal.min()),
            per_signal=per_signal,
            predicted=float(np.mean(intervals.std**2)),
            measured=float(np.mean((images - intervals.x) ** 2)),
            width=float(np.mean(intervals.high - intervals.low)),
        )

    def _std(self, found):
        """Standard deviations of the values of answers, (batch, *signal_shape)."""
        if found.z is None:
            raise ValueError(
                "`model` must be compiled with a method that finds latents, to have "
                f"error bars. Received: {found.method!r}"
            )
        A, size = self.A, math.prod(self.model.signal_shape)
        prior = arguments.prior_scale(self.model)
        lost = self.representation * float(A.mean_gain()) * size / A.measurements
        variances = []
        for tangent in self.model.tangents(found.z):
            lengths = prior * tangent.lengths
            spread = covariance(lengths, gram(A, tangent), lost + self.noise**2)
            directions = tangent.directions.reshape(len(lengths), -1)
            variance = np.sum(directions * (spread @ directions), axis=0)
            variance = np.maximum(variance, 0).reshape(self.model.signal_shape)
            variances.append(variance + self._missed_at(tangent.x))
        return np.sqrt(np.array(variances))

    def _missed_at(self, x):
        return self.missed[np.searchsorted(self.edges, x)]

    def __str__(self):
        return (
            f"{100 * self.level:.0f} % intervals of {self.signals} held-out signals: "
            f"x +- {self.scale:.2f} standard deviations"
        )

    __repr__ = __str__


def uncertainty(model, A, *, images, noise=None, level=0.9, seed=None, verbose=0):
    """Learns error bars for the answers of a model from one A.

    Args:
        model: a `gencs.models.GenerativeModel`; how it recovers is what it was compiled
            for, by a method that finds latents.
        A: linear, as for `recover`.
        images: held-out signals, (batch, *signal_shape), at least 10: neither G nor
            what is judged later may know them.
        noise: standard deviation in each measurement; None is 0.
        level: share of values that intervals are to hold, in (0, 1).
        seed: of noise, recovery and inversion; None draws one.
        verbose: as for `recover`.

    Returns:
        An `Uncertainty`, whose `intervals(y)` recovers with error bars.

    Raises:
        TypeError: no generative model, or an A that is not linear.
        ValueError: naming the argument that is wrong.

    Example:

    ```python
    bars = gencs.theory.uncertainty(model, A, images=images[:10], noise=0.01, seed=0)
    found = bars.intervals(y[:2])
    found.x, found.low, found.high
    ```
    """
    model = generative(model)
    A = arguments.linear(model, A)
    images = arguments.images(model, images, at_least=_FEWEST)
    noise = arguments.noise(noise)
    level = checks.number(level, "level", above=0, below=1)
    seed = seeds.resolve(seed)
    nearest = arguments.nearest(model, images, seed, verbose)
    edges, missed = _missed_by_value(images, nearest)
    bars = Uncertainty(
        model=model,
        A=A,
        noise=noise,
        level=level,
        scale=1.0,
        edges=edges,
        missed=missed,
        representation=float(np.mean((images - nearest) ** 2)),
        signals=len(images),
    )
    y, _ = arguments.noisy(A, images, noise, seed)
    found = bars.intervals(y, seed=seed, verbose=verbose)
    ratios = np.abs(images - found.x) / np.maximum(found.std, 1e-12)
    scale = float(np.quantile(ratios, level))
    bars = dataclasses.replace(bars, scale=scale)
    calibrated = bars._judge(images, bars._around(found.x, found.std))
    return dataclasses.replace(bars, calibrated=calibrated)


def _missed_by_value(images, nearest):
    """Inner edges of bins of G's values, and the mean square of what it misses there.

    A bin that holds little takes the mean of all.
    """
    low, high = float(nearest.min()), float(nearest.max())
    edges = np.linspace(low, high, _BINS + 1)[1:-1]
    place = np.searchsorted(edges, nearest.ravel())
    square = ((images - nearest) ** 2).ravel().astype("float64")
    counts = np.bincount(place, minlength=_BINS)
    sums = np.bincount(place, square, minlength=_BINS)
    enough = counts >= 30
    mean = square.mean()
    return edges, np.where(enough, sums / np.maximum(counts, 1), mean)
