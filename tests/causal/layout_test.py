"""Tests of how labels and causes lie in tensors."""

import numpy as np
import tensorflow as tf

from tf_gencs.causal import CausalGraph
from tf_gencs.causal.layout import Layout

GRAPH = CausalGraph({"A": [], "B": [], "Y": ["A", "B"]})


def test_joint_states_of_causes_are_inputs_of_their_own():
    layout = Layout(GRAPH, {"A": 2, "B": 3, "Y": 2})
    rows = np.array([[0, 2, 0], [1, 0, 0], [1, 2, 1]], "float32")
    columns = layout.columns(rows)
    causes = tf.reshape(columns[:, :2], (1, 3, 4))
    seen = layout.causes(causes).numpy()[0]
    assert seen.shape == (3, layout.cause_inputs) == (3, 4 + 9)
    np.testing.assert_array_equal(seen[:, :4], causes[0])
    np.testing.assert_array_equal(seen[:, 4:].argmax(axis=1), [0 * 3 + 2, 3, 3 + 2])
    np.testing.assert_array_equal(seen[:, 4:].sum(axis=1), 1)


def test_joint_states_of_soft_causes_are_their_chances():
    layout = Layout(GRAPH, dict.fromkeys(GRAPH.nodes, 2))
    seen = layout.causes(tf.constant([[0.25, 0.5]])).numpy()[0]
    np.testing.assert_allclose(seen, [0.25, 0.5, 0.375, 0.375, 0.125, 0.125])


def test_many_joint_states_are_left_out():
    for causes, cells in ((1, 0), (2, 4), (6, 64), (7, 0)):
        graph = CausalGraph([(f"X{i}", "Y") for i in range(causes)])
        layout = Layout(graph, dict.fromkeys(graph.nodes, 2))
        assert layout.cause_inputs == causes + cells
        without = Layout(graph, layout.states, interactions=False)
        assert without.cause_inputs == causes
