"""Causal models of labels: graphs, exact ones of tables, and ones that are learned.

A `CausalGraph` says which variable is a cause of which. A `DiscreteSCM` adds tables: it
knows every answer exactly.
"""

from tf_gencs.causal.discrete_scm import DiscreteSCM
from tf_gencs.causal.graph import CausalGraph
from tf_gencs.causal.named_graphs import NAMED_GRAPHS, named_graph

__all__ = ["NAMED_GRAPHS", "CausalGraph", "DiscreteSCM", "named_graph"]
