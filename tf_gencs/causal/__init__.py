"""Causal models of labels: graphs, exact ones of tables, and ones that are learned."""

from tf_gencs.causal.controller import CausalController
from tf_gencs.causal.discrete_scm import DiscreteSCM
from tf_gencs.causal.graph import CausalGraph
from tf_gencs.causal.named_graphs import NAMED_GRAPHS, named_graph
from tf_gencs.causal.reference import StopAtTotalVariation, reference_settings
from tf_gencs.pages import with_page

__doc__ = with_page(__doc__, __file__)

__all__ = [
    "NAMED_GRAPHS",
    "CausalController",
    "CausalGraph",
    "DiscreteSCM",
    "StopAtTotalVariation",
    "named_graph",
    "reference_settings",
]
