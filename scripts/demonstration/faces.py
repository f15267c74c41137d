"""Faces: recovered by a causal GAN, drawn under do and given, and as they would be."""

import numpy as np

import tf_gencs as gencs
from demonstration.answer import solve
from demonstration.bench import Bench
from demonstration.lasso import TunedLasso
from demonstration.measuring import BLOCKS, PAINT, RANDOM, Choice

PRESET = "causal_gan_face_avatars_64"
SHAPE = (64, 64, 3)
STOPS = (500, 1000)
SIZES = {4: "16 x 16"}
_SHOWN = 16

LEAVE, DO_1, DO_0, GIVEN_1, GIVEN_0 = "leave", "do 1", "do 0", "given 1", "given 0"
WAYS = (LEAVE, DO_1, DO_0, GIVEN_1, GIVEN_0)


class Faces:
    """Answers for faces (64, 64, 3) in [-1, 1].

    Attributes:
        samples: held-out faces to pick from.
        names: of the attributes, causes first.
    """

    def __init__(self):
        faces, _ = gencs.datasets.face_avatars_samples()
        self.samples = faces[:_SHOWN]
        self._model = gencs.models.CausalGAN.from_preset(PRESET)
        self.names = tuple(self._model.controller.graph.nodes)
        training = faces[_SHOWN : _SHOWN + 2]
        self._lasso = TunedLasso(training, ("wavelet",), (-1.0, 1.0))
        self._benches = {}

    def choices(self):
        """One `Choice` of each structure, the page's first one first."""
        middle = np.zeros(SHAPE[:2], bool)
        middle[20:36, 12:52] = True
        return [
            *(Choice(RANDOM, m=m) for m in STOPS),
            Choice(PAINT, hidden=middle),
            *(Choice(BLOCKS, block=block) for block in SIZES),
        ]

    def prepare(self, choices=None):
        """Traces the programs of all structures, or of some choices."""
        self.sample({}, 0)
        for choice in choices or self.choices():
            self.solve(self.samples[0], choice)

    def prepared(self, choice):
        return self.bench(choice).prepared

    def solve(self, x, choice):
        """An `Answer`, without error bars: G's tangents at a face take too long."""
        # Its matrix of all that is left of a painted face would have 10^8 numbers.
        lasso = None if choice.kind == PAINT else self._lasso
        return solve(x, choice, self.bench(choice), lasso)

    def bench(self, choice):
        """The `Bench` of the structure of a choice."""
        if choice.structure not in self._benches:
            self._benches[choice.structure] = Bench(PRESET)
        return self._benches[choice.structure]

    def sample(self, ways, seed, n=8):
        """Draws faces.

        Args:
            ways: dict from attributes to one of `WAYS`; who is not there is left.
            seed: the same one is the same noise under other ways.
            n: how many.

        Returns:
            Faces (n, 64, 64, 3).

        Raises:
            ValueError: nobody is like that.
        """
        return self._model.sample(n, **_do_and_given(ways), seed=seed)[0]

    def what_if(self, face, ways):
        """A face as it would have been.

        Args:
            face: (64, 64, 3).
            ways: as for `sample`, of which "do" counts alone.

        Returns:
            Face (64, 64, 3).

        Raises:
            ValueError: nothing is done.
        """
        do = _do_and_given(ways)["do"]
        if not do:
            raise ValueError('Set an attribute to "do 1" or "do 0": nothing is done.')
        found = self._model.counterfactual(face[None], do=do, seed=0, verbose=0)
        return found.x[0]


def _do_and_given(ways):
    chosen = {"do": {}, "given": {}}
    for name, way in ways.items():
        if way != LEAVE:
            kind, state = way.split()
            chosen[kind][name] = int(state)
    return chosen
