"""Causal models whose answers are known exactly, and how near a model must come."""

import dataclasses
import json
import pathlib

import numpy as np

import tf_gencs as gencs

# Public networks, as numbers: the tests hold our exact answers to them.
_TABLES = pathlib.Path(__file__).parents[2] / "tests" / "causal" / "networks.json"


@dataclasses.dataclass
class Bars:
    """The largest distances allowed; None where nothing is asked.

    Attributes:
        joint: total variation of all cells, observed.
        above_floor: whether `joint` is counted from the sampling floor.
        done: the same under every intervention; `pairs` under three on two nodes.
        effects: error of every average causal effect.
        marginals, edges: tables of one node, and of cause and effect, in place of all
            cells.
        rarest: interventions on states rarer than this are not judged.
    """

    joint: float | None = None
    above_floor: bool = False
    done: float | None = None
    pairs: float | None = None
    effects: float | None = None
    marginals: float | None = None
    edges: float | None = None
    rarest: float = 0.0


_PUBLIC = Bars(joint=0.02, above_floor=True, done=0.05, effects=0.03, rarest=0.01)
BARS = {
    "complete": Bars(joint=0.02, done=0.03, pairs=0.03),
    "faces": Bars(joint=0.05, done=0.06, pairs=0.06),
    "cancer": _PUBLIC,
    "earthquake": _PUBLIC,
    "survey": _PUBLIC,
    "asia": _PUBLIC,
    "sachs": Bars(marginals=0.03, edges=0.05),
}


def truth(name):
    """The `DiscreteSCM` of one of the names in `BARS`."""
    if name == "faces":
        return gencs.causal.DiscreteSCM.from_tables(gencs.datasets.FACE_CAUSAL_MODEL)
    if name == "complete":
        return _complete()
    nodes = json.loads(_TABLES.read_text())[name]
    return gencs.causal.DiscreteSCM.from_tables(
        {node: (c["parents"], np.array(c["table"])) for node, c in nodes.items()}
    )


def _complete():
    """Five attributes, each caused by all before, with chances drawn in [.1, .9]."""
    graph = gencs.causal.named_graph("complete_minimal")
    rng = np.random.default_rng(0)
    tables = {}
    for name in graph.nodes:
        chance = rng.uniform(0.1, 0.9, (2,) * len(graph.parents(name)))
        tables[name] = np.stack([1 - chance, chance], axis=-1)
    return gencs.causal.DiscreteSCM(graph, tables)
