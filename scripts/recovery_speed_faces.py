"""Times recovery of faces against the reference protocol and against its own floor.

    ./scripts/recovery_speed_faces

64 cartoon faces, 500 Gaussian measurements each, noise 0.01/sqrt(m). The reference is
that of CSGM on CelebA: 2 restarts of 500 steps of Adam(0.1), all in one graph; once
with our networks, once with Keras's own convolution layers. The floor is what
the multiplications of all evaluations of the search would take at the rate of
TensorFlow's matrix product; the deviation is beside it.
"""

import statistics
import time

import quiet_tensorflow  # noqa: F401
import figure_faces
import networks
import report
from recovery_speed import CountingLBFGS, matmul_rate

import tf_gencs as gencs

SIGNALS, M, SEED, ROUNDS = 64, 500, 0, 3


def main():
    faces = gencs.datasets.face_avatars_samples()[0][:SIGNALS]
    problem = report.measure(faces, M, SEED, figure_faces.NOISE, peak=2.0)
    model = gencs.models.GenerativeModel.from_preset(figure_faces.PRESET)
    seconds = against_reference(problem, model)
    against_floor(problem, model, seconds)


def against_reference(problem, model):
    """Prints errors and times; returns the seconds of the default recovery."""
    adam = {
        "solver": gencs.solvers.Adam(0.1, steps=500, restarts=2),
        "latent_penalty": 0.0,
    }
    range_only = facts(model, deviation_basis=None)
    generators = {
        "ours": model.generator,
        "Keras's": networks.plain(model.generator),
    }
    ours = {
        "default": wrapped(model.generator, facts(model)),
        "hurried": wrapped(
            model.generator, facts(model), solver=hurried(model), estimate="mean"
        ),
        "within G's range": wrapped(model.generator, range_only),
    }
    references = {
        f"reference, {name} layers": wrapped(generator, range_only, **adam)
        for name, generator in generators.items()
    }
    print(report.HEADER)
    medians = {}
    for name, recover in (ours | references).items():
        start = time.perf_counter()
        recover(problem.y[:1], problem.A)  # makes what serves all signals of this A
        first = time.perf_counter() - start
        rounds = ROUNDS if name in ours else 1
        outcomes = [report.evaluate(name, problem, recover) for _ in range(rounds)]
        medians[name] = statistics.median(one.seconds for one in outcomes)
        print(outcomes[-1].row(), f" first call with A, 1 face: {first:.1f} s")
    for reference in references:
        for name in ours:
            times = medians[reference] / medians[name]
            print(f"{name} is {times:.1f} times faster than {reference}")
    return medians["default"]


def hurried(model):
    """The default with fewer lanes, which end at less progress."""
    search = gencs.solvers.LBFGS(
        steps=200, restarts=2, probes=1000, margin=8.0, progress=0.05
    )
    return gencs.solvers.GaussianDeviation(
        search, basis=model.deviation_basis, scale=model.deviation_scale
    )


def facts(model, **changes):
    """What a preset knows besides its networks."""
    names = (
        "value_range",
        "representation_error",
        "deviation_basis",
        "deviation_scale",
    )
    return {**{name: getattr(model, name) for name in names}, **changes}


def wrapped(generator, known, **compile_arguments):
    model = gencs.models.GenerativeModel(generator, **known)
    model.compile(**compile_arguments)
    return lambda y, A: model.recover(y, A, seed=SEED, verbose=0)


def against_floor(problem, model, seconds):
    """Counts the work of a call and says how long its products alone would take."""
    model.compile()
    solver = model.prepare_recovery(problem.A).program.method
    counting = CountingLBFGS(**solver.solver.get_config())
    config = {**solver.get_config(), "solver": counting, "basis": solver.basis}
    model.compile(solver=type(solver)(**config), estimate="mean")
    model.recover(problem.y, problem.A, seed=SEED, verbose=0)
    evaluated = int(counting.evaluated.numpy())
    generator = sum(map(networks.operations, model.generator.layers))
    measurement = 2 * problem.m * problem.A.signal_size + 2 * problem.m**2
    # A gradient takes every product of the value once more, transposed.
    work = {
        "search": 2 * evaluated * (generator + measurement),
        "probes": counting.probes * (generator + measurement),
    }
    rate = matmul_rate(4096, 1024, 512)
    floor = sum(work.values()) / rate
    print(f"\n{evaluated / SIGNALS:.0f} evaluations per signal (reference: 2 x 501)")
    for name, count in work.items():
        print(f"{name:<8} {count / 1e9:8.1f} GFLOP of products")
    print(
        f"TensorFlow's product: {rate / 1e9:.0f} GFLOP/s; the work needs {floor:.2f} s "
        f"there, ours took {seconds:.2f} s: {seconds / floor:.2f} times the floor"
    )


if __name__ == "__main__":
    main()
