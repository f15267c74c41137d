"""Runs a program: traces it once, hears Ctrl-C, remembers what it needs of A."""

import collections
import concurrent.futures
import zlib

import numpy as np
import tensorflow as tf

from tf_gencs import interruption

# How many A it remembers what follows from their values for.
_MOST_VALUES = 4


class Runner:
    """A `Program` at work, for batches of every size and every A of its structure.

    Args:
        program: the `Program`.
        eager: whether it runs without graphs.
    """

    def __init__(self, program, eager=False):
        self.program = program
        self._eager = eager
        self._derived = collections.OrderedDict()
        self._derive, self._share = program.derive, program.share
        self._draw, self._graph = program.draw, None
        if eager:
            return
        self._derive, self._share, self._draw = (
            tf.function(part, autograph=False, reduce_retracing=True)
            for part in (program.derive, program.share, program.draw)
        )
        with tf.device("CPU:0"):
            self._stop = tf.Variable(False, trainable=False)

    def derive(self, values):
        """What the program takes of an A with these values.

        What was found is remembered by a checksum of the values, so that it follows a
        change of A's weights.
        """
        arrays = [np.asarray(value) for part in values.values() for value in part]
        key = tuple(zlib.crc32(np.ascontiguousarray(array)) for array in arrays)
        if key not in self._derived:
            self._derived[key] = self._derive(values)
        self._derived.move_to_end(key)
        while len(self._derived) > _MOST_VALUES:
            self._derived.popitem(last=False)
        return self._derived[key]

    def share(self, seed, derived):
        """What all signals of a call with this seed share."""
        return self._share(tf.constant(seed, tf.int64), derived)

    def draw(self, y, seeds, derived, start=None):
        """What is each signal's own."""
        return self._draw(y, seeds, derived, start)

    def run(self, y, own, shared, values):
        """Recovers a batch: what the program says, and `measurement_error`.

        In a graph, Ctrl-C ends it within a step.
        """
        if self._eager:
            return self._answer(y, own, shared, values)
        if self._graph is None:
            self._graph = self._trace(y, own, shared, values)
        self._stop.assign(False)
        # TensorFlow runs a graph deaf to signals, so it runs beside this thread.
        with concurrent.futures.ThreadPoolExecutor(1) as beside:
            try:
                found = beside.submit(self._graph, y, own, shared, values)
                # Waits in turns: a signal that another thread caught is heard between.
                while not concurrent.futures.wait([found], timeout=0.1).done:
                    pass
                return found.result()
            except KeyboardInterrupt:
                self._stop.assign(True)
                raise

    def _answer(self, y, own, shared, values):
        found = self.program(y, own, shared, values)
        data = self.program.bind(y, values)
        return {**found, "measurement_error": data.measurement_error(found["x"])}

    def _trace(self, y, own, shared, values):
        """A graph for any number of signals."""
        any_count = lambda t: tf.TensorSpec([None, *t.shape[1:]], t.dtype)  # noqa: E731
        fixed = lambda t: tf.TensorSpec(t.shape, t.dtype)  # noqa: E731
        graph = tf.function(self._answer, autograph=False)
        with interruption.watched(self._stop):
            return graph.get_concrete_function(
                *tf.nest.map_structure(any_count, (y, own)),
                *tf.nest.map_structure(fixed, (shared, values)),
            )
