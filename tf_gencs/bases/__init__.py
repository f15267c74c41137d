"""Orthonormal bases in which natural signals may be sparse."""

import tensorflow as tf

from tf_gencs import lookup
from tf_gencs.bases.basis import Basis
from tf_gencs.bases.dct import DCT
from tf_gencs.bases.pixel import Pixel
from tf_gencs.bases.wavelet import Wavelet

__all__ = ["DCT", "Basis", "Pixel", "Wavelet", "get", "names", "sparsest"]

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
    """
    example = "gencs.bases.Wavelet('db4')"
    return lookup.find(identifier, _BY_NAME, Basis, argument, example)


# What ||c||_1 / (sqrt(n) ||c||_2) may be at most of coefficients that count as sparse.
# It is .80 for Gaussian ones, and sqrt(s / n) for s of n that are equal and not 0.
_SPARSE = 0.65


def sparsest(x):
    """The basis in which signals have the fewest large coefficients.

    Args:
        x: signals, (batch, *signal_shape).

    Returns:
        A `Basis`: of those in `names`, the one with the smallest mean of
        ||c||_1 / (sqrt(n) ||c||_2); None if that is above 0.65, where no basis is good,
        or if all signals are 0.
    """
    x = tf.convert_to_tensor(x)
    spreads = {}
    for name in names:
        c = get(name).analyse(x, x.shape.rank - 1)
        c = tf.reshape(c, (len(c), -1))
        seen = tf.boolean_mask(c, tf.reduce_any(c != 0, axis=1))
        if not len(seen):
            return None
        size = tf.cast(tf.shape(seen)[1], seen.dtype)
        ratio = tf.norm(seen, ord=1, axis=1) / tf.norm(seen, axis=1)
        spreads[name] = float(tf.reduce_mean(ratio / tf.sqrt(size)))
    best = min(spreads, key=spreads.get)
    return get(best) if spreads[best] <= _SPARSE else None
