"""Digits: what recovers them, prepared before the page asks."""

import numpy as np

import tf_gencs as gencs
from demonstration.answer import solve
from demonstration.bench import Bench, error_bars
from demonstration.lasso import TunedLasso
from demonstration.measuring import BLOCKS, PAINT, RANDOM, Choice, measurement

PRESET = "mnist_vae"
SHAPE = (28, 28, 1)
STOPS = (50, 100, 150, 200)  # each m is a structure of its own
SIZES = {4: "7 x 7", 2: "14 x 14"}  # blocks, and the pictures that they leave
_SHOWN = 16
_HELD_OUT = 30


class Digits:
    """Answers for digits (28, 28, 1) in [0, 1].

    Attributes:
        samples: held-out digits to pick from.
    """

    def __init__(self):
        images, labels = gencs.datasets.mnist_samples()
        first = [np.flatnonzero(labels == label)[:2] for label in range(10)]
        self.samples = images[np.stack(first, axis=1).ravel()[:_SHOWN]]
        self._held_out = images[-_HELD_OUT:]
        self._lasso = TunedLasso(gencs.datasets.mnist_samples("train")[0][:5])
        self._bars = None
        self._benches = {}

    def choices(self):
        """One `Choice` of each structure, the page's first one first."""
        middle = np.zeros(SHAPE[:2], bool)
        middle[8:20, 8:20] = True
        stops = sorted(STOPS, key=lambda m: m != Choice().m)
        return [
            Choice(RANDOM, m=stops[0]),
            Choice(PAINT, hidden=middle),
            *(Choice(RANDOM, m=m) for m in stops[1:]),
            *(Choice(BLOCKS, block=block) for block in SIZES),
        ]

    def prepare(self, choices=None):
        """Traces the programs of all structures, or of some choices."""
        for choice in choices or self.choices():
            self.solve(self.samples[0], choice)

    def prepared(self, choice):
        return self.bench(choice).prepared

    def solve(self, x, choice):
        """An `Answer`."""
        return solve(x, choice, self.bench(choice), self._lasso)

    def bench(self, choice):
        """The `Bench` of the structure of a choice."""
        if self._bars is None:
            A = measurement(Choice(), SHAPE)
            self._bars = error_bars(PRESET, A, self._held_out)
        if choice.structure not in self._benches:
            bench = Bench(PRESET, self._bars, self._held_out)
            self._benches[choice.structure] = bench
        return self._benches[choice.structure]
