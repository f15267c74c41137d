"""Precision and recall on sets whose answer is known."""

import numpy as np
import pytest

import tf_gencs as gencs
from tf_gencs.metrics import nearest


def cluster(rng, centre, n=40):
    return np.asarray(centre) + 0.1 * rng.normal(size=(n, 2))


def measure(real, generated, neighbours=3):
    metric = gencs.metrics.PrecisionRecall(neighbours=neighbours)
    return metric(real, generated)


def test_equal_sets_have_both(rng):
    rows = rng.normal(size=(50, 3))
    assert measure(rows, rows) == {"precision": 1, "recall": 1}


def test_sets_far_apart_have_neither(rng):
    result = measure(cluster(rng, [0, 0]), cluster(rng, [100, 0]))
    assert result == {"precision": 0, "recall": 0}


def test_a_generator_that_collapsed_has_precision_only(rng):
    """Three kinds of real images; it makes copies, one kind of them alone."""
    real = np.concatenate([cluster(rng, [c, 0]) for c in (0, 50, 100)])
    result = measure(real, real[:40])
    assert result["precision"] == 1
    np.testing.assert_allclose(result["recall"], 1 / 3)


def test_a_generator_that_adds_rubbish_has_recall_only(rng):
    real = cluster(rng, [0, 0], 30)
    generated = np.concatenate([real, cluster(rng, [50, 0], 60)])
    result = measure(real, generated)
    np.testing.assert_allclose(result["precision"], 1 / 3)
    assert result["recall"] == 1


def test_points_on_a_line_by_hand():
    """Balls reach to the nearest other: real 0, 1, 3 have radii 1, 1, 2."""
    real = np.array([[0.0], [1.0], [3.0]])
    generated = np.array([[-0.7], [-1.5], [4.5], [5.5]])  # 0.8, 0.8, 1, 1
    result = measure(real, generated, neighbours=1)
    assert result == {"precision": 0.5, "recall": 1 / 3}


def test_more_neighbours_reach_further(rng):
    real, generated = rng.normal(size=(2, 60, 5))
    few, many = (measure(real, generated, k) for k in (1, 10))
    assert few["precision"] < many["precision"]
    assert few["recall"] < many["recall"]


def test_distances_in_pieces_are_those_of_all_pairs(rng, monkeypatch):
    rows, others = 1000 + rng.normal(size=(23, 4)), 1000 + rng.normal(size=(11, 4))
    expected = np.square(rows[:, None] - others).sum(axis=-1)
    monkeypatch.setattr(nearest, "_AT_ONCE", 30)
    for part, squares in nearest.squared_distances(rows, others):
        np.testing.assert_allclose(squares, expected[part], rtol=1e-10)
    own = np.sort(np.square(rows[:, None] - rows).sum(axis=-1), axis=1)
    for k in (1, 3):
        result = nearest.neighbour_distances(rows, k)
        np.testing.assert_allclose(result, own[:, k], rtol=1e-10)


def test_needs_more_images_than_neighbours(rng):
    with pytest.raises(ValueError, match=r"at least 4 `real`.*Received: 3 and 9"):
        measure(rng.normal(size=(3, 2)), rng.normal(size=(9, 2)))


@pytest.mark.parametrize("neighbours", [0, 2.5, "3"])
def test_refuses_bad_neighbours(neighbours):
    with pytest.raises(ValueError, match="`neighbours` must be"):
        gencs.metrics.PrecisionRecall(neighbours=neighbours)
