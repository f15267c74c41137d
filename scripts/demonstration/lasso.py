"""Lasso as the page has it: the better of two bases, its penalty tuned."""

import contextlib
import warnings

import numpy as np

import tf_gencs as gencs
from demonstration.measuring import PAINT

_PENALTIES = (0.003, 0.01, 0.03, 0.1)
_SETTINGS = {"tolerance": 1e-3, "max_iterations": 300}


class TunedLasso:
    """For each structure of A and each noise the best that tuning finds, when needed.

    What is painted over is tuned once, for the noise of its first time.

    Args:
        training: signals that the penalty is tuned on.
        bases: to choose from.
        value_range: of the signals.
    """

    def __init__(self, training, bases=("dct", "wavelet"), value_range=(0.0, 1.0)):
        self._training, self._bases = training, bases
        self._settings = {**_SETTINGS, "value_range": value_range}
        self._known = {}

    def prepare(self, A, choice):
        """Tunes, if that is not done."""
        if self._key(choice) not in self._known:
            with _quiet():
                tuned = self._tuned(self._seen(A, choice), choice.noise)
            self._known[self._key(choice)] = tuned

    def recover(self, y, A, choice):
        """One signal (*signal_shape) of y (1, m)."""
        self.prepare(A, choice)
        if choice.kind == PAINT:
            y = y[:, np.repeat(~choice.hidden.ravel(), self._training.shape[-1])]
        with _quiet():
            return self._known[self._key(choice)].recover(y, self._seen(A, choice))[0]

    def _key(self, choice):
        if choice.kind == PAINT:  # slow to tune, and each is another A anyway
            return choice.structure
        return (*choice.structure, choice.noise)

    def _seen(self, A, choice):
        """A; of what is painted over, what is seen: Lasso knows no structures."""
        if choice.kind == PAINT:
            A = gencs.layers.MaskMeasurement(~choice.hidden)
            A.build((None, *self._training.shape[1:]))
        return A

    def _tuned(self, A, noise):
        tried = [
            gencs.baselines.Lasso.tuned(
                basis,
                A,
                self._training,
                noise=noise,
                penalties=_PENALTIES,
                **self._settings,
            )
            for basis in self._bases
        ]
        return min(tried, key=lambda lasso: min(lasso.tuning_errors.values()))


@contextlib.contextmanager
def _quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # near enough for the eye
        yield
