"""Causal models of labels: graphs, exact ones of tables, and ones that are learned.

A `CausalGraph` says which variable is a cause of which. A `DiscreteSCM` adds tables: it
knows every answer exactly. A `CausalController` adds networks, and learns them from
what was observed.

| to ask | `DiscreteSCM` | `CausalController` |
|---|---|---|
| P(event), under `do` and `given` | `probability`, `marginal`, `joint` | by samples |
| samples | `sample` | `sample` |
| what would have been | `counterfactual` | `counterfactual` |
| from data | `by_counting` | `fit` |
"""

from tf_gencs.causal.controller import CausalController
from tf_gencs.causal.discrete_scm import DiscreteSCM
from tf_gencs.causal.graph import CausalGraph
from tf_gencs.causal.named_graphs import NAMED_GRAPHS, named_graph
from tf_gencs.causal.reference import StopAtTotalVariation, reference_settings

__all__ = [
    "NAMED_GRAPHS",
    "CausalController",
    "CausalGraph",
    "DiscreteSCM",
    "StopAtTotalVariation",
    "named_graph",
    "reference_settings",
]
