"""How the benchmarks take times: sides of a ratio in turns, medians of many runs."""

import concurrent.futures
import contextlib
import os
import time

import numpy as np
import tensorflow as tf

MIN_SECONDS_PER_RUN = 0.03


def interleaved_medians(functions, seconds, least=1):
    """Median seconds per repetition of each function(count); they take turns.

    Every call repeats at least `least` times.
    """
    counts = []
    for function in functions:
        function(1)  # the first call prepares the graph
        count, elapsed = 1, 0.0
        while True:
            start = time.perf_counter()
            function(count)
            elapsed = time.perf_counter() - start
            if elapsed >= MIN_SECONDS_PER_RUN:  # a call itself costs up to 1 ms
                break
            count *= 2
        counts.append(max(count, least))
    times = [[] for _ in functions]
    until = time.perf_counter() + seconds
    while time.perf_counter() < until or len(times[0]) < 5:
        for function, count, record in zip(functions, counts, times, strict=True):
            start = time.perf_counter()
            function(count)
            record.append((time.perf_counter() - start) / count)
    return [float(np.median(record)) for record in times]


def looped(function, *arguments):
    """A function(count) that applies an op `count` times, one by one, in one graph."""

    @tf.function
    def loop(count):
        result = function(*arguments)
        for _ in tf.range(count - 1):
            tf.autograph.experimental.set_loop_options(parallel_iterations=1)
            result = function(*arguments)
        return result

    concrete = loop.get_concrete_function(tf.TensorSpec([], tf.int32))
    return lambda count: concrete(tf.constant(count))


def repeated(function, *arguments):
    """A function(count) that calls a Python function `count` times."""

    def repeat(count):
        for _ in range(count):
            function(*arguments)

    return repeat


def copying(source):
    """A function(count) that copies an array: on a GPU if TensorFlow has one, else in
    as many threads as its ops use."""
    if tf.config.list_physical_devices("GPU"):
        return looped(lambda x: tf.raw_ops.DeepCopy(x=x), tf.constant(source))
    target = np.empty_like(source)
    workers = threads()
    pairs = [
        pair
        for pair in zip(
            np.array_split(target.reshape(-1), workers),
            np.array_split(source.reshape(-1), workers),
            strict=True,
        )
        if pair[0].size
    ]
    pool = concurrent.futures.ThreadPoolExecutor(workers)

    def copy(count):
        copies = [pool.submit(repeated(np.copyto, *pair), count) for pair in pairs]
        for each in copies:
            each.result()

    return copy


def threads():
    """How many threads TensorFlow's ops run in."""
    return tf.config.threading.get_intra_op_parallelism_threads() or os.cpu_count()


@contextlib.contextmanager
def peak_memory():
    """Yields a list that receives the most bytes in use within, above those before.

    Linux only.
    """
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")  # forget the peak
    before, peak = _memory("VmRSS"), []
    yield peak
    peak.append(_memory("VmHWM") - before)


def _memory(key):
    with open("/proc/self/status") as file:
        for line in file:
            if line.startswith(key):
                return int(line.split()[1]) * 1024
    raise KeyError(key)


def cells(times, unit, first=None):
    """Times as text, each with its ratio to the first."""
    scale = {"us": 1e6, "ms": 1e3}[unit]
    first = times[0] if first is None else first
    return " ".join(f"{t * scale:9.2f} ({t / first:6.2f}x)" for t in times)
