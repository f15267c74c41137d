"""Prints every figure that the README quotes for MNIST, each beside its alternative.

    ./scripts/mnist_numbers

Signals are the first 300 MNIST test images; noise is 0.1/sqrt(m) per measurement.
"""

import statistics
import subprocess
import sys
import time
import warnings

import quiet_tensorflow  # noqa: F401
import bench_ops
import numpy as np
import report

import tf_gencs as gencs

MEASUREMENTS = (25, 50, 100, 500)
SEED = 0


def main():
    images, _ = gencs.datasets.mnist_samples()
    recovery_errors(images)
    speed(images[:50])
    print("\nNative ops against their twins")
    bench_ops.run()
    import_time()


def recovery_errors(images):
    # The reference's Lasso stops after 1000 iterations, converged or not.
    warnings.filterwarnings("ignore", message="Lasso with penalty 0.1 did not reach")
    print("Default `recover` and tuned Lasso\n" + report.HEADER)
    for m in MEASUREMENTS:
        problem = report.measure(images, m, SEED)
        print(report.evaluate("ours", problem, report.ours()).row(), flush=True)
        for basis in ("pixel", "dct"):
            tuned = report.tuned_lasso(basis, problem)
            name = f"Lasso {basis}, penalty {tuned.penalty:.2g}"
            print(report.evaluate(name, problem, tuned.recover).row(), flush=True)
            reference = gencs.baselines.Lasso.reference(basis)
            name = f"Lasso {basis}, reference"
            print(report.evaluate(name, problem, reference.recover).row(), flush=True)
    model = gencs.models.VAE.from_preset("mnist_vae")
    result = model.invert(images, seed=SEED, verbose=0)
    error = np.mean((result.x - images) ** 2)
    print(f"{'ours, inversion':<28} {len(images):>7} {'':>5} {error:>10.5f}")


def speed(images, rounds=3):
    """Ours and the reference protocol in turn, each traced before it is timed."""
    problem = report.measure(images, 100, SEED)
    methods = {"ours": report.ours(), "reference": report.reference_protocol()}
    firsts = {
        name: report.evaluate(f"{name}, first call", problem, recover)
        for name, recover in methods.items()
    }
    seconds = {name: [] for name in methods}
    for _ in range(rounds):
        for name, recover in methods.items():
            outcome = report.evaluate(name, problem, recover)
            seconds[name].append(outcome.seconds)
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    print("\n`recover` against the reference protocol\n" + report.HEADER)
    for name, first in firsts.items():
        print(first.row())
        first.method, first.seconds = f"{name}, median of {rounds}", medians[name]
        print(first.row())
    ratio = medians["reference"] / medians["ours"]
    print(f"ours is {ratio:.1f} times faster")


def import_time(rounds=5):
    """What `import tf_gencs` takes in a process that has TensorFlow and Keras."""
    code = (
        "import tensorflow, keras, time; start = time.perf_counter(); "
        "import tf_gencs; print(time.perf_counter() - start)"
    )
    times = [
        float(subprocess.run([sys.executable, "-c", code], capture_output=True).stdout)
        for _ in range(rounds)
    ]
    print(
        f"\nimport tf_gencs: {statistics.median(times):.3f} s beyond TensorFlow, Keras"
    )


if __name__ == "__main__":
    start = time.perf_counter()
    main()
    print(f"\nAll of this took {time.perf_counter() - start:.0f} s")
