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


# How often `rows` rows are expected to show what they can teach, at least.
SHOWN = 10

HEADER = f"{'':<26}{'distance':>9}{'floor':>9}{'bar':>9}"


def exact(truth, **conditions):
    return LabelTable(truth.graph.nodes, truth.joint(**conditions))


def found(model, truth, samples, seed, **conditions):
    labels = model.sample(samples, seed=seed, **conditions)
    return LabelTable.of(labels, truth.states)


def judge(model, truth, bars, samples, rows, seed=0):
    """All figures of a model that has `sample(n, do=, given=, seed=)`.

    Args:
        model: it has learned from `rows` rows.
        truth: `DiscreteSCM`.
        bars: `truths.Bars`.
        samples: how many to judge by.
        rows, seed: of the data; of the samples.
    """
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

        def cells(key):
            return learnable(truth, key[0], rows)

        single = [(name,) for name in truth.graph.nodes]
        figures += _on_support("marginal", done, truth, single, cells, bars.marginals)
        edges = truth.graph.edges
        figures += _on_support("edge", done, truth, edges, cells, bars.edges)
    else:
        figures.append(_worst_intervention(done, bars.done, truth))
    if bars.pairs is not None:
        figures.append(_worst_pair(model, truth, samples, seed, bars.pairs))
    figures.append(_worst_effect(done, bars.effects))
    for key in (("either", 0), ("either", 1)):  # asia
        if key in done:
            cells = possible(truth, ("either", "lung", "tub"))
            one, whole = {key: done[key]}, [truth.graph.nodes]
            figures += _on_support(
                _words(key), one, truth, whole, lambda _, c=cells: c, bars.done
            )
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


def _on_support(what, done, truth, groups, cells, bar):
    """The worst table under interventions, over supported cells and over the others.

    Cells are cut in two before they are summed to tables of `groups`, so that the two
    distances add up to at least the whole. The floor is that of the whole.

    Args:
        cells: function from a key of `done` to a boolean array: which are supported.
    """
    parts = {}
    for key, (found_table, exact_table) in done.items():
        gaps = found_table.probabilities - exact_table.probabilities
        good = cells(key)
        chance = exact_table.probabilities[~good].sum()
        floors = table_distances(found_table, exact_table, groups=groups)
        for title, kept in (("supported", good), ("unsupported", ~good)):
            for group in groups:
                others = [
                    i for i, name in enumerate(truth.graph.nodes) if name not in group
                ]
                cut = (gaps * kept).sum(axis=tuple(others))
                distance = float(0.5 * np.abs(cut).sum())
                if title in parts and distance <= parts[title].distance:
                    continue
                where = f"{', '.join(group)} {_words(key)} " if others else ""
                if title == "unsupported":
                    where += f"probability {chance:.4f}"
                parts[title] = Figure(
                    f"{what}, {title}",
                    distance,
                    floors[tuple(group)].floor,
                    bar if title == "supported" else None,
                    where,
                )
    return list(parts.values())


def possible(truth, names):
    """Cells in which some nodes are as they may be without an intervention."""
    shape = [k if name in names else 1 for name, k in truth.states.items()]
    chances = truth.marginal([name for name in truth.states if name in names])
    return np.broadcast_to(chances.reshape(shape) > 0, tuple(truth.states.values()))


def learnable(truth, done, rows):
    """Which cells data can teach: boolean, of all cells.

    In those the causes of every node, but of the one that is done, are in states that
    `rows` rows are expected to show at least `SHOWN` times together. What a node does
    where they are in others is written in no data of that size.
    """
    nodes = list(truth.graph.nodes)
    good = np.ones(tuple(truth.states.values()), bool)
    for name in nodes:
        causes = sorted(truth.graph.parents(name), key=nodes.index)
        if name != done and causes:
            shown = truth.marginal(causes) * rows >= SHOWN
            others = [i for i, each in enumerate(nodes) if each not in causes]
            good &= np.expand_dims(shown, others)
    return good


def _words(key):
    return f"do({key[0]}={key[1]})" if key else ""
