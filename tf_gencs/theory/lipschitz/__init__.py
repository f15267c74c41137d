"""How far G's images move for a unit move of z, at most: certified and found."""

from tf_gencs.theory.lipschitz.bounds import Lipschitz, lipschitz
from tf_gencs.theory.lipschitz.convolution import convolution_norm
from tf_gencs.theory.lipschitz.gram import gram_norm

__all__ = ["Lipschitz", "convolution_norm", "gram_norm", "lipschitz"]
