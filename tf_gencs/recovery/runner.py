"""Runs a program: traces it once, hears Ctrl-C, remembers what it needs of A."""

import collections
import concurrent.futures
import threading
import zlib

import numpy as np
import tensorflow as tf

from tf_gencs import interruption
from tf_gencs.recovery import sizes
from tf_gencs.recovery.side_by_side import side_by_side

# How many A it remembers what follows from their values for.
_MOST_VALUES = 4


class Runner:
    """A `Program` at work, for batches of every size and every A of its structure.

    Several threads may use it at once.

    Args:
        program: the `Program`.
        eager: whether it runs without graphs.
        devices: names of devices that share signals out; with fewer than two, all of
            it runs where TensorFlow puts it. In graphs only.

    Example:

    ```python
    runner = model.prepare_recovery(A)
    data = runner.program.data
    observed = data.observe({"y": y}, data.values())
    derived = runner.derive(data.values())
    own = runner.draw(observed, tf.range(8, dtype=tf.int64), derived)
    found = runner.run(observed, own, runner.share(0, derived), derived)
    found["x"], found["measurement_error"]  # (8, 28, 28, 1), (8,)
    ```
    """

    def __init__(self, program, eager=False, devices=()):
        self.program = program
        self.devices = () if eager else devices
        self._eager = eager
        self._lock = threading.RLock()
        self._derived = collections.OrderedDict()
        self._graphs = {}
        if eager:
            return
        with tf.device("CPU:0"):
            self._stop = tf.Variable(False, trainable=False)

    def derive(self, values):
        """What the program takes of an A with these values.

        What was found is remembered by a checksum of the values, so that it follows a
        change of A's weights.

        Raises:
            ValueError: A is 0, or too small or too large; see `sizes`.
        """
        arrays = [np.asarray(value) for part in values.values() for value in part]
        key = tuple(zlib.crc32(np.ascontiguousarray(array)) for array in arrays)
        with self._lock:
            if key not in self._derived:
                specs = {name: self._specs(name, part) for name, part in values.items()}
                derived = self._traced("derive", self.program.derive, specs)(values)
                sizes.check_gains(self.program.bind({}, derived))
                self._derived[key] = derived
            self._derived.move_to_end(key)
            while len(self._derived) > _MOST_VALUES:
                self._derived.popitem(last=False)
            return self._derived[key]

    def _specs(self, name, values):
        """Specs of a measurement's values; those that travel are of any batch."""
        travelling = self.program.data.terms[name].measurement.travelling
        return tuple(
            (_any_count if travels else _fixed)(value)
            for value, travels in zip(values, travelling, strict=True)
        )

    def share(self, seed, derived):
        """What all signals of a call with this seed share."""
        seed = tf.constant(seed, tf.int64)
        run = self._traced("share", self.program.share, _fixed(seed), _fixed(derived))
        return run(seed, derived)

    def draw(self, y, seeds, derived, start=None):
        """What is each signal's own."""
        draw, common = self.program.draw, (y, seeds, derived)
        specs = *_any_count((y, seeds)), _fixed(derived)
        if start is None:
            run = self._traced("draw", lambda *common: draw(*common), *specs)
            return run(*common)
        specs = *specs, _any_count(start)
        run = self._traced("draw from starts", lambda *each: draw(*each), *specs)
        return run(*common, start)

    def run(self, y, own, shared, values):
        """Recovers a batch: what the program says, and `measurement_error`.

        In a graph, Ctrl-C ends it within a step.
        """
        if self._eager:
            return self.program.answer(y, own, shared, values)
        specs = *_any_count((y, own)), *_fixed((shared, values))
        name, answer = "answer", self.program.answer
        if len(self.devices) > 1:
            # At most as many as signals: a program need not answer of none.
            devices = self.devices[: tf.nest.flatten((y, own))[0].shape[0]]
            if len(devices) > 1:
                name = f"answer on {len(devices)} devices"
                answer = side_by_side(answer, devices)
        run = self._traced(name, answer, *specs)
        self._stop.assign(False)
        # TensorFlow runs a graph deaf to signals, so it runs beside this thread.
        with concurrent.futures.ThreadPoolExecutor(1) as beside:
            try:
                found = beside.submit(run, y, own, shared, values)
                # Waits in turns: a signal that another thread caught is heard between.
                while not concurrent.futures.wait([found], timeout=0.1).done:
                    pass
                return found.result()
            except KeyboardInterrupt:
                self._stop.assign(True)
                raise

    def _traced(self, name, function, *specs):
        """The graph of a part of the program, traced once; the part itself if eager."""
        if self._eager:
            return function
        with self._lock:
            if name not in self._graphs:
                graph = tf.function(function, autograph=False)
                with interruption.watched(self._stop):
                    self._graphs[name] = graph.get_concrete_function(*specs)
            return self._graphs[name]


def _any_count(nest):
    """Specs of tensors (batch, ...), for any number of signals."""
    return tf.nest.map_structure(
        lambda t: tf.TensorSpec([None, *t.shape[1:]], t.dtype), nest
    )


def _fixed(nest):
    return tf.nest.map_structure(lambda t: tf.TensorSpec(t.shape, t.dtype), nest)
