"""Trains controllers of labels and judges them against causal models that are known.

    ./scripts/causal_labels                                  # all, 3 seeds: an hour
    ./scripts/causal_labels --networks cancer --seeds 0      # a minute
    ./scripts/causal_labels --networks --study 0             # the negative controls

Training sees observed labels alone. Distances are total variations over all cells, from
as many samples as --samples says, beside what exact samples would show (floor), the bar
that they must stay below, and the same for tables by counting: those are instant and
near perfect where labels are few, discrete and all observed. A controller is for what
tables cannot hold: mechanisms that are implicit, causes that are not observed, images.
"""

import argparse
import time

import quiet_tensorflow  # noqa: F401
from causal import controls, judge, study
from causal.truths import BARS, truth

import tf_gencs as gencs


def main(arguments=None):
    options = parse(arguments)
    for name in options.networks:
        for seed in options.seeds:
            report_network(name, seed, options)
    if options.controls:
        report_controls(options)
    if options.study:
        report_study(options)


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", nargs="*", choices=BARS, default=list(BARS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--rows", type=int, default=500_000, help="to train on")
    parser.add_argument("--samples", type=int, default=500_000, help="to judge by")
    parser.add_argument("--steps", type=int, default=None, help="of training")
    parser.add_argument("--controls", type=int, default=1, help="0 leaves them out")
    parser.add_argument("--study", type=int, default=15_000, help="steps; 0: no study")
    parser.add_argument(
        "--datasets", type=int, default=20, help="of the study, a graph"
    )
    return parser.parse_args(arguments)


def train(graph, states, scm, options, seed=0):
    """A controller that has seen samples of a model, of its own nodes."""
    labels = scm.sample(options.rows, seed=1000 + seed)
    labels = {name: labels[name] for name in gencs.causal.CausalGraph(graph).nodes}
    model = gencs.causal.CausalController(graph, states, seed=seed)
    model.compile(**({} if options.steps is None else {"steps": options.steps}))
    per_epoch = min(500, model.settings.steps)
    model.fit(labels, steps_per_epoch=per_epoch, verbose=0)
    return model


def report_network(name, seed, options):
    scm, bars = truth(name), BARS[name]
    start = time.perf_counter()
    model = train(scm.graph, scm.states, scm, options, seed)
    seconds = time.perf_counter() - start
    labels = scm.sample(options.rows, seed=1000 + seed)
    counted = gencs.causal.DiscreteSCM.by_counting(labels, scm.graph, scm.states)
    print(f"\n{name}, seed {seed}: trained for {seconds:.0f} s")
    print(f"{judge.HEADER}  by counting")
    figures = judge.judge(model, scm, bars, options.samples, options.rows, seed)
    beside = judge.judge(counted, scm, bars, options.samples, options.rows, seed)
    for figure, other in zip(figures, beside, strict=True):
        row = figure.row()
        print(f"{row:<92}{other.distance:.4f}", flush=True)


def report_controls(options):
    print("\nNegative controls: these must be wrong, by at least the bar")
    rows = []
    for name, node in (("asia", "xray"), ("earthquake", "MaryCalls")):
        scm = truth(name)
        model = train(scm.graph, scm.states, scm, options)
        samples = options.samples // 5
        gap = controls.conditioning_in_place_of_intervening(model, scm, node, samples)
        rows.append((f"{name}: given({node}=0) for do({node}=0)", gap, 0.4))
    faces = truth("faces")

    def trained(graph, states, scm):
        return train(graph, states, scm, options)

    edges = controls.reversed_edge(trained, faces, options.samples)
    for graph, (distance, error) in edges.items():
        print(
            f"{graph}: joint {distance:.4f}, P(Male | do(Mustache = 1)) wrong by "
            f"{error:.4f}"
        )
    rows.append(("reversed edge", edges["mustache_causes_male"][1], 0.2))
    untrained = gencs.causal.CausalController(faces.graph, faces.states, seed=0)
    apart = trained(controls.independent_graph(faces), faces.states, faces)
    for title, model in (("untrained", untrained), ("no edges", apart)):
        bars, sizes = BARS["faces"], (options.samples, options.rows)
        for figure in judge.judge(model, faces, bars, *sizes):
            if figure.bar is not None:
                rows.append(
                    (f"faces, {title}: {figure.what}", figure.distance, figure.bar)
                )
    for what, gap, bar in rows:
        verdict = "wrong, as it must be" if gap >= bar else "NOT WRONG"
        print(f"{what:<48}{gap:>9.4f}{bar:>9.4f}  {verdict}", flush=True)


def report_study(options):
    print(
        f"\nThree variables: total variation from data after {options.study} steps of a"
    )
    print(f"GAN, mean of {options.datasets} data sets; a row for each true graph")
    for row in study.study(options.study, options.datasets):
        for kind, distance in row.distances.items():
            print(f"{row.graph:<10}{kind:<16}{distance:.4f}")
        print(
            f"{row.graph:<10}along its graph nearer than {row.rival} by {row.gap:.4f} "
            f"(standard error {row.error:.4f})  {row.verdict}",
            flush=True,
        )


if __name__ == "__main__":
    main()
