"""Tests of drawing faces."""

import itertools
import sys

import numpy as np
import pytest

import tf_gencs as gencs
from tf_gencs.datasets.avatars import drawing
from tf_gencs.datasets.avatars.causal_model import DEFAULT_MODEL, draw_people
from tf_gencs.datasets.avatars.rendering import import_drawing_packages, render_faces

ALL_PEOPLE = list(itertools.product((0, 1), repeat=8))


@pytest.fixture(scope="module", autouse=True)
def packages():
    pytest.importorskip("python_avatars")
    pytest.importorskip("resvg_py")


def flipped(person, place):
    return tuple(value ^ (i == place) for i, value in enumerate(person))


@pytest.mark.parametrize(
    "people",
    [
        pytest.param(ALL_PEOPLE[5::43], id="some"),
        pytest.param(ALL_PEOPLE, id="all", marks=pytest.mark.slow),
    ],
)
def test_each_attribute_shows_whatever_the_others_are(people):
    pairs = [(each, flipped(each, place)) for each in people for place in range(8)]
    everybody = sorted({person for pair in pairs for person in pair})
    nuisances = [0.3] * len(drawing.NUISANCES)
    drawn = render_faces([(person, nuisances) for person in everybody])
    faces = {p: face.astype(float) for p, face in zip(everybody, drawn, strict=True)}
    for person, other in pairs:
        change = np.abs(faces[person] - faces[other]).max(axis=-1)
        assert (change > 40).sum() >= 6, (person, other)  # pixels


def test_faces_are_those_that_ship():
    images, attributes = gencs.datasets.face_avatars_samples(value_range=(0, 255))
    people = draw_people(DEFAULT_MODEL, 0, 2, 6)
    drawn = np.stack(list(render_faces(people, processes=0)))
    np.testing.assert_array_equal(drawn, images[:6])
    np.testing.assert_array_equal([a for a, _ in people], attributes[:6])


@pytest.mark.long
def test_processes_draw_what_one_draws_and_in_order():
    people = draw_people(DEFAULT_MODEL, 5, 0, 103)
    together = list(render_faces(people, processes=2))
    assert len(together) == len(people)
    chosen = [0, 57, 99, 100, 102]
    alone = list(render_faces([people[i] for i in chosen], processes=0))
    np.testing.assert_array_equal([together[i] for i in chosen], alone)


def test_every_nuisance_changes_the_face():
    # A face on which all of them show.
    attributes = [1, 1, 0, 1, 1, 1, 1, 1]
    base = [0.1] * len(drawing.NUISANCES)
    faces = [base]
    for place in range(len(base)):
        faces.append([0.9 if i == place else 0.1 for i in range(len(base))])
    drawn = list(render_faces([(attributes, each) for each in faces], processes=0))
    unchanged = [
        name
        for name, face in zip(drawing.NUISANCES, drawn[1:], strict=True)
        if np.array_equal(face, drawn[0])
    ]
    assert not unchanged


def test_a_failing_process_says_why():
    people = [([0] * 8, [0.5] * 11), ([0] * 7, [0.5] * 11)]
    with pytest.raises(RuntimeError, match=r"Drawing faces failed(.|\n)*ValueError"):
        list(render_faces(people, processes=1))


def test_names_the_packages_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(ImportError, match=r"pip install \"tf_gencs\[datasets\]\""):
        import_drawing_packages()
    with pytest.raises(ImportError, match="resvg-py"):
        gencs.datasets.draw_faces([[0] * 8])
