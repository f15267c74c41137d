"""How far a model of labels is from the truth, observed and under interventions."""

import dataclasses

import numpy as np

from tf_gencs.metrics import (
    LabelTable,
    effect_errors,
    table_distances,
    total_variation,
)


@dataclasses.dataclass
class Figure:
    """A distance, its sampling floor, its bar and what it is of."""

    what: str
    distance: float
    floor: float
    bar: float | None
    where: str = ""

    @property
    def verdict(self):
        if self.bar is None:
            return ""
        return "ok" if self.distance <= self.bar else "MISSES"

    def row(self):
        bar = "" if self.bar is None else f"{self.bar:.4f}"
        return (
            f"{self.what:<26}{self.distance:>9.4f}{self.floor:>9.4f}{bar:>9} "
            f"{self.verdict:<7}{self.where}"
        )


HEADER = f"{'':<26}{'distance':>9}{'floor':>9}{'bar':>9}"


def exact(truth, **conditions):
    return LabelTable(truth.graph.nodes, truth.joint(**conditions))


def found(model, truth, samples, seed, **conditions):
    labels = model.sample(samples, seed=seed, **conditions)
    return LabelTable.of(labels, truth.states)


def judge(model, truth, bars, samples, seed=0):
    """All figures of a model that has `sample(n, do=, given=, seed=)`."""
    figures = []
    observed, expected = found(model, truth, samples, seed), exact(truth)
    if bars.marginals is None:
        distance = total_variation(observed, expected)
        extra = distance.floor if bars.above_floor else 0.0
        figures.append(Figure("joint", *distance, bars.joint + extra))
    pairs = {(): (observed, expected)}
    for name, states in truth.states.items():
        chances = truth.marginal([name])
        for state in range(states):
            if chances[state] >= bars.rarest:
                do = {name: state}
                model_table = found(model, truth, samples, seed, do=do)
                pairs[name, state] = model_table, exact(truth, do=do)
    done = {key: pair for key, pair in pairs.items() if key}
    if bars.marginals is not None:
        figures += _tables(pairs, truth, bars)
    else:
        figures.append(_worst_intervention(done, bars.done, truth))
    if bars.pairs is not None:
        figures.append(_worst_pair(model, truth, samples, seed, bars.pairs))
    figures.append(_worst_effect(done, bars.effects))
    if "either" in truth.states:
        figures += _on_support(done, truth, bars.done)
    return figures


def _worst_intervention(done, bar, truth):
    """All interventions but on what its causes decide, which goes apart."""
    distances = {
        key: total_variation(*pair) for key, pair in done.items() if key[0] != "either"
    }
    worst = max(distances, key=lambda key: distances[key].distance)
    return Figure("worst do(X=x), joint", *distances[worst], bar, _words(worst))


def _worst_pair(model, truth, samples, seed, bar):
    rng = np.random.default_rng(0)
    worst = None
    for _ in range(3):
        some = rng.choice(list(truth.graph.nodes), 2, replace=False)
        do = {str(name): int(rng.integers(truth.states[str(name)])) for name in some}
        distance = total_variation(
            found(model, truth, samples, seed, do=do), exact(truth, do=do)
        )
        if worst is None or distance.distance > worst.distance:
            worst = Figure("worst of 3 pairs, joint", *distance, bar, f"do{do}")
    return worst


def _worst_effect(done, bar):
    whole = {name for name, state in done if state == 0}
    tables = [
        {key: pair[side] for key, pair in done.items() if key[0] in whole}
        for side in (0, 1)
    ]
    errors = effect_errors(*tables)
    worst = max(errors, key=lambda key: errors[key].distance)
    return Figure("worst causal effect", *errors[worst], bar, " -> ".join(worst))


def _tables(pairs, truth, bars):
    """Of tables too large for their samples: marginals, and causes with effects."""
    figures = []
    for what, bar, groups in (
        ("worst marginal", bars.marginals, None),
        ("worst edge", bars.edges, truth.graph.edges),
    ):
        for title, keys in (("observed", [()]), ("do(X=x)", [k for k in pairs if k])):
            worst = None
            for key in keys:
                for group, distance in table_distances(
                    *pairs[key], groups=groups
                ).items():
                    if worst is None or distance.distance > worst.distance:
                        where = f"{', '.join(group)} {_words(key)}"
                        worst = Figure(f"{what}, {title}", *distance, bar, where)
            figures.append(worst)
    return figures


def _on_support(done, truth, bar):
    """do(either = x) where causes that have that effect, and where they never do."""
    names = ("either", "lung", "tub")
    possible = truth.marginal(names) > 0
    states = np.indices(tuple(truth.states.values()))
    at = [states[list(truth.states).index(name)] for name in names]
    supported = possible[tuple(at)]
    figures = []
    for state in (0, 1):
        model_table, exact_table = done["either", state]
        gaps = np.abs(model_table.probabilities - exact_table.probabilities)
        parts = {
            "supported": 0.5 * gaps[supported].sum(),
            "unsupported": 0.5 * gaps[~supported].sum(),
        }
        floor = total_variation(model_table, exact_table).floor
        for title, distance in parts.items():
            limit = bar if title == "supported" else None
            what = f"do(either={state}), {title}"
            figures.append(Figure(what, distance, floor, limit))
    return figures


def _words(key):
    return f"do({key[0]}={key[1]})" if key else ""
