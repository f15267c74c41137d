"""Times every native op against its twin, and the steps of solvers within recoveries.

Both sides of a ratio run in turns within one process, each in a loop inside a
tf.function (a call from Python costs more than a small op), and the median of the runs
counts. /memcpy is the time of the op over that of copying its largest tensor: no
transform can be faster than that.

The last table says what a native step of a solver is worth where it is used: how much
it saves of a whole step of a recovery, for lanes of the preset mnist_vae that see 100
Gaussian measurements: those of one signal and of fifty.

    ./scripts/bench_ops            # a selection of sizes
    ./scripts/bench_ops --full     # every Hadamard size from 16 to 2^17, every batch
    ./scripts/bench_ops --only mask lanes
"""

import argparse
import contextlib
import functools
import typing
from unittest import mock

import quiet_tensorflow  # noqa: F401
import numpy as np
import tensorflow as tf
from timing import copying, interleaved_medians, looped

import tf_gencs as gencs
from tf_gencs import ops, solvers
from tf_gencs.ops import first_order, lbfgs
from tf_gencs.recovery import DataTerms, Facts, Objective, Term

LENGTHS = [16, 784, 4096, 12288, 65536, 2**20]
FULL_LENGTHS = sorted({2**k for k in range(4, 18)} | {12 * 2**k for k in range(1, 14)})
BATCHES = [1, 64, 512]
MAX_ENTRIES = 2**24  # batch * n: 64 MiB of float32
LANES = [(1, 20), (500, 20), (5000, 20), (640, 100)]
SEED = tf.constant([3, 4], tf.int64)


class Case(typing.NamedTuple):
    """A call of public functions, which are traced natively and as twins.

    With a `state`, `call(state, *inputs)` returns the next one and is repeated on it,
    as solvers do, so that it can be updated in place.
    """

    op: str
    sizes: str
    call: typing.Callable
    inputs: tuple
    state: typing.NamedTuple = None


def normal(rng, *shape):
    return tf.constant(rng.normal(size=shape), tf.float32)


def dense(rng, full):
    for batch, m, n in [(1, 100, 784), (12, 500, 12288), (500, 100, 784)]:
        A, x, y = normal(rng, m, n), normal(rng, batch, n), normal(rng, batch, m)
        yield Case("residual", f"{batch} x {n} -> {m}", ops.dense_residual, (A, x, y))


def hadamard(rng, full):
    for n in FULL_LENGTHS if full else LENGTHS:
        m = max(1, n // 8)
        signs = tf.constant(rng.choice([-1, 1], n), tf.int8)
        rows = rng.choice(ops.hadamard_size(n), m, replace=False)
        operator = signs, tf.constant(rows, tf.int32)
        for batch in BATCHES:
            if batch * n > MAX_ENTRIES:
                continue
            x, y, sizes = normal(rng, batch, n), normal(rng, batch, m), f"{batch} x {n}"
            yield Case("measure", sizes, ops.hadamard_measure, (x, *operator))
            yield Case("adjoint", sizes, ops.hadamard_adjoint, (y, *operator))
            yield Case("residual", sizes, ops.hadamard_residual, (x, y, *operator))


def mask(rng, full):
    for batch, n, m in [(64, 784, 392), (64, 12288, 9216), (1, 786432, 393216)]:
        rows = tf.constant(np.sort(rng.choice(n, m, replace=False)), tf.int32)
        x, y, sizes = normal(rng, batch, n), normal(rng, batch, m), f"{batch} x {n}"
        adjoint = functools.partial(ops.mask_adjoint, signal_size=n)
        yield Case("measure", sizes, ops.mask_measure, (x, rows))
        yield Case("adjoint", sizes, adjoint, (y, rows))


def blur(rng, full):
    for batch, size, channels in [(64, 28, 1), (64, 64, 3), (4, 256, 3)]:
        factor = 4
        kernel = normal(rng, 3 * factor + 1)
        images = normal(rng, batch, size, size, channels)

        def adjoint(y, kernel, factor=factor, size=size):
            return ops.blur_downsample_adjoint(
                y, kernel, kernel, factor, "reflect", size, size
            )

        def measure(images, kernel, factor=factor):
            return ops.blur_downsample(images, kernel, kernel, factor, "reflect")

        sizes = f"{batch} x {size}^2 x {channels} / {factor}"
        y = measure(images, kernel)
        yield Case("measure", sizes, measure, (images, kernel))
        yield Case("adjoint", sizes, adjoint, (y, kernel))


def random_matrix(rng, full):
    for distribution in ("gaussian", "rademacher"):
        for batch, n, m in [(1, 784, 100), (64, 12288, 500)]:

            def measure(x, seed, m=m, distribution=distribution):
                return ops.random_matrix_measure(x, seed, m, distribution)

            def adjoint(y, seed, n=n, distribution=distribution):
                return ops.random_matrix_adjoint(y, seed, n, distribution)

            def matrix(seed, m=m, n=n, distribution=distribution):
                return ops.random_matrix(seed, (m, n), distribution)

            sizes = f"{batch} x {n} -> {m} {distribution[0]}."
            yield Case("measure", sizes, measure, (normal(rng, batch, n), SEED))
            yield Case("adjoint", sizes, adjoint, (normal(rng, batch, m), SEED))
            yield Case("matrix", sizes, matrix, (SEED,))


def lanes_step(rng, full):
    for lanes, size in LANES:
        z, gradient = normal(rng, lanes, size), normal(rng, lanes, size)
        value, rate = tf.ones([lanes]), tf.fill([lanes], 1e-6)
        sizes = f"{lanes} x {size}"
        yield Case(
            "adam", sizes, ops.adam_step, (value, gradient, rate), ops.adam_start(z)
        )
        yield Case(
            "momentum",
            sizes,
            lambda state, *inputs: ops.momentum_step(state, *inputs, 0.9),
            (value, gradient, rate),
            ops.momentum_start(z),
        )

        def quasi_newton(state, gradient):
            # Always lower, so that every lane accepts and goes on.
            return ops.lbfgs_step(state, state.value - 1e6, gradient, 0.0)[0]

        state, _ = ops.lbfgs_start(z, value, gradient, history=10)
        pairs = normal(rng, lanes, 10, size)
        full_history = state._replace(
            s_history=pairs, y_history=2 * pairs, count=state.count + 10
        )
        yield Case("lbfgs", sizes, quasi_newton, (gradient,), full_history)


GROUPS = {
    "blur": blur,
    "dense": dense,
    "hadamard": hadamard,
    "mask": mask,
    "random": random_matrix,
    "lanes": lanes_step,
}


def stepping(step, state):
    """A function(count) that takes steps from a state, in one graph."""

    @tf.function
    def loop(state, count):
        for _ in tf.range(count):
            state = step(state)
        return state

    concrete = loop.get_concrete_function(state, tf.TensorSpec([], tf.int32))
    flat = tf.nest.flatten(state)
    return lambda count: concrete(*flat, tf.constant(count))


def traced(case, twins):
    with ops.twins() if twins else contextlib.nullcontext():
        if case.state is None:
            return looped(case.call, *case.inputs)
        return stepping(lambda state: case.call(state, *case.inputs), case.state)


def bench(case, seconds):
    outputs = case.state or tf.nest.flatten(case.call(*case.inputs))
    largest = max([*case.inputs, *outputs], key=tf.size)
    # Solvers take some fifty steps a call: to start the loop must not count for more.
    native, twin, copy = interleaved_medians(
        [traced(case, False), traced(case, True), copying(largest.numpy())],
        seconds,
        least=1 if case.state is None else 50,
    )
    print(
        f"{case.op:9} {case.sizes:24} {native * 1e6:10.1f} {twin * 1e6:10.1f} "
        f"{twin / native:6.1f} {native / copy:8.1f}",
        flush=True,
    )
    return twin / native


def mnist_lanes(count, measurements):
    model = gencs.models.VAE.from_preset("mnist_vae")
    A = gencs.layers.GaussianMeasurement(measurements)
    A.build((None, *model.signal_shape))
    data = DataTerms({"y": Term(A, gencs.losses.SumSquaredError())}, "float32", Facts())
    z = model.latent_prior.sample((2 * count, model.latent_dim), 0, "bench", "float32")
    z, truth = tf.split(tf.constant(z), 2)
    values, y = data.values(), {"y": A(model.generator(truth))}
    bound = data.bind(data.observe(y, values), data.derive(values))
    return z, Objective(model.generator, model.latent_prior, 0.1, bound)


def bench_shares(seconds):
    print("\nWhat a native step saves of a step of a recovery; times in milliseconds")
    print("step           lanes     native        twin   saved")
    for count in (10, 500):
        z, lanes = mnist_lanes(count, measurements=100)
        for solver, module, name in (
            (solvers.Adam(0.01), first_order, "adam_step"),
            (solvers.Momentum(1e-4, steps=99), first_order, "momentum_step"),
            (solvers.LBFGS(tolerance=0), lbfgs, "lbfgs_step"),
        ):
            step = functools.partial(solver.step, lanes=lanes)
            start = tf.function(functools.partial(solver.start, lanes=lanes))(z)
            sides = [stepping(step, start)]
            with mock.patch.object(module, name, getattr(module, f"{name}_twin")):
                sides.append(stepping(step, start))
            native, twin = interleaved_medians(sides, 10 * seconds, least=5)
            print(
                f"{name:14} {count:5} {native * 1e3:10.2f} {twin * 1e3:11.2f} "
                f"{1 - native / twin:7.1%}",
                flush=True,
            )


def run(groups=tuple(GROUPS), full=False, seconds=0.3):
    """Prints the tables; `seconds` is how long each line may take."""
    print(f"backend: {ops.backend()}")
    rng = np.random.default_rng(0)
    ratios = []
    for group in groups:
        print(f"\n{group}, float32; times in microseconds")
        print(
            "op        sizes                        native       twin  ratio  /memcpy"
        )
        ratios += [bench(case, seconds) for case in GROUPS[group](rng, full)]
    print(f"\nsmallest ratio {min(ratios):.2f}, median ratio {np.median(ratios):.1f}")
    if "lanes" in groups:
        bench_shares(seconds)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="every size")
    parser.add_argument("--only", nargs="+", choices=GROUPS, default=list(GROUPS))
    parser.add_argument("--seconds", type=float, default=0.3, help="per line")
    arguments = parser.parse_args()
    if ops.backend() == "twin":
        parser.error("there is no native library to compare with")
    run(arguments.only, arguments.full, arguments.seconds)


if __name__ == "__main__":
    main()
