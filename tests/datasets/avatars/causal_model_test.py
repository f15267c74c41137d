"""Tests of drawing attributes from a causal model."""

import itertools

import numpy as np
import pytest

from tf_gencs.datasets.avatars.causal_model import (
    DEFAULT_MODEL,
    check_model,
    draw_person,
    sampling_order,
)
from tf_gencs.datasets.avatars.drawing import ATTRIBUTES


def people(model, count, stream=0, seed=0):
    drawn = [draw_person(model, seed, stream, index)[0] for index in range(count)]
    return np.array(drawn)


def column(drawn, name):
    return drawn[:, ATTRIBUTES.index(name)]


def exact_probability(model, name):
    """P(name = 1) by the sum over all 2^8 people."""
    total = 0.0
    for values in itertools.product((0, 1), repeat=len(ATTRIBUTES)):
        person = dict(zip(ATTRIBUTES, values, strict=True))
        likelihood = 1.0
        for node, (parents, table) in model.items():
            one = table[tuple(person[parent] for parent in parents)]
            likelihood *= one if person[node] else 1 - one
        total += likelihood * person[name]
    return total


@pytest.fixture(scope="module")
def drawn():
    return people(DEFAULT_MODEL, 4000)


def test_the_default_model_is_one():
    assert check_model(DEFAULT_MODEL) == DEFAULT_MODEL
    probabilities = [p for _, table in DEFAULT_MODEL.values() for p in table.values()]
    assert min(probabilities) > 0
    assert max(probabilities) < 1


def test_parents_come_before_children():
    order = sampling_order(DEFAULT_MODEL)
    for name, (parents, _) in DEFAULT_MODEL.items():
        assert all(order.index(parent) < order.index(name) for parent in parents)


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_attributes_are_as_frequent_as_the_model_says(drawn, name):
    expected = exact_probability(DEFAULT_MODEL, name)
    deviation = np.sqrt(expected * (1 - expected) / len(drawn))
    assert abs(column(drawn, name).mean() - expected) < 4 * deviation


@pytest.mark.parametrize("name", ["Eyeglasses", "Mustache", "Narrow_Eyes"])
def test_attributes_follow_their_parents(drawn, name):
    parents, table = DEFAULT_MODEL[name]
    values = np.stack([column(drawn, parent) for parent in parents], axis=1)
    for row, expected in table.items():
        chosen = column(drawn, name)[(values == row).all(axis=1)]
        deviation = np.sqrt(expected * (1 - expected) / len(chosen))
        assert abs(chosen.mean() - expected) < 4 * deviation


def test_a_person_is_the_same_again_and_another_in_another_stream():
    assert draw_person(DEFAULT_MODEL, 3, 1, 7) == draw_person(DEFAULT_MODEL, 3, 1, 7)
    drawn = {
        tuple(draw_person(DEFAULT_MODEL, seed, stream, index)[1])
        for seed, stream, index in itertools.product((0, 1), repeat=3)
    }
    assert len(drawn) == 8


def test_an_intervention_leaves_all_but_descendants_as_they_were():
    bald = {**DEFAULT_MODEL, "Smiling": ((), {(): 1.0})}
    before, after = people(DEFAULT_MODEL, 300), people(check_model(bald), 300)
    assert column(after, "Smiling").all()
    changed = {
        name
        for name in ATTRIBUTES
        if not np.array_equal(column(before, name), column(after, name))
    }
    assert changed == {"Smiling", "Mouth_Slightly_Open", "Narrow_Eyes"}


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"Beard": ((), {(): 0.5})}, ValueError, "exactly the attributes.*'Beard'"),
        ({"Male": (("Beard",), {(0,): 0.5, (1,): 0.5})}, ValueError, r"\('Beard',\)"),
        ({"Male": (("Young",), {(0,): 0.5})}, ValueError, r"rows \[\(0,\), \(1,\)\]"),
        ({"Male": ((), {(): 0.5, (1,): 0.5})}, ValueError, r"exactly the rows"),
        ({"Male": ((), {(): 1.5})}, ValueError, r"in \[0, 1\].*1.5 in row \(\)"),
        ({"Male": ((), {(): float("nan")})}, ValueError, r"in \[0, 1\].*nan"),
        ({"Male": ((), {(): "often"})}, ValueError, r"in \[0, 1\].*'often'"),
        ({"Male": 0.5}, TypeError, r"`causal_model\['Male'\]` must be a pair"),
        (
            {
                "Male": (("Young",), {(0,): 0.5, (1,): 0.5}),
                "Young": (("Male",), {(0,): 0.5, (1,): 0.5}),
            },
            ValueError,
            "cycle.*'Male'.*'Young'",
        ),
    ],
)
def test_refuses_a_wrong_model(change, error, message):
    with pytest.raises(error, match=message):
        check_model({**DEFAULT_MODEL, **change})


def test_refuses_a_model_without_an_attribute_and_what_is_no_model():
    some = {name: DEFAULT_MODEL[name] for name in ATTRIBUTES if name != "Bald"}
    with pytest.raises(ValueError, match="exactly the attributes"):
        check_model(some)
    with pytest.raises(TypeError, match="must be a mapping"):
        check_model([1, 2])
