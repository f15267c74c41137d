"""Times an exported recovery of digits beside `recover` in Python.

    ./scripts/bench_serving [--requests 200] [--preset mnist_vae] [--m 100]

Size, load time and memory of the export; latency (median and 99th percentile) of warm
requests of 1, 8 and 64 signals; and the time of 64 signals beside `recover`, which runs
native operations, in turns. Goals on two cores: a median of 150 ms at 1, and at 64 at
most 1.5 times the time of `recover`.
"""

import argparse
import pathlib
import tempfile
import time

import quiet_tensorflow  # noqa: F401
import numpy as np
import tensorflow as tf

import tf_gencs as gencs
from tf_gencs.seeds import of_signals

SIZES = (1, 8, 64)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--preset", default="mnist_vae")
    parser.add_argument("--m", type=int, default=100)
    arguments = parser.parse_args()
    model = gencs.models.VAE.from_preset(arguments.preset)
    A = gencs.layers.GaussianMeasurement(arguments.m, seed=0)
    images, _ = gencs.datasets.mnist_samples()
    y = np.asarray(A(images[: max(SIZES)]))
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        path = model.export_recovery(pathlib.Path(folder, "digits"), A)
        print(f"export {time.perf_counter() - start:.1f} s")
        describe(path)
        recover = tf.saved_model.load(str(path)).signatures["recover"]
    for size in SIZES:
        latency(recover, y[:size], max(5, arguments.requests // size))
    beside_python(model, A, recover, y, max(5, arguments.requests // 20))


def describe(path):
    report = gencs.serving.check(path, verbose=False)
    print(f"check: {'ok' if report.ok else report.problems}")
    weights = sum(file.stat().st_size for file in path.glob("variables/*"))
    print(
        f"graph {report.graph_bytes / 1024:.0f} KiB, variables {weights / 2**20:.1f} "
        f"MiB, loaded in {report.load_seconds:.2f} s, memory "
        f"+{report.memory_bytes / 2**20:.0f} MiB once asked"
    )


def asking(recover, y):
    """A function that asks for all signals of y at once."""
    inputs = {"y": tf.constant(y), "seed": tf.constant(of_signals(0, len(y)))}
    return lambda: recover(**inputs)["x"].numpy()


def latency(recover, y, requests):
    """Warm requests, one after the other."""
    ask = asking(recover, y)
    times = [seconds(ask) for _ in range(requests + 3)][3:]
    median, late = np.percentile(times, [50, 99])
    print(
        f"batch {len(y):>2}: p50 {1e3 * median:.1f} ms, p99 {1e3 * late:.1f} ms over "
        f"{requests} requests; {len(y) / median:.0f} signals/s"
    )


def beside_python(model, A, recover, y, rounds):
    """The same signals by the export and by `recover`, in turns."""
    sides = (
        asking(recover, y),
        lambda: model.recover(y, A, seed=0, verbose=0),
    )
    times = [[seconds(side) for side in sides] for _ in range(rounds + 2)][2:]
    exported, native = np.median(times, axis=0)
    print(
        f"{len(y)} signals: export {1e3 * exported:.1f} ms, recover "
        f"{1e3 * native:.1f} ms ({gencs.ops.backend()}), ratio {exported / native:.2f}"
    )


def seconds(function):
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
