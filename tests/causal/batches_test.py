"""Tests of what a controller is shown in a step."""

import numpy as np

from tf_gencs.causal import CausalGraph
from tf_gencs.causal.layout import Layout
from tf_gencs.causal.training import batches

GRAPH = CausalGraph([("Rare", "Effect"), ("Other", "Effect")])


def shown(share, steps=range(20)):
    rng = np.random.default_rng(0)
    rows = np.stack([rng.random(5000) < p for p in (0.01, 0.5, 0.5)], axis=1)
    layout = Layout(GRAPH, dict.fromkeys(GRAPH.nodes, 2))
    places = [layout.place[name] for name in GRAPH.nodes]
    dataset = batches.balanced(
        rows.astype("float32"), layout, places, 100, share, 0, steps
    )
    return np.array([batch.numpy() for batch in dataset])  # steps, places + 1, 100, 3


def test_rare_causes_are_shown_as_often_as_others_in_a_share_of_the_batch():
    found = shown(0.5)
    effect, own, last = GRAPH.nodes.index("Effect"), GRAPH.nodes.index("Rare"), -1
    assert abs(found[:, effect, :50, own].mean() - 0.5) < 0.05
    assert found[:, effect, 50:, own].mean() < 0.04
    # A node without causes, and what is drawn as it comes, have nothing to balance.
    assert found[:, own, :, own].mean() < 0.04
    assert found[:, last, :, own].mean() < 0.04


def test_batches_follow_from_the_number_of_their_step():
    some, later = shown(0.5, range(4)), shown(0.5, range(2, 4))
    np.testing.assert_array_equal(some[2:], later)
    assert not np.array_equal(some[0], some[1])
    natural = [
        [batch.numpy() for batch in batches.natural(some[0, 0], 7, 3, steps)]
        for steps in (range(4), range(2, 4))
    ]
    np.testing.assert_array_equal(natural[0][2:], natural[1])
