"""Orthonormal bases in which natural signals may be sparse."""

import keras

from tf_gencs.bases.basis import Basis
from tf_gencs.bases.dct import DCT
from tf_gencs.bases.pixel import Pixel
from tf_gencs.bases.wavelet import Wavelet

__all__ = ["DCT", "Basis", "Pixel", "Wavelet", "get", "names"]

_BY_NAME = {"pixel": Pixel, "dct": DCT, "wavelet": Wavelet}

names = tuple(_BY_NAME)


def get(identifier):
    """Turns a name from `names`, a basis or a serialised one into a basis.

    "wavelet" is Haar's; `Wavelet("db4")` is another.

    Raises:
        TypeError: `identifier` is none of them.
        ValueError: an unknown name.
    """
    if isinstance(identifier, dict):
        identifier = keras.saving.deserialize_keras_object(identifier)
    if isinstance(identifier, str):
        if identifier not in _BY_NAME:
            raise ValueError(
                f"`basis` must be one of {list(names)} or an object, such as "
                f"`gencs.bases.Wavelet('db4')`. Received: {identifier!r}"
            )
        return _BY_NAME[identifier]()
    if not isinstance(identifier, Basis):
        raise TypeError(
            f"`basis` must be one of {list(names)} or an object from `gencs.bases`. "
            f"Received: {identifier!r}"
        )
    return identifier
