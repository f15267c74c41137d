"""What measurements tell by themselves: does G explain them, and in one way?"""

import dataclasses
import math

import numpy as np

from tf_gencs import checks, seeds
from tf_gencs.models.given import generative
from tf_gencs.recovery import ONLY, RecoverySettings, recover
from tf_gencs.solvers import LBFGS
from tf_gencs.theory import arguments
from tf_gencs.theory.expected_error import covariance, gram

# Over its mean, a signal's squared distance from G's range has about this variance.
_DISTANCE_VARIANCE = 0.4
_SIGMAS = 3.0

# Signals are others where they differ by that part of what G's differ by on average, as
# so many draws tell, however large the error that is to be expected.
_OTHER = 0.25
_DRAWS = 64


@dataclasses.dataclass(frozen=True, repr=False)
class Consistency:
    """How measurements fit a model; arrays (batch,).

    Attributes:
        residual: ||y - A G(z)|| at the best z found.
        expected: what G's representation error and the noise lead to expect of it.
        deviation: standard deviation of that.
        consistent: whether the residual is no more than 3 of these above it.
        explaining: of the starts, how many end where y is explained as well as by the
            best one, but for noise.
        agreeing: how many of these give the same x: no farther from the best one's than
            the error to expect, and than a quarter of what G's signals differ by.
        open: squared error to expect at the best z, over the variance of G's signals:
            1 and more where y tells next to nothing.
        starts: how many there were.

    Example:

    ```python
    found = gencs.theory.consistency(model, A, y, starts=2, seed=0)
    found.consistent, found.unique
    ```
    """

    residual: np.ndarray
    expected: np.ndarray
    deviation: np.ndarray
    explaining: np.ndarray
    agreeing: np.ndarray
    open: np.ndarray
    starts: int

    @property
    def consistent(self):
        return self.residual <= self.expected + _SIGMAS * self.deviation

    @property
    def unique(self):
        """Whether all starts that explain y as well agree on x, and y fixes that."""
        return (self.agreeing == self.explaining) & (self.open <= _OTHER)

    def lines(self):
        """One line for each signal."""
        for place in range(len(self.residual)):
            fits = "consistent with G" if self.consistent[place] else "NOT of G's kind"
            doubt = "" if self.unique[place] else ": AMBIGUOUS"
            left = min(self.open[place], 1)
            yield (
                f"residual {self.residual[place]:.3g} (expected "
                f"{self.expected[place]:.3g} +- {self.deviation[place]:.2g}) -> {fits};"
                f" of {self.starts} starts {self.explaining[place]} explain y, "
                f"{self.agreeing[place]} agree on x, of which {left:.0%} stays "
                f"open{doubt}"
            )

    def __str__(self):
        return "\n".join(self.lines())

    __repr__ = __str__


def consistency(
    model, A, y, *, noise=None, representation=None, starts=20, seed=None, verbose=0
):
    """Asks measurements whether the model explains them, and in one way only.

    Args:
        model: a `gencs.models.GenerativeModel`.
        A: linear, as for `recover`.
        y: measurements (batch, m).
        noise: standard deviation in each measurement; None is 0.
        representation: mean squared error per value of the best G(z); None for the
            model's `representation_error`.
        starts: searches for each signal, by L-BFGS within G's range.
        seed: of the starts; None draws one.
        verbose: as for `recover`.

    Returns:
        A `Consistency`.

    Raises:
        TypeError: no generative model, or an A that is not linear.
        ValueError: naming the argument that is wrong; no representation error known.

    Example:

    ```python
    found = gencs.theory.consistency(model, A, y, noise=0.01, starts=2, seed=0)
    found.residual / found.expected
    ```
    """
    model = generative(model)
    A = arguments.linear(model, A)
    y = checks.float_array(y, "y", (A.measurements,), model.recovery_dtype)
    if not len(y):
        raise ValueError(
            f"`y` must hold the measurements of a signal or more. Received: {y.shape}"
        )
    noise = arguments.noise(noise)
    representation = arguments.representation(model, representation)
    starts = checks.integer(starts, "starts", at_least=2)
    seed = seeds.resolve(seed)
    settings = RecoverySettings(solver=LBFGS(restarts=1, probes=0), explains=False)
    found = recover(
        model,
        settings,
        {ONLY: np.repeat(y, starts, axis=0)},
        {ONLY: A},
        seed=seed,
        verbose=verbose,
    )
    lost = representation * float(A.mean_gain()) * math.prod(model.signal_shape)
    lost /= A.measurements
    variance = max(lost + noise**2, 1e-12 * float(np.mean(y**2)) + 1e-30)
    errors = found.measurement_error.reshape(-1, starts)
    errors = np.where(np.isfinite(errors), errors, np.inf)
    signals = found.x.reshape(*errors.shape, -1)
    latents = found.z.reshape(*errors.shape, -1)
    rows = np.arange(len(y))
    best = np.argmin(errors, axis=1)
    told, spread = _at(model, A, latents[rows, best], variance)
    degrees = np.maximum(A.measurements - told, 1.0)
    expected = variance * degrees
    share = lost / variance
    relative = np.sqrt(2 / degrees + _DISTANCE_VARIANCE * share**2)
    # Twice the logarithm of the likelihoods' ratio: a third of the posterior's mass is
    # farther than that from its middle.
    explaining = errors <= errors[rows, best, None] + variance * (told[:, None] + 2)
    apart = np.sum((signals - signals[rows, best, None]) ** 2, axis=-1)
    variance_of_g = np.sum(np.var(model.generate(_DRAWS, seed=seed), axis=0))
    same = np.minimum(8 * spread, _OTHER * 2 * variance_of_g)
    agreeing = explaining & (apart <= same[:, None] + 1e-12)
    return Consistency(
        residual=np.sqrt(errors[rows, best]),
        expected=np.sqrt(expected),
        deviation=np.sqrt(expected) * relative / 2,
        explaining=explaining.sum(axis=1),
        agreeing=agreeing.sum(axis=1),
        open=spread / max(variance_of_g, 1e-30),  # a G that is one signal leaves none
        starts=starts,
    )


def _at(model, A, z, variance):
    """How many directions y tells, and the squared error to expect, at latents."""
    prior = arguments.prior_scale(model)
    told, spread = [], []
    for tangent in model.tangents(z):
        lengths = np.asarray(prior * tangent.lengths, "float64")
        after = covariance(lengths, gram(A, tangent), variance)
        left = np.diag(after) / lengths**2  # of the variance along each direction
        told.append(len(lengths) - left.sum())
        spread.append(np.trace(after))
    return np.array(told), np.array(spread)
