"""Tests of causal graphs: how they are written, what follows from them, surgery."""

import itertools

import keras
import numpy as np
import pytest

from tf_gencs.causal import NAMED_GRAPHS, CausalGraph, named_graph

CHAIN = {"A": [], "B": ["A"], "C": ["B"]}


def test_all_ways_to_write_a_graph_make_the_same():
    graph = CausalGraph(CHAIN)
    for same in (
        [("A", "B"), ("B", "C")],
        [["A", []], ["B", ["A"]], ["C", ["B"]]],
        CausalGraph(CHAIN),
    ):
        assert CausalGraph(same) == graph
    assert graph.edges == (("A", "B"), ("B", "C"))
    assert CausalGraph([("A", "B")], nodes=["C", "B", "A"]).nodes == ("C", "B", "A")


def test_networkx_graphs_come_and_go():
    networkx = pytest.importorskip("networkx")
    digraph = networkx.DiGraph([("A", "B"), ("B", "C")])
    assert CausalGraph(digraph) == CausalGraph(CHAIN)
    back = CausalGraph(CHAIN).to_networkx()
    assert set(back.edges) == set(digraph.edges)


@pytest.mark.parametrize(
    ("graph", "arguments", "error", "message"),
    [
        ([("A", "B"), ("B", "C"), ("C", "B")], {}, ValueError, "B -> C -> B"),
        ({"A": ["A"]}, {}, ValueError, "A -> A"),
        ({"Mustache": [], "Bald": ["Mustach"]}, {}, ValueError, "mean 'Mustache'"),
        ([("A", "Bald")], {"nodes": ["A", "Balt"]}, ValueError, "mean 'Balt'"),
        ({"A": []}, {"bidirected": [("A", "B")]}, ValueError, "`bidirected`.*'B'"),
        ({"A": []}, {"bidirected": [("A", "A")]}, ValueError, "different nodes"),
        ({"A": [], "B": ["A", "A"]}, {}, ValueError, "each name once"),
        ([("A", "B"), ("A", "B")], {}, ValueError, "each edge once"),
        ([["A", []], ["A", []]], {}, ValueError, "each name once"),
        ({"A": [], "B": []}, {"nodes": ["A"]}, ValueError, r"Left out: \['B'\]"),
        ({1: []}, {}, TypeError, "names as text"),
        ("A -> B", {}, TypeError, "`graph` must be edges"),
        ([("A", "B"), ("C", ["A"])], {}, TypeError, "not both"),
        ([("A", "B", "C")], {}, TypeError, "the item"),
        ({"A": "B", "B": []}, {}, TypeError, "list of names"),
    ],
)
def test_refuses_what_is_no_graph(graph, arguments, error, message):
    with pytest.raises(error, match=message):
        CausalGraph(graph, **arguments)


def test_causes_come_before_effects():
    graph = NAMED_GRAPHS["G1_reverse_complete"]
    for cause, effect in graph.edges:
        assert graph.order.index(cause) < graph.order.index(effect)


def test_ancestors_and_descendants():
    graph = NAMED_GRAPHS["G1"]
    assert graph.ancestors("Mouth_Slightly_Open") == {"Young", "Smiling", "Male"}
    assert graph.descendants("Smiling") == {"Mouth_Slightly_Open", "Narrow_Eyes"}
    assert graph.children("Young")[0] == "Eyeglasses"
    with pytest.raises(ValueError, match="mean 'Smiling'"):
        graph.parents("Smilling")


def partial_correlations_vanish(graph, one, other, given, rng):
    """Whether one and other are independent given `given` in a random linear model."""
    nodes = [*graph.order, *graph.bidirected]
    mixing = np.zeros((len(nodes), len(nodes)))
    for i, name in enumerate(nodes):
        mixing[i, i] = 1
        if isinstance(name, str):
            shared = [pair for pair in graph.bidirected if name in pair]
            for cause in (*graph.parents(name), *shared):
                j = nodes.index(cause)
                mixing[i] += rng.uniform(0.5, 2) * (
                    mixing[j] if isinstance(cause, str) else np.eye(len(nodes))[j]
                )
    rows = [nodes.index(name) for name in (one, other, *given)]
    precision = np.linalg.inv(mixing[rows] @ mixing[rows].T)
    return abs(precision[0, 1]) < 1e-9 * np.abs(precision).max()


@pytest.mark.parametrize(
    "graph",
    [
        CausalGraph({"A": [], "B": ["A"], "C": ["A"], "D": ["B", "C"], "E": ["D"]}),
        CausalGraph(
            [("A", "B"), ("B", "C")],
            bidirected=[("A", "C"), ("C", "D")],
            nodes=list("ABCD"),
        ),
        NAMED_GRAPHS["small"],
    ],
)
def test_d_separation_is_independence_in_linear_models(graph, rng):
    for one, other in itertools.combinations(graph.nodes, 2):
        rest = [name for name in graph.nodes if name not in (one, other)]
        for size in range(min(3, len(rest)) + 1):
            for given in itertools.combinations(rest, size):
                expected = partial_correlations_vanish(graph, one, other, given, rng)
                assert graph.d_separated(one, other, given) == expected, (
                    one,
                    other,
                    given,
                )


def test_d_separation_refuses_sets_that_meet():
    with pytest.raises(ValueError, match=r"disjoint.*\['A'\]"):
        CausalGraph(CHAIN).d_separated("A", "B", ["A"])


def test_surgery_cuts_causes_and_shared_noise():
    graph = CausalGraph(CHAIN, bidirected=[("A", "C"), ("A", "B")])
    cut = graph.do("B")
    assert cut.edges == (("B", "C"),)
    assert cut.bidirected == (("A", "C"),)
    assert graph.confounded_groups() == (("A", "B", "C"),)
    assert cut.confounded_groups() == (("A", "C"), ("B",))


def test_named_graphs_have_the_edges_of_the_reference():
    counts = {name: len(graph.edges) for name, graph in NAMED_GRAPHS.items()}
    assert counts == {
        "G1": 14,
        "G1_complete": 36,
        "G1_reverse_complete": 36,
        "small": 12,
        "complete_minimal": 10,
        "male_causes_mustache": 1,
        "mustache_causes_male": 1,
    }
    assert named_graph("G1") is NAMED_GRAPHS["G1"]
    with pytest.raises(ValueError, match=r"one of.*'G1'"):
        named_graph("G2")


def test_text_has_a_line_for_each_node():
    graph = CausalGraph({"Sex": [], "Bald": ["Sex"]}, bidirected=[("Sex", "Bald")])
    assert graph.text() == "Sex    <-> Bald\nBald <- Sex   <-> Sex"


@pytest.mark.parametrize("name", ["g.png", "g.svg"])
def test_draws_a_picture(tmp_path, name):
    pytest.importorskip("matplotlib")
    graph = CausalGraph(NAMED_GRAPHS["G1"], bidirected=[("Bald", "Mustache")])
    path = graph.draw(tmp_path / name, highlight=["Mustache"])
    content = path.read_bytes()
    assert content.startswith(b"\x89PNG") or b"<svg" in content
    with pytest.raises(ValueError, match=r"end in .png or .svg"):
        graph.draw(tmp_path / "g.gif")


def test_a_graph_keeps_through_its_config():
    graph = CausalGraph(CHAIN, bidirected=[("A", "C")])
    config = keras.saving.serialize_keras_object(graph)
    again = keras.saving.deserialize_keras_object(config)
    assert again == graph
    assert hash(again) == hash(graph)
    assert again != CausalGraph(CHAIN)
