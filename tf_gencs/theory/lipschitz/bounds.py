"""The interval that holds G's Lipschitz constant."""

import dataclasses
import math

import numpy as np

from tf_gencs import checks, seeds
from tf_gencs.models import GenerativeModel
from tf_gencs.models.given import prior_reach
from tf_gencs.theory import arguments
from tf_gencs.theory.lipschitz.certified import dense_bound, product_bound
from tf_gencs.theory.lipschitz.chain import Uncertified, chain
from tf_gencs.theory.lipschitz.found import largest_stretch
from tf_gencs.theory.s_rec.chords import chords


@dataclasses.dataclass(frozen=True, repr=False)
class Lipschitz:
    """L in ||G(z1) - G(z2)|| <= L ||z1 - z2||, between two ends.

    Attributes:
        lower: the largest stretch that was found within the prior's reach. L is at
            least that.
        upper: certified, for all z; infinite where a layer has no known bound.
        product: the product of the layers' norms and slopes; `upper` is the better of
            that and ECLipsE-Fast, which dense generators allow.
        method: "ECLipsE-Fast", "product" or "none".
        layers: pairs of a layer's name and its norm or slope, as the product has them.
        uncertified: why there is no upper end, else None.
        at_draws: the largest stretch at draws of the prior, before the ascent.
        chords: the largest ||G(z1) - G(z2)|| / ||z1 - z2|| of draws.

    Example:

    ```python
    found = gencs.theory.lipschitz(generator, draws=4, steps=5, seed=0)
    found.lower, found.upper
    ```
    """

    lower: float
    upper: float
    product: float
    method: str
    layers: tuple
    uncertified: str | None
    at_draws: float
    chords: float

    def __str__(self):
        lines = [
            f"L in [{self.lower:,.4g}, {self.upper:,.4g}] (largest found, certified: "
            f"{self.method})",
            f"  at draws of the prior {self.at_draws:,.4g}, of their chords "
            f"{self.chords:,.4g}",
        ]
        if self.uncertified:
            lines.append(f"  no certificate: {self.uncertified}")
        lines += [f"  {name:<44} {number:,.4g}" for name, number in self.layers]
        return "\n".join(lines)

    __repr__ = __str__


def lipschitz(generator, *, draws=32, steps=40, seed=None):
    """How far G's signals move for a unit move of z: the largest found, and certified.

    Args:
        generator: a `gencs.models.GenerativeModel`, or a Keras generator, whose latents
            are then taken for N(0, I).
        draws: of the prior, where the search for the largest stretch starts.
        steps: of its ascent in z.
        seed: of the draws; None draws one.

    Returns:
        A `Lipschitz`. Its upper end is for all z, its lower end for z of the prior: the
        two are often a hundred times apart, and the truth may be anywhere between.

    Raises:
        TypeError, ValueError: no generator, or a wrong argument.

    Example:

    ```python
    found = gencs.theory.lipschitz(generator, draws=4, steps=5, seed=0)
    ```

    Sources: see `tf_gencs.theory.lipschitz.certified`, `gram` and `convolution`.
    """
    model = generator
    if not isinstance(generator, GenerativeModel):
        model = GenerativeModel(generator)
    draws = checks.integer(draws, "draws", at_least=2)
    steps = checks.integer(steps, "steps", at_least=0)
    seed = seeds.resolve(seed)
    uncertified, factors, product, method = None, (), math.inf, "none"
    upper = math.inf
    try:
        parts = chain(model.generator)
    except Uncertified as error:
        uncertified = str(error)
    else:
        product, factors = product_bound(parts)
        better = dense_bound(parts)
        upper, method = product, "product"
        if better is not None and better < product:
            upper, method = better, "ECLipsE-Fast"
    z = model.draw_z(draws, seed, "lipschitz").astype(model.recovery_dtype)
    at_draws, largest = largest_stretch(
        model.generator,
        z,
        steps,
        prior_reach(model),
        arguments.prior_scale(model),
        model.latent_prior.project,
    )
    pairs, length, _ = chords(model, lambda x: x.reshape(len(x), -1), 128, seed)
    apart = np.linalg.norm(pairs[:, 0] - pairs[:, 1], axis=1)
    chord = float(np.max(length / apart))
    return Lipschitz(
        lower=max(largest, chord),
        upper=upper,
        product=product,
        method=method,
        layers=tuple(factors),
        uncertified=uncertified,
        at_draws=at_draws,
        chords=chord,
    )
