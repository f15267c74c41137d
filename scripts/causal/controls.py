"""What must fail: answers to other questions, wrong graphs, no training."""

import tf_gencs as gencs
from causal import judge
from tf_gencs.metrics import total_variation


def conditioning_in_place_of_intervening(model, truth, node, samples):
    """Total variation of samples given node = 0 from the truth under do(node = 0)."""
    seen = judge.found(model, truth, samples, 0, given={node: 0})
    return total_variation(seen, judge.exact(truth, do={node: 0})).distance


def reversed_edge(train, truth, samples):
    """The right and the reversed graph of Male and Mustache.

    Returns:
        For each graph its joint total variation, and the error of
        P(Male = 1 | do(Mustache = 1)).
    """
    expected = truth.probability({"Male": 1}, do={"Mustache": 1})
    two = gencs.metrics.LabelTable(
        ["Male", "Mustache"], truth.marginal(["Male", "Mustache"])
    )
    figures = {}
    for name in ("male_causes_mustache", "mustache_causes_male"):
        graph = gencs.causal.named_graph(name)
        model = train(graph, {node: truth.states[node] for node in graph.nodes}, truth)
        observed = gencs.metrics.LabelTable.of(
            model.sample(samples, seed=0), model.states
        )
        men = model.sample(samples, do={"Mustache": 1}, seed=0)["Male"].mean()
        distance = total_variation(observed, two).distance
        figures[name] = distance, abs(men - expected)
    return figures


def independent_graph(truth):
    """A graph with the nodes of a model and no edge."""
    return gencs.causal.CausalGraph(nodes=truth.graph.nodes)
