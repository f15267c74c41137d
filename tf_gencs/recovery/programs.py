"""The programs that a model has prepared."""

import collections
import threading

from tf_gencs.recovery.runner import Runner
from tf_gencs.recovery.side_by_side import devices_of

# Traced graphs to keep. A sweep over many structures must not hold them all.
_MOST_PROGRAMS = 4


class Programs:
    """A cache of runners: one for all A of one structure.

    What may change between two calls and is baked into a graph is part of the key:
    settings, structures of measurements, the model's facts and parts. Values of weights
    are not: graphs take them as inputs, or read the generator's where they are.

    Example:

    ```python
    data = model.prepare_recovery(A).program.data
    programs = gencs.recovery.Programs()  # every model has such `programs`
    programs.get(model, data) is programs.get(model, data)  # True: prepared once
    ```
    """

    def __init__(self):
        self._runners = collections.OrderedDict()
        self._lock = threading.Lock()

    def get(self, model, data):
        """The `Runner` for a model and data, prepared if it is new.

        Args:
            model: the `SignalModel`.
            data: `DataTerms`.
        """
        eager = bool(model.run_eagerly)
        facts = data.facts.key
        devices = devices_of(model.distribute_strategy)
        told = data.settings, data.structure, data.dtype, facts, eager, devices
        key = *told, model.parts
        with self._lock:
            if key not in self._runners:
                program = data.settings.solver.prepare(model, data)
                self._runners[key] = Runner(
                    program, eager or not program.traceable, devices
                )
            self._runners.move_to_end(key)
            while len(self._runners) > _MOST_PROGRAMS:
                self._runners.popitem(last=False)
            return self._runners[key]
