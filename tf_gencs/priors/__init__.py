"""Latent priors: what is known about z before anything is measured."""

import keras

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
    """
    if isinstance(identifier, dict):
        identifier = keras.saving.deserialize_keras_object(identifier)
    if isinstance(identifier, str):
        if identifier not in _BY_NAME:
            raise ValueError(
                f"`latent_prior` must be one of {list(names)} or a `LatentPrior`. "
                f"Received: {identifier!r}"
            )
        return _BY_NAME[identifier]()
    if not isinstance(identifier, LatentPrior):
        raise TypeError(
            f"`latent_prior` must be one of {list(names)} or a `LatentPrior`. "
            f"Received: {identifier!r}"
        )
    return identifier
