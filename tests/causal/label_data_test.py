"""Tests of labels as users have them: by name, from 0, of one length."""

import numpy as np
import pytest
import tensorflow as tf

from tests.causal.controllers import SIMPSON, tiny
from tf_gencs.causal import CausalController, CausalGraph, label_data


def test_labels_go_by_name_in_whatever_order():
    labels = SIMPSON.sample(20, seed=0)
    turned = {"another": np.arange(20), **dict(reversed(labels.items()))}
    found = [
        label_data.matrix(each, SIMPSON.graph, SIMPSON.states)
        for each in (labels, turned)
    ]
    np.testing.assert_array_equal(*found)
    assert np.array_equal(found[0][:, 2], labels[SIMPSON.graph.nodes[2]])


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"X": None}, ValueError, r"Missing: \['X'\]"),
        ({"X": None, "Xx": [0]}, ValueError, "mean 'Xx'"),
        ({"X": None, "x": [0], "y": [0]}, ValueError, "mean 'x'"),
        ({"X": [0, 2]}, ValueError, r"`labels\['X'\]`.*0..1.*\[2\]"),
        ({"X": [0, -1]}, ValueError, r"0..1.*\[-1\]"),
        ({"X": [0, 0.5]}, ValueError, r"0..1.*\[0.5\]"),
        ({"X": [0, np.nan]}, ValueError, "0..1.*nan"),
        ({"X": ["no", "yes"]}, ValueError, "0..1.*'yes'"),
        ({"X": [[0, 1]]}, ValueError, r"shape \(1, 2\)"),
        ({"X": [0, 1, 1]}, ValueError, "one length.*3 of 'X', 2 of 'Z'"),
    ],
)
def test_refuses_labels_that_do_not_fit_the_graph(change, error, message):
    labels = {"Y": [2, 0], "X": [0, 1], "Z": [1, 1], **change}
    labels = {name: column for name, column in labels.items() if column is not None}
    with pytest.raises(error, match=message):
        tiny().fit(labels, verbose=0)


def test_no_name_is_suggested_that_came_beside():
    graph = CausalGraph([("Male", "Mal"), ("Male", "Males")])
    male = {"Male": [0, 1]}
    others = [
        lambda: label_data.matrix(male, graph, dict.fromkeys(graph.nodes, 2)),
        lambda: CausalController(graph, {"Males": 2, "Male": 2, "Mal": 2, "Ma": 2}),
        lambda: tiny().sample(2, do={"X": 0, "x": 0}),
        lambda: tiny().sample(2, given={"X": 0, "x": 0}),
        lambda: CausalGraph({"Male": [], "Mal": ["Male", "male"]}),
    ]
    for ask in others:
        with pytest.raises(ValueError, match=r"^(?!.*Did you mean)"):
            ask()


def test_refuses_labels_without_names():
    with pytest.raises(TypeError, match=r"by name, never by place.*ndarray"):
        tiny().fit(np.zeros((10, 3)))
    with pytest.raises(TypeError, match="dicts of labels by name"):
        tiny().fit(tf.data.Dataset.from_tensor_slices(np.zeros((10, 3))).batch(2))
    with pytest.raises(ValueError, match="must hold a row"):
        tiny().fit({"X": [], "Y": [], "Z": []})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.map(lambda x: (x["X"], x["Y"])), r"`\.map.* names what comes"),
        (lambda d: d.map(lambda x: (x, x)), "dicts of labels by name"),
        (lambda d: d.map(lambda x: x | {"X": tf.as_string(x["X"])}), "hold numbers"),
        (lambda d: d.map(lambda x: x | {"X": x["X"][:, None]}), "one number a row"),
        (lambda d: d.unbatch(), r"call `\.batch"),
        (lambda d: d.take(0), "must hold a row. Received: an empty dataset"),
    ],
)
def test_refuses_odd_datasets(change, message):
    data = tf.data.Dataset.from_tensor_slices(SIMPSON.sample(20, seed=0)).batch(10)
    with pytest.raises((TypeError, ValueError), match=f"`labels.*{message}"):
        tiny().fit(change(data), verbose=0)


def test_refuses_masked_labels_and_names_of_states():
    labels = SIMPSON.sample(20, seed=0)
    masked = labels | {"X": np.ma.masked_array(labels["X"], labels["X"] > 0)}
    with pytest.raises(ValueError, match=r"`labels\['X'\]` must have no masked values"):
        tiny().fit(masked)
    named = labels | {"X": np.array(["no", "yes"])[labels["X"]]}
    with pytest.raises(ValueError, match=r"return_inverse=True.*numbers names"):
        tiny().fit(named)
