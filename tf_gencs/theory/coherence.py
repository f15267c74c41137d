"""Which rows of a basis tell a model's signals apart."""

import dataclasses
import math

import numpy as np
import tensorflow as tf

from tf_gencs import bases, checks, seeds
from tf_gencs.layers.measurement import Measurement
from tf_gencs.layers.support.leverage import chances, shares
from tf_gencs.models.given import generative
from tf_gencs.theory import arguments


@dataclasses.dataclass(frozen=True, repr=False)
class Coherence:
    """What every row u of an orthonormal basis sees of differences of signals.

    alpha = sup |<u, d>| / ||d|| over differences d of signals, as far as tangents of
    G's range and pairs of draws show it. With rows drawn evenly, recovery takes about
    k `uniform` measurements, with rows drawn by what they see about k `adapted` (up to
    a constant and logarithms): what counts is the ratio of the two.

    Attributes:
        leverage: mean over latents of a row's share in the tangents, (rows,); sums to
            the number of tangents, k, over an orthonormal basis.
        alpha: (rows,), as above.
        uniform: n max alpha^2.
        adapted: sum of alpha^2.

    Example:

    ```python
    found = gencs.theory.coherence(model, "dct", tangents=5, draws=10, seed=0)
    found.uniform, found.adapted  # the smaller, the fewer rows suffice
    ```
    """

    leverage: np.ndarray
    alpha: np.ndarray

    @property
    def uniform(self):
        return len(self.alpha) * float(np.max(self.alpha**2))

    @property
    def adapted(self):
        return float(np.sum(self.alpha**2))

    @property
    def gain(self):
        """How many times fewer rows suffice where they are drawn by what they see."""
        return self.uniform / self.adapted

    def chances(self, measurements):
        """The chance of each row to be among so many, by its leverage: (rows,)."""
        count = checks.integer(measurements, "measurements", at_most=len(self.leverage))
        return chances(self.leverage, count)

    def __str__(self):
        return (
            f"rows of a basis of {len(self.alpha):,}: n max alpha^2 = "
            f"{self.uniform:,.0f} (drawn evenly), sum alpha^2 = {self.adapted:,.0f} "
            f"(drawn by what they see): {self.gain:.1f} times fewer"
        )

    __repr__ = __str__


def coherence(model, basis, *, tangents=100, draws=200, seed=None):
    """What the rows of an orthonormal basis see of a model's signals.

    Args:
        model: a `gencs.models.GenerativeModel`.
        basis: "fourier" for the two-dimensional transform of every channel; "dct",
            "wavelet", "pixel" or another `gencs.bases.Basis`; or a linear `Measurement`
            whose rows are orthonormal, one for each number it gives.
        tangents: draws of the prior whose tangents are looked at.
        draws: of the prior, all of whose pairs are looked at.
        seed: of both; None draws one.

    Returns:
        A `Coherence`.

    Raises:
        TypeError: no generative model or no basis.
        ValueError: naming the argument that is wrong.

    Example:

    ```python
    found = gencs.theory.coherence(model, "dct", tangents=5, draws=10, seed=0)
    found.leverage  # of each row: where to draw rows
    ```

    Source: Berk et al., "A coherence parameter characterizing generative compressed
    sensing with Fourier measurements", IEEE JSAIT 2022.
    """
    model = generative(model)
    measure = _rows_of(basis, model)
    tangents = checks.integer(tangents, "tangents")
    draws = checks.integer(draws, "draws", at_least=2)
    seed = seeds.resolve(seed)
    total, largest = 0.0, 0.0
    for share in shares(model, measure, tangents, seed):
        total, largest = total + share, np.maximum(largest, share)
    for share in _of_pairs(model, measure, draws, seed):
        largest = np.maximum(largest, share)
    return Coherence(leverage=total / tangents, alpha=np.sqrt(largest))


def _of_pairs(model, measure, draws, seed):
    x = model.generate(z=model.draw_z(draws, seed, "chords"))
    rows = measure(x)
    x = x.reshape(draws, -1)
    for first in range(draws - 1):
        length = np.sum((x[first + 1 :] - x[first]) ** 2, axis=1, dtype="float64")
        apart = length > 1e-12 * length.max(initial=1e-300)
        seen = np.abs(rows[first + 1 :] - rows[first]) ** 2
        if apart.any():
            yield np.max(seen[apart] / length[apart, None], axis=0)


def _rows_of(basis, model):
    """A function from signals to what every row says of them, (batch, rows)."""
    shape = model.signal_shape
    if isinstance(basis, str) and basis == "fourier":
        if len(shape) != 3:
            raise ValueError(
                "`basis` must not be 'fourier' unless signals are images (height, "
                f"width, channels). Received: signals of shape {shape}"
            )

        def spectrum(x):
            return np.fft.fft2(x, axes=(1, 2), norm="ortho").reshape(len(x), -1)

        return spectrum
    if isinstance(basis, Measurement):
        A = arguments.linear(model, basis)
        return lambda x: np.asarray(A(tf.cast(x, A.compute_dtype)))
    basis = bases.get(basis, "basis")

    def analyse(x):
        coefficients = basis.analyse(x, len(shape))
        return np.asarray(coefficients).reshape(len(x), math.prod(shape))

    return analyse
