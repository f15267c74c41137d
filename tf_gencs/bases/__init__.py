"""Orthonormal bases in which natural signals may be sparse."""

from tf_gencs import checks, lookup
from tf_gencs.bases.basis import Basis
from tf_gencs.bases.dct import DCT
from tf_gencs.bases.pixel import Pixel
from tf_gencs.bases.spectra import SPARSE, left_over, relative_l1, spectrum
from tf_gencs.bases.wavelet import Wavelet

__all__ = [
    "DCT",
    "Basis",
    "Pixel",
    "Wavelet",
    "get",
    "names",
    "of_deviations",
    "sparsest",
    "spectrum",
]

_BY_NAME = {"pixel": Pixel, "dct": DCT, "wavelet": Wavelet}

names = tuple(_BY_NAME)


def get(identifier, argument="basis"):
    """Turns a name from `names`, a basis or a serialised one into a basis.

    "wavelet" is Haar's; `Wavelet("db4")` is another.

    Args:
        identifier: one of them.
        argument: its name, for the error message.

    Raises:
        TypeError: `identifier` is none of them.
        ValueError: an unknown name.

    Example:

    ```python
    gencs.bases.get("wavelet")  # Wavelet(name='haar')
    ```
    """
    example = "gencs.bases.Wavelet('db4')"
    return lookup.find(identifier, _BY_NAME, Basis, argument, example)


def sparsest(x):
    """The basis in which signals have the fewest large coefficients.

    Args:
        x: signals, (batch, *signal_shape).

    Returns:
        A `Basis`: of those in `names`, the one with the smallest mean of
        ||c||_1 / (sqrt(n) ||c||_2); None if that is above 0.65, where no basis is good,
        or if all signals are 0.

    Example:

    ```python
    gencs.bases.sparsest(x)  # of digits, of which most pixels are black
    ```
    """
    x = checks.float_tensor(x, "x", axes=2)
    ratios = {
        name: relative_l1(get(name).analyse(x, x.shape.rank - 1)) for name in names
    }
    best = min(ratios, key=ratios.get)
    return get(best) if ratios[best] <= SPARSE else None


def of_deviations(x):
    """The basis in which to describe what a generator misses, and the sizes in it.

    Args:
        x: deviations, (batch, *signal_shape).

    Returns:
        A `Basis`, or None where no basis in `names` is good; and root mean squares of
        the coefficients, an array (*signal_shape), or None. If the sizes of its
        coefficients explain why `sparsest` is sparse, the basis is the one whose
        spectrum leaves the least of other deviations.

    Example:

    ```python
    misses = 0.1 * np.random.default_rng(0).normal(size=(20, 28, 28, 1))
    basis, scale = gencs.bases.of_deviations(misses)
    ```
    """
    basis = sparsest(x)
    if basis is None or len(x) < 2 or spectrum(basis, x) is None:
        return basis, None
    compact = min(map(get, names), key=lambda one: left_over(one, x))
    scale = spectrum(compact, x)
    return (basis, None) if scale is None else (compact, scale)
