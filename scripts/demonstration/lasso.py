"""Lasso as the page has it: the better of two bases, its penalty tuned."""

import warnings

import numpy as np

import tf_gencs as gencs
from demonstration.measuring import PAINT

_PENALTIES = (0.003, 0.01, 0.03, 0.1)
_SETTINGS = {"tolerance": 1e-3, "max_iterations": 300}


class TunedLasso:
    """For each structure of A and each noise the best that tuning finds, when needed.

    Args:
        training: signals that the penalty is tuned on.
        bases: to choose from.
        value_range: of the signals.
    """

    def __init__(self, training, bases=("dct", "wavelet"), value_range=(0.0, 1.0)):
        self._training, self._bases = training, bases
        self._settings = {**_SETTINGS, "value_range": value_range}
        self._known = {}

    def recover(self, y, A, choice):
        """One signal (*signal_shape) of y (1, m)."""
        key = (*choice.structure, choice.noise)
        if choice.kind == PAINT:  # Lasso knows no structures: it takes what is seen
            key = choice.structure  # slow to tune, and each is another A anyway
            A = gencs.layers.MaskMeasurement(~choice.hidden)
            A.build((None, *self._training.shape[1:]))
            y = y[:, np.repeat(~choice.hidden.ravel(), self._training.shape[-1])]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # near enough for the eye
            if key not in self._known:
                self._known[key] = self._tuned(A, choice.noise)
            return self._known[key].recover(y, A)[0]

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
