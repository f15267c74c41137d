"""Times the default recovery against the reference protocol and against its own floor.

    ./scripts/recovery_speed

50 MNIST digits, 100 Gaussian measurements each, noise 0.1/sqrt(m). The floor is what
the matrix products alone would take at the rate that TensorFlow's own product reaches
here; then come the parts of a call, of one evaluation, 10,000 digits in one call, and
the import.
"""

import resource
import statistics
import subprocess
import sys
import time

import quiet_tensorflow  # noqa: F401
import numpy as np
import report
import tensorflow as tf

import tf_gencs as gencs

SIGNALS, M, SEED, ROUNDS = 50, 100, 0, 7


def main():
    images, _ = gencs.datasets.mnist_samples()
    problem = report.measure(images[:SIGNALS], M, SEED)
    against_reference(problem)
    against_floor(problem)
    parts(problem)
    many(images)
    import_time()


def against_reference(problem):
    methods = {"ours": report.ours(), "reference": report.reference_protocol()}
    seconds = {name: [] for name in methods}
    for name, recover in methods.items():
        print(report.evaluate(f"{name}, first call", problem, recover).row())
    for _ in range(3):
        for name, recover in methods.items():
            outcome = report.evaluate(name, problem, recover)
            seconds[name].append(outcome.seconds)
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    for name, value in medians.items():
        print(f"{name:<12} {value:8.3f} s, median of 3")
    print(f"ours is {medians['reference'] / medians['ours']:.1f} times faster\n")


class CountingLBFGS(gencs.solvers.LBFGS):
    """L-BFGS that counts how many lanes it evaluates."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.evaluated = tf.Variable(0, dtype=tf.int64)

    def start(self, z, lanes):
        self.evaluated.assign_add(tf.shape(z, tf.int64)[0])
        return super().start(z, lanes)

    def step(self, state, lanes):
        self.evaluated.assign_add(tf.shape(state.trial, tf.int64)[0])
        return super().step(state, lanes)


def against_floor(problem):
    """The fastest call of many beside the fastest product of many."""
    model = gencs.models.VAE.from_preset("mnist_vae")
    seconds = fastest(
        lambda: model.recover(problem.y, problem.A, seed=SEED, verbose=0), 20
    )
    deviation = model.prepare_recovery(problem.A).program.method
    counting = CountingLBFGS(**deviation.solver.get_config())
    config = {**deviation.get_config(), "solver": counting}
    config["basis"] = deviation.basis
    model.compile(solver=type(deviation)(**config), estimate="mean")
    model.recover(problem.y, problem.A, seed=SEED, verbose=0)
    evaluated = int(counting.evaluated.numpy())
    generator = 2 * sum(w.size for w in model.generator.get_weights() if w.ndim == 2)
    measurement = 2 * M * problem.A.signal_size
    # A gradient takes every product of the value once more, transposed.
    work = {
        "search": evaluated * (2 * generator + 2 * measurement),
        "probes": counting.probes * (generator + measurement)
        + 2 * SIGNALS * counting.probes * M,
        "deviation": deviation.iterations * SIGNALS * 2 * measurement,
    }
    rate = matmul_rate(500, 500, 784)  # an evaluation's largest
    floor = sum(work.values()) / rate
    print(f"{evaluated / SIGNALS:.0f} evaluations per signal (reference: 10 x 1001)")
    for name, operations in work.items():
        print(f"{name:<12} {operations / 1e9:6.2f} GFLOP of products")
    print(
        f"TensorFlow's product of 500 x 500 x 784: {rate / 1e9:.0f} GFLOP/s; the work "
        f"needs {1e3 * floor:.0f} ms there, ours {1e3 * seconds:.0f} ms at best: "
        f"{seconds / floor:.2f} times the floor\n"
    )


def matmul_rate(rows, inner, columns):
    """Operations per second of a product of that size, the best of many."""
    a = tf.random.stateless_normal((rows, inner), (0, 0))
    b = tf.random.stateless_normal((inner, columns), (0, 1))
    product = tf.function(tf.matmul).get_concrete_function(a, b)
    return 2 * rows * inner * columns / fastest(lambda: product(a, b), 200)


def parts(problem):
    model = gencs.models.VAE.from_preset("mnist_vae")
    model.recover(problem.y[:1], problem.A, verbose=0)
    runner = model.prepare_recovery(problem.A)
    program, values = runner.program, runner.program.data.values()
    y = program.data.observe({"y": tf.constant(problem.y)}, values)
    derived = runner.derive(values)
    seeds = tf.constant(gencs.seeds.of_signals(SEED, SIGNALS))

    def run():
        return runner.run(
            y, runner.draw(y, seeds, derived), runner.share(SEED, derived), derived
        )

    found = run()
    refine = tf.function(
        lambda found: program.method.refine(found, program.bind(y, derived), model),
        autograph=False,
    )
    found = {"x": model.generator(found["z"]), "z": found["z"]}
    print("Parts of a call                      ms")
    for name, part in {
        "starts and encoder": lambda: runner.draw(y, seeds, derived)["starts"],
        "probes": lambda: runner.share(SEED, derived)["probes"],
        "all": lambda: run()["x"],
        "  of which deviation": lambda: refine(found),
    }.items():
        print(f"{name:<32} {1e3 * fastest(part, ROUNDS):7.1f}")
    print("\nOne evaluation, lanes:               50     250   ms")
    model.compile(solver=program.method.search)
    search = model.prepare_recovery(problem.A).program
    lanes = {count: evaluation(search, problem, count) for count in (50, 250)}
    for name in lanes[50]:
        row = "".join(f"{1e3 * lanes[count][name]:8.2f}" for count in lanes)
        print(f"{name:<32}{row}")


def evaluation(search, problem, count, repeats=40):
    """Seconds of the parts of one evaluation, each within a loop as in a search."""
    y = tf.repeat(problem.y, count // SIGNALS, axis=0)
    values = search.data.values()
    data = search.bind(search.data.observe({"y": y}, values), search.derive(values))
    lanes, solver = search.objective.over(data), search.method
    k = lanes.prior.sample((count, 20), 0)
    weights = [w for w in lanes.generator.weights if w.shape.rank == 2]
    weights.append(tf.transpose(problem.A.matrix))

    def products(z):
        x = z
        for w in weights:
            x = tf.matmul(x, w)
        for w in reversed(weights):
            x = tf.matmul(x, w, transpose_b=True)
        return x

    def looped(function):
        graph = tf.function(
            lambda z: tf.while_loop(
                lambda i, z: i < repeats,
                lambda i, z: (i + 1, z + 1e-9 * function(z)),
                (tf.constant(0), z),
                parallel_iterations=1,
            )[1],
            autograph=False,
        )
        return fastest(lambda: graph(k), ROUNDS) / repeats

    state = solver.start(k, lanes)
    step = tf.function(
        lambda state: (
            tf.while_loop(
                lambda i, state: i < repeats,
                lambda i, state: (i + 1, solver.step(state, lanes)),
                (tf.constant(0), state),
                parallel_iterations=1,
            )[1].trial
        ),
        autograph=False,
    )
    return {
        "products alone": looped(products),
        "value and gradient": looped(lambda z: lanes.value_and_gradient(z)[1]),
        "step of L-BFGS": fastest(lambda: step(state), ROUNDS) / repeats,
    }


def many(images, count=10_000):
    """10,000 digits (the 300 in turn, each with noise of its own) in one call."""
    x = np.resize(images, (count, *images.shape[1:]))
    problem = report.measure(x, M, SEED)
    model = gencs.models.VAE.from_preset("mnist_vae")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    x_hat = model.recover(problem.y, problem.A, seed=SEED, verbose=2)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    chunks = model.recover(problem.y, problem.A, seed=SEED, batch_size=250, verbose=0)
    apart = np.mean((chunks - x_hat) ** 2, axis=(1, 2, 3))
    errors = [np.mean((each - x) ** 2) for each in (x_hat, chunks)]
    print(
        f"\n{count} digits in one call: {seconds:.1f} s, MSE {errors[0]:.5f}, peak "
        f"{peak / 2**20:.2f} GiB, {before / 2**20:.2f} before it.\nIn chunks of 250: "
        f"MSE {errors[1]:.5f}, {np.mean(apart < 1e-6):.1%} of them the same to 1e-6"
    )


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
    print(f"import tf_gencs: {statistics.median(times):.3f} s beyond TensorFlow, Keras")


def fastest(function, rounds):
    """Seconds of the fastest call, after one that warms up."""
    np.asarray(function())
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        np.asarray(function())
        times.append(time.perf_counter() - start)
    return min(times)


if __name__ == "__main__":
    main()
