"""One page on an A and a G: what can be recovered, from how much, and how surely."""

import dataclasses
import math

import numpy as np

from tf_gencs import checks, seeds
from tf_gencs.layers import (
    CosineMeasurement,
    FourierMeasurement,
    HadamardMeasurement,
    MaskMeasurement,
)
from tf_gencs.models.given import generative
from tf_gencs.theory import arguments
from tf_gencs.theory.coherence import Coherence
from tf_gencs.theory.coherence import coherence as coherence_of
from tf_gencs.theory.consistency import Consistency
from tf_gencs.theory.consistency import consistency as consistency_of
from tf_gencs.theory.expected_error import (
    ExpectedError,
    expected_error,
    fixed_point,
    lengths_at_draws,
)
from tf_gencs.theory.lipschitz import Lipschitz, lipschitz
from tf_gencs.theory.page import draw, page
from tf_gencs.theory.s_rec import SRec, s_rec
from tf_gencs.theory.uncertainty import Coverage, Uncertainty, uncertainty

_RARE = 0.01  # share of the prior that covering numbers leave out


@dataclasses.dataclass(frozen=True, repr=False)
class Diagnosis:
    """What `diagnose` found out; `print` shows it, `draw` makes a picture.

    Attributes:
        description: A and G in words.
        m, n, k: measurements, values of a signal, latent numbers.
        lengths: singular values of G's Jacobian at draws, (draws, k).
        effective: directions that hold its energy, (sum S^2)^2 / sum S^4, the median.
        s_rec: can two images of G share one y?
        expected_error: what recovery will miss.
        noise: standard deviation in each measurement of A scaled to gain 1.
        more: dict from other numbers of Gaussian measurements to the total error per
            value that is expected of them, each as noisy beside its signal as A's are:
            of count rows of gain 1, noise sqrt(m / count) for A's m.
        rows: `Coherence` of a basis; `basis` is its name.
        lipschitz: the interval of G's constant.
        covering: nats of ln Cov, k ln(1 + 2 L r / eta), for both ends of L: orders of
            magnitude, and no number of measurements. None where G misses nothing.
        uncertainty, coverage: error bars, and how often they held on other images; None
            without images.
        consistency: what given measurements say; None without.

    Example:

    ```python
    page = gencs.theory.diagnose(model, A, effort=0.02, seed=0, verbose=0)
    page.s_rec.adversarial, page.lipschitz.upper
    ```
    """

    description: str
    m: int
    n: int
    k: int
    lengths: np.ndarray
    effective: float
    s_rec: SRec
    expected_error: ExpectedError
    noise: float
    more: dict
    rows: Coherence
    basis: str
    lipschitz: Lipschitz
    covering: tuple | None
    uncertainty: Uncertainty | None
    coverage: Coverage | None
    consistency: Consistency | None

    def draw(self, path):
        """Writes a picture of it.

        Args:
            path: of a .png or .svg.

        Returns:
            The path.

        Raises:
            ImportError: without matplotlib.
        """
        return draw(self, path)

    def __str__(self):
        return page(self)

    __repr__ = __str__


def diagnose(
    model, A, *, noise=None, images=None, y=None, effort=1.0, seed=0, verbose=1
):
    """Prints what can be recovered of a model's signals from A, and has it as fields.

    Args:
        model: a `gencs.models.GenerativeModel`.
        A: linear, as for `recover`.
        noise: standard deviation in each measurement; None is 0.
        images: held-out signals, (batch, *signal_shape), at least 20: of the first half
            representation error and error bars are learned, on the second half they are
            judged. None leaves error bars out and believes the model's
            `representation_error`.
        y: measurements (batch, m) to judge, a line for each; None for none.
        effort: how many draws and starts, as a multiple of the usual.
        seed: of all that is random.
        verbose: 1 prints the page, 0 does not.

    Returns:
        A `Diagnosis`.

    Raises:
        TypeError: no generative model, or an A that is not linear.
        ValueError: naming the argument that is wrong.

    Example:

    ```python
    page = gencs.theory.diagnose(model, A, noise=0.01, effort=0.02, seed=0)
    page.expected_error.total
    ```
    """
    model = generative(model)
    A = arguments.linear(model, A)
    noise = arguments.noise(noise)
    effort = checks.number(effort, "effort", above=0)
    seed = seeds.resolve(seed)
    if images is not None:
        images = arguments.images(model, images, at_least=20)

    def some(count, least=4):
        return max(least, round(effort * count))

    bars = coverage = None
    representation = model.representation_error
    if images is not None:
        half = len(images) // 2
        bars = uncertainty(model, A, images=images[:half], noise=noise, seed=seed)
        coverage = bars.coverage(images[half:], seed=seed + 1)
        representation = bars.representation
    representation = arguments.representation(model, representation)
    judged = None
    if y is not None:  # first: a y that does not fit should not take minutes to tell
        judged = consistency_of(
            model, A, y, noise=noise, representation=representation, seed=seed
        )
    known = {"noise": noise, "seed": seed}
    apart = s_rec(
        model,
        A,
        tangents=some(40),
        starts=some(48),
        steps=250,
        draws=some(256, 16),
        **known,
    )
    known |= {"representation": representation, "tangents": some(24)}
    error = expected_error(model, A, s_rec=apart, **known)
    lengths = lengths_at_draws(model, some(24), seed)
    basis, rows = _basis_of(A, model)
    stretch = lipschitz(model, draws=some(16), steps=some(30), seed=seed)
    n, k, m = math.prod(model.signal_shape), model.latent_dim, A.measurements
    of_gain_1 = noise / math.sqrt(float(A.mean_gain()))
    diagnosis = Diagnosis(
        description=(
            f"{type(A).__name__}, m={m:,} of n={n:,};  G: {type(model).__name__}, k={k}"
        ),
        m=m,
        n=n,
        k=k,
        lengths=lengths,
        effective=_effective(lengths),
        s_rec=apart,
        expected_error=error,
        noise=of_gain_1,
        more=_more(m, lengths, of_gain_1, representation, n),
        rows=coherence_of(
            model, rows, tangents=some(48), draws=some(128, 16), seed=seed
        ),
        basis=basis,
        lipschitz=stretch,
        covering=_covering(model, stretch, representation, n),
        uncertainty=bars,
        coverage=coverage,
        consistency=judged,
    )
    if verbose:
        print(diagnosis)
    return diagnosis


def _effective(lengths):
    squares = lengths**2
    shares = squares.sum(axis=1) ** 2 / np.maximum((squares**2).sum(axis=1), 1e-300)
    return float(np.median(shares))


def _more(m, lengths, noise, representation, n):
    """Errors of other numbers of random measurements as noisy as the m of gain 1."""
    found = {}
    for count in (m // 4, m // 2, 2 * m, 4 * m):
        if 1 <= count <= n:
            # Gain 1 spreads over more rows: each holds less of a signal.
            variance = representation * n / count + noise**2 * m / count
            excess = fixed_point(lengths, variance, count)
            found[count] = representation + excess / n
    return found


def _covering(model, stretch, representation, n):
    eta = math.sqrt(n * representation)
    if not eta:
        return None
    k, scale = model.latent_dim, arguments.prior_scale(model)
    reach = math.sqrt(k) + math.sqrt(2 * math.log(1 / _RARE))
    return tuple(
        k * math.log1p(2 * end * scale * reach / eta)
        for end in (stretch.lower, stretch.upper)
    )


def _basis_of(A, model):
    """The basis that A's rows are of, by a name for people and for `coherence`."""
    if isinstance(A, CosineMeasurement) and not A.flat:
        return "DCT", "dct"
    if isinstance(A, MaskMeasurement):
        return "pixels", "pixel"
    if isinstance(A, HadamardMeasurement):
        return "Hadamard with signs", HadamardMeasurement(
            math.prod(model.signal_shape), seed=A.seed
        )
    if isinstance(A, FourierMeasurement) or len(model.signal_shape) == 3:
        return "DFT", "fourier"
    return "pixels", "pixel"
