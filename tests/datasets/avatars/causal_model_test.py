"""Tests of drawing attributes from a causal model."""

import itertools

import numpy as np
import pytest

from tf_gencs.causal import DiscreteSCM
from tf_gencs.datasets import face_avatars_samples
from tf_gencs.datasets.avatars.causal_model import (
    DEFAULT_MODEL,
    check_model,
    draw_people,
)
from tf_gencs.datasets.avatars.drawing import ATTRIBUTES


def people(model, count, stream=0, seed=0):
    return np.array([drawn for drawn, _ in draw_people(model, seed, stream, count)])


def column(drawn, name):
    return drawn[:, ATTRIBUTES.index(name)]


@pytest.fixture(scope="module")
def drawn():
    return people(DEFAULT_MODEL, 4000)


def test_the_default_model_is_one():
    assert check_model(DEFAULT_MODEL) == DEFAULT_MODEL
    assert check_model(DiscreteSCM.from_tables(DEFAULT_MODEL)) == DEFAULT_MODEL
    probabilities = [p for _, table in DEFAULT_MODEL.values() for p in table.values()]
    assert min(probabilities) > 0
    assert max(probabilities) < 1


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_attributes_are_as_frequent_as_the_model_says(drawn, name):
    expected = DiscreteSCM.from_tables(DEFAULT_MODEL).probability({name: 1})
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
    assert draw_people(DEFAULT_MODEL, 3, 1, 8)[:5] == draw_people(
        DEFAULT_MODEL, 3, 1, 5
    )
    drawn = {
        tuple(draw_people(DEFAULT_MODEL, seed, stream, 2)[index][1])
        for seed, stream, index in itertools.product((0, 1), repeat=3)
    }
    assert len(drawn) == 8


def test_the_people_of_the_shipped_samples_are_drawn_still():
    _, labels = face_avatars_samples("test")
    assert np.array_equal(people(DEFAULT_MODEL, len(labels), stream=2), labels)


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
        (
            {"Male": (("Beard",), {(0,): 0.5, (1,): 0.5})},
            ValueError,
            "must name nodes.*'Beard'",
        ),
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
            r"`causal_model` must be free of cycles.*Male -> Young -> Male",
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
