"""Times every native op against its twin, and the Hadamard ops against memcpy.

Both sides of a ratio run in turns within one process, each in a loop inside a
tf.function (a call from Python costs more than a small op), and the median of the runs
counts. The last column of the Hadamard table is the time of the op
over the time of copying its input: no transform can be faster than that.

    ./scripts/bench_ops            # a selection of sizes
    ./scripts/bench_ops --full     # every size from 16 to 2^17, every batch
"""

import argparse

import quiet_tensorflow  # noqa: F401
import numpy as np
import tensorflow as tf
from timing import copying, interleaved_medians, looped

from tf_gencs import ops
from tf_gencs.ops import hadamard, lbfgs

MAX_ENTRIES = 2**24  # batch * n: 64 MiB of float32
LENGTHS = [16, 100, 784, 1024, 4096, 12288, 65536, 131072]
FULL_LENGTHS = sorted({2**k for k in range(4, 18)} | {12 * 2**k for k in range(1, 14)})
BATCHES = [1, 16, 64, 512]
LANES = [(1, 20, 10), (10, 20, 10), (640, 20, 10), (640, 100, 10), (5000, 20, 10)]


def bench_hadamard(batch, n, seconds, rng):
    m = max(1, n // 8)
    signs = tf.constant(rng.choice([-1, 1], n).astype(np.int8))
    size = ops.hadamard_size(n)
    rows = tf.constant(rng.choice(size, m, replace=False).astype(np.int32))
    x = rng.normal(size=(batch, n)).astype(np.float32)
    signals = {"measure": tf.constant(x), "adjoint": tf.constant(x[:, :m])}
    signals["residual"] = signals["measure"]
    y = signals["adjoint"]
    pairs = {
        "measure": (ops.hadamard_measure, hadamard.hadamard_measure_twin),
        "adjoint": (ops.hadamard_adjoint, hadamard.hadamard_adjoint_twin),
        "residual": (
            lambda x, *operator: ops.hadamard_residual(x, y, *operator),
            lambda x, *operator: hadamard.hadamard_residual_twin(x, y, *operator),
        ),
    }
    ratios = []
    for name, functions in pairs.items():
        loops = [looped(f, signals[name], signs, rows) for f in functions]
        native_time, twin_time, copy_time = interleaved_medians(
            [*loops, copying(x)], seconds
        )
        ratios.append(twin_time / native_time)
        print(
            f"{name:8} {batch:5} {n:7} {m:6} {native_time * 1e6:11.1f} "
            f"{twin_time * 1e6:11.1f} {ratios[-1]:7.1f} "
            f"{batch * n / native_time / 1e9:9.2f} {native_time / copy_time:9.1f}",
            flush=True,
        )
    return ratios


def bench_lbfgs(lanes, size, history, seconds, rng):
    def normal(*shape):
        return tf.constant(rng.normal(size=shape), tf.float32)

    steps = normal(lanes, history, size)
    gradient = normal(lanes, size)
    state = lbfgs.LbfgsState(
        z=normal(lanes, size),
        value=tf.ones([lanes]),
        gradient=gradient,
        direction=-gradient,
        step_size=tf.ones([lanes]),
        s_history=steps,
        y_history=2 * steps,
        count=tf.fill([lanes], tf.constant(history, tf.int64)),
        status=tf.zeros([lanes], tf.int64),
    )
    trial_gradient = normal(lanes, size)
    functions = []
    for step in (lbfgs.lbfgs_step, lbfgs.lbfgs_step_twin):
        # As solvers run it, so that the state can be updated in place.
        @tf.function
        def loop(state, count, step=step):
            for i in tf.range(count):
                # Always lower, so that every lane accepts and goes on.
                value = tf.fill([lanes], -1e6 * tf.cast(i + 1, tf.float32))
                state, _ = step(state, value, trial_gradient, 0.0)
            return state.z

        count = tf.TensorSpec([], tf.int32)
        concrete = loop.get_concrete_function(state, count)
        functions.append(
            lambda count, concrete=concrete: concrete(*state, tf.constant(count))
        )
    # Solvers take some fifty steps a call: to start the loop must not count for more.
    native_time, twin_time = interleaved_medians(functions, seconds, least=50)
    print(
        f"{lanes:5} {size:5} {history:5} {native_time * 1e6:11.1f} "
        f"{twin_time * 1e6:11.1f} {twin_time / native_time:7.1f}",
        flush=True,
    )
    return [twin_time / native_time]


def run(full=False, seconds=0.3):
    """Prints both tables; `seconds` is how long each line may take."""
    print(f"backend: {ops.backend()}")
    rng = np.random.default_rng(0)
    ratios = []
    print("\nHadamard, float32; times in microseconds")
    print(
        "op       batch       n      m      native        twin   ratio"
        "  Gfloat/s   /memcpy"
    )
    for n in FULL_LENGTHS if full else LENGTHS:
        for batch in BATCHES:
            if batch * n <= MAX_ENTRIES:
                ratios += bench_hadamard(batch, n, seconds, rng)
    print("\nL-BFGS step, float32; times in microseconds per step")
    print("lanes     k     h      native        twin   ratio")
    for sizes in LANES:
        ratios += bench_lbfgs(*sizes, seconds, rng)
    print(f"\nsmallest ratio {min(ratios):.2f}, median ratio {np.median(ratios):.1f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="every size")
    parser.add_argument("--seconds", type=float, default=0.3, help="per line")
    arguments = parser.parse_args()
    if ops.backend() == "twin":
        parser.error("there is no native library to compare with")
    run(arguments.full, arguments.seconds)


if __name__ == "__main__":
    main()
