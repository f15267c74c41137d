"""The kinds of A to choose from. A program belongs to the structure of A, so they are
few: a slider moves values of weights, or goes from stop to stop."""

import dataclasses

import numpy as np

import tf_gencs as gencs

RANDOM, PAINT, BLOCKS = "random", "paint", "blocks"


@dataclasses.dataclass(frozen=True)
class Choice:
    """What a visitor chose.

    Attributes:
        kind: RANDOM, PAINT or BLOCKS.
        m: measurements, of RANDOM.
        block: pixels each way that become one, of BLOCKS.
        noise: standard deviation in each measurement.
        hidden: bool (height, width), of PAINT.
        seed: of A and of the noise.
    """

    kind: str = RANDOM
    m: int = 100
    block: int = 4
    noise: float = 0.0
    hidden: np.ndarray | None = None
    seed: int = 0

    @property
    def structure(self):
        """What two choices have in common whose A have one structure."""
        return self.kind, {RANDOM: self.m, PAINT: 0, BLOCKS: self.block}[self.kind]


def measurement(choice, signal_shape):
    """A built measurement.

    Raises:
        ValueError: `hidden` leaves nothing, or hides nothing.
    """
    if choice.kind == RANDOM:
        A = gencs.layers.GaussianMeasurement(choice.m, seed=choice.seed)
    elif choice.kind == BLOCKS:
        A = gencs.layers.BlurDownsample(choice.block)
    else:
        A = _painted(choice.hidden, signal_shape)
    A.build((None, *signal_shape))
    return A


def _painted(hidden, signal_shape):
    """All pixels, the hidden ones times 0.

    A `MaskMeasurement` has another structure for each number of pixels that it keeps.
    Measured on 40 digits, the answers are as near as its own while a half is kept; of
    random rows that would not be so: zeros count as measurements without noise.
    """
    if hidden is None or not hidden.any():
        raise ValueError("Nothing is hidden yet: paint over a part of the picture.")
    if hidden.mean() > 0.9:
        raise ValueError("Hardly anything is left to see: leave a tenth unpainted.")
    seen = np.broadcast_to(~hidden[..., None], signal_shape).ravel()
    rows = np.arange(seen.size)
    identity = gencs.layers.IdentityMeasurement()
    return gencs.layers.SelectedRows(identity, rows, seen.astype("float32"))


def measure(x, A, choice):
    """y, float32 (1, m), of one signal (*signal_shape), with noise where A looks."""
    y = A(x[None]).numpy()
    error = np.random.default_rng([choice.seed, y.size]).normal(size=y.shape)
    if choice.kind == PAINT:
        error *= A(np.ones_like(x)[None]).numpy()
    return (y + choice.noise * error).astype("float32")
