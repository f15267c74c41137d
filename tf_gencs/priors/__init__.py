"""Latent priors: what is known about z before anything is measured."""

from tf_gencs import lookup
from tf_gencs.priors.latent_prior import LatentPrior
from tf_gencs.priors.normal_prior import NormalPrior
from tf_gencs.priors.spherical_prior import SphericalPrior
from tf_gencs.priors.uniform_prior import UniformPrior

__all__ = [
    "LatentPrior",
    "NormalPrior",
    "SphericalPrior",
    "UniformPrior",
    "get",
    "names",
]

_BY_NAME = {
    "normal": NormalPrior,
    "spherical": SphericalPrior,
    "uniform": UniformPrior,
}

names = tuple(_BY_NAME)


def get(identifier):
    """Turns a name from `names`, a prior or a serialised one into a prior.

    Raises:
        TypeError: `identifier` is none of them.
        ValueError: an unknown name.

    Example:

    ```python
    gencs.priors.get("uniform")  # UniformPrior(low=-1.0, high=1.0)
    ```
    """
    example = "gencs.priors.NormalPrior(bound=3.0)"
    return lookup.find(identifier, _BY_NAME, LatentPrior, "latent_prior", example)
