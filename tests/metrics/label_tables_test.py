"""Tests of distances between tables of labels, and of their sampling floors."""

import itertools

import numpy as np
import pytest

from tf_gencs.metrics import LabelTable, effect_errors, table_distances, total_variation

STATES = {"A": 2, "B": 3}


def random_table(rng):
    return LabelTable(STATES, rng.dirichlet(np.ones(6)).reshape(2, 3))


def samples_of(table, n, rng):
    cells = rng.choice(table.probabilities.size, n, p=table.probabilities.ravel())
    columns = np.unravel_index(cells, table.probabilities.shape)
    return dict(zip(table.names, columns, strict=True))


def test_total_variation_counts_cells_that_are_never_seen():
    truth = LabelTable(["A"], [0.8, 0.2, 0.0])
    found = LabelTable(["A"], [0.64, 0.16, 0.2])
    assert total_variation(found, truth).distance == pytest.approx(0.2)
    apart = LabelTable(["A"], [0.0, 0.0, 1.0])
    assert total_variation(apart, truth).distance == pytest.approx(1.0)
    assert total_variation(truth, truth) == (0.0, 0.0)
    certain = LabelTable(["A"], [0.0, 1.0, 0.0])
    sampled = LabelTable.of({"A": [1, 1]}, {"A": 3})
    assert total_variation(sampled, certain) == (0.0, 0.0)


def test_labels_are_matched_by_name():
    table = LabelTable(STATES, np.arange(6).reshape(2, 3) / 15)
    assert total_variation(table, table.marginal("B", "A")).distance == 0


@pytest.mark.parametrize("n", [20, 5000])
def test_the_floor_is_what_samples_show_on_average(n, rng):
    truth = random_table(rng)
    found = [LabelTable.of(samples_of(truth, n, rng), STATES) for _ in range(400)]
    distances = [total_variation(each, truth) for each in found]
    mean = np.mean([distance for distance, _ in distances])
    assert distances[0].floor == pytest.approx(mean, rel=0.06)
    two = [total_variation(*pair) for pair in itertools.pairwise(found)]
    mean = np.mean([distance for distance, _ in two])
    assert np.mean([floor for _, floor in two]) == pytest.approx(mean, rel=0.1)


def test_marginals_and_pairs(rng):
    one, other = random_table(rng), random_table(rng)
    marginals = table_distances(one, other)
    p, q = one.probabilities, other.probabilities
    expected = 0.5 * np.abs(p.sum(axis=0) - q.sum(axis=0)).sum()
    assert marginals["B",].distance == pytest.approx(expected)
    pairs = table_distances(one, other, size=2)
    assert pairs["A", "B"].distance == total_variation(one, other).distance
    assert list(table_distances(one, other, groups=[("B", "A")])) == [("B", "A")]


def test_effects_are_differences_of_interventions(rng):
    def tables(chances, samples=None):
        return {
            ("X", x): LabelTable(["X", "Y"], table, samples)
            for x, p in enumerate(chances)
            for table in [np.outer(np.eye(len(chances))[x], [1 - p, p])]
        }

    truth, found = tables([0.2, 0.5, 0.9]), tables([0.3, 0.6, 0.7], 10_000)
    error = effect_errors(found, truth)["X", "Y"]
    assert error.distance == pytest.approx(0.3)
    deviation = np.sqrt((0.5 * 0.5 + 0.2 * 0.8) / 10_000)
    assert error.floor == pytest.approx(deviation * np.sqrt(2 / np.pi))
    with pytest.raises(ValueError, match="state 0 of 'X'"):
        effect_errors(found, {k: v for k, v in truth.items() if k[1]})


def test_refuses_what_does_not_match(rng):
    table = random_table(rng)
    with pytest.raises(ValueError, match=r"same labels.*\['C'\]"):
        total_variation(table, LabelTable(["C"], [0.5, 0.5]))
    with pytest.raises(ValueError, match=r"same states.*\(2,\) and \(3,\)"):
        total_variation(LabelTable("C", [0.5, 0.5]), LabelTable("C", [0.5, 0.5, 0.0]))
    with pytest.raises(ValueError, match="sum to 1"):
        LabelTable(["A"], [0.5, 0.6])
    with pytest.raises(ValueError, match="name each axis"):
        LabelTable(["A", "A"], np.ones((2, 2)) / 4)
    with pytest.raises(ValueError, match=r"`labels\['A'\]`.*0..1.*\[2\]"):
        LabelTable.of({"A": [2], "B": [0]}, STATES)
    with pytest.raises(ValueError, match="hold a sample"):
        LabelTable.of({"A": [], "B": []}, STATES)
    with pytest.raises(ValueError, match=r"among.*'C'"):
        table.marginal("C")


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (None, "must be a dict of arrays or a DataFrame"),
        (np.zeros((5, 2)), r"dict\(zip\(names, columns\)\)"),
        ({"A": [0]}, r"Missing: \['B'\]"),
        ({"A": [0, 1], "B": [0]}, r"'B'.*Received: shape \(1,\)"),
        ({"A": [2], "B": [0]}, r"'A'.*states in 0\.\.1.*Received: \[2\]"),
        ({"A": np.ma.masked_array([0], [True]), "B": [0]}, "no masked values"),
        ({"A": ["yes"], "B": [0]}, "numbers names"),
        ({"A": [0j], "B": [0]}, r"Received: \[0j\]"),
    ],
)
def test_refuses_what_are_no_labels(labels, message):
    with pytest.raises((TypeError, ValueError), match=f"`labels.*{message}"):
        LabelTable.of(labels, STATES)


@pytest.mark.parametrize(
    "states", [None, 2, ["A"], {"A": 1.5}, {"A": 2**20, "B": 2**20}]
)
def test_refuses_what_are_no_numbers_of_states(states):
    with pytest.raises((TypeError, ValueError), match=r"`states.*Received"):
        LabelTable.of({"A": [0], "B": [0]}, states)


def test_distances_say_that_they_want_tables(rng):
    table = random_table(rng)
    for call in (total_variation, table_distances):
        for wrong in ({"A": [0], "B": [0]}, None, table.probabilities):
            with pytest.raises(TypeError, match=r"`one` must be a `LabelTable`"):
                call(wrong, table)
    with pytest.raises(TypeError, match="`found` must be a dict from pairs"):
        effect_errors(table, {})
    with pytest.raises(ValueError, match=r"`found`.*Missing: \[\('A', 0\)\]"):
        effect_errors({}, {("A", 0): table})
    with pytest.raises(TypeError, match="`probabilities` must be an array"):
        LabelTable(["A"], "x")
    with pytest.raises(TypeError, match="`names` must be a tuple"):
        LabelTable(3, [0.5, 0.5])
