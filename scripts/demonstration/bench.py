"""Recovery by one model for A of one structure, prepared once."""

import dataclasses
import threading

import numpy as np

import tf_gencs as gencs

_CALIBRATED_ON = 12  # signals, for each structure
_NOISE = 0.02  # in each measurement, while it is prepared


class Bench:
    """A model that recovers from A of one structure: traced once, by `prepare`.

    Each has a model of its own, since a model keeps its last four programs only.

    Args:
        preset: name of the generator's preset.
        bars: an `Uncertainty` of that preset from another A, or None: without one,
            answers have no error bars.
        held_out: signals that neither trained the preset nor are shown.
    """

    def __init__(self, preset, bars=None, held_out=None):
        self.model = gencs.models.GenerativeModel.from_preset(preset)
        self._bars, self._held_out = bars, held_out
        self._lock = threading.Lock()
        self._factor = None  # by which predicted deviations are too small

    @property
    def prepared(self):
        return self._factor is not None

    def prepare(self, A):
        """Traces the program and compares predicted with real errors, if not done."""
        with self._lock:
            if self.prepared:
                return
            if self._bars is None:
                y = np.zeros((1, A.measurements), "float32")
                self.model.recover(y, A, seed=0, verbose=0)
                self._factor = 1.0
                return
            bars = self._of(A, _NOISE)
            held = bars.coverage(self._held_out[:_CALIBRATED_ON])
            one = A(self._held_out[:1]).numpy()
            bars.intervals(one, seed=0)  # a batch of one is what visitors ask
            self._factor = float(np.sqrt(held.measured / held.predicted))

    def recover(self, y, A, noise):
        """Recovers one signal.

        Args:
            y: (1, m).
            A: of this bench's structure.
            noise: standard deviation in each measurement, for the error bars; recovery
                learns it from y, as another noise to be told would be another program.

        Returns:
            x (*signal_shape), and its standard deviations or None.
        """
        self.prepare(A)
        with self._lock:
            if self._bars is None:
                return self.model.recover(y, A, seed=0, verbose=0)[0], None
            found = self._of(A, noise).intervals(y, seed=0)
            return found.x[0], found.std[0] * self._factor

    def _of(self, A, noise):
        return dataclasses.replace(
            self._bars, model=self.model, A=A, noise=noise, scale=1.0, calibrated=None
        )


def error_bars(preset, A, held_out):
    """An `Uncertainty` that benches of a preset start from."""
    model = gencs.models.GenerativeModel.from_preset(preset)
    return gencs.theory.uncertainty(model, A, images=held_out, noise=_NOISE, seed=0)
