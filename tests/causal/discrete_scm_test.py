"""Tests of exact causal models: against sums written out, against another package."""

import itertools

import keras
import numpy as np
import pytest

from tests.causal.networks import NETWORKS, network, state_names
from tf_gencs.causal import CausalGraph, DiscreteSCM
from tf_gencs.datasets import FACE_CAUSAL_MODEL

SIMPSON = DiscreteSCM.from_tables(
    {
        "Z": ((), [0.3, 0.7]),
        "X": (("Z",), [[0.8, 0.2], [0.1, 0.9]]),
        "Y": (("X", "Z"), [[[0.9, 0.1], [0.3, 0.7]], [[0.6, 0.4], [0.2, 0.8]]]),
    }
)


def written_out(scm, do):
    """The joint table under an intervention, cell by cell."""
    table = np.zeros(list(scm.states.values()))
    for cell in np.ndindex(table.shape):
        values = dict(zip(scm.graph.nodes, cell, strict=True))
        p = 1.0
        for name, own in scm.tables.items():
            row = own[tuple(values[parent] for parent in scm.graph.parents(name))]
            p *= float(values[name] == do[name]) if name in do else row[values[name]]
        table[cell] = p
    return table


@pytest.mark.parametrize("name", ["asia", "survey"])
def test_joint_tables_are_products(name):
    scm = network(name)
    assert scm.joint().sum() == pytest.approx(1, abs=1e-12)
    node = scm.graph.order[2]
    for do in ({}, {node: 1}, {node: 0, scm.graph.order[-1]: 1}):
        np.testing.assert_allclose(scm.joint(do), written_out(scm, do), atol=1e-15)


def test_intervening_is_not_conditioning():
    adjusted = sum(
        SIMPSON.probability({"Z": z})
        * SIMPSON.probability({"Y": 1}, given={"X": 1, "Z": z})
        for z in (0, 1)
    )
    assert SIMPSON.probability({"Y": 1}, do={"X": 1}) == pytest.approx(adjusted)
    assert adjusted == pytest.approx(0.3 * 0.4 + 0.7 * 0.8)
    conditioned = (0.3 * 0.2 * 0.4 + 0.7 * 0.9 * 0.8) / (0.3 * 0.2 + 0.7 * 0.9)
    assert SIMPSON.probability({"Y": 1}, given={"X": 1}) == pytest.approx(conditioned)


def test_the_exact_gaps_of_public_networks_are_those_published():
    asia, earthquake = network("asia"), network("earthquake")
    for scm, event, expected in (
        (asia, "xray", 0.511),
        (earthquake, "MaryCalls", 0.518),
    ):
        done, given = scm.joint(do={event: 0}), scm.joint(given={event: 0})
        assert 0.5 * np.abs(done - given).sum() == pytest.approx(expected, abs=6e-4)


def test_soft_interventions():
    drawn = SIMPSON.probability({"Y": 1}, do={"X": {0: 0.25, 1: 0.75}})
    parts = [SIMPSON.probability({"Y": 1}, do={"X": x}) for x in (0, 1)]
    assert drawn == pytest.approx(0.25 * parts[0] + 0.75 * parts[1])
    flipped = SIMPSON.probability({"X": 1}, do={"X": lambda old: 1 - old})
    assert flipped == pytest.approx(SIMPSON.probability({"X": 0}))
    # What a function makes of the old value still depends on what caused that.
    by_cause = SIMPSON.probability(
        {"X": 1}, do={"X": lambda old: 1 - old}, given={"Z": 1}
    )
    assert by_cause == pytest.approx(0.1)


def test_an_event_may_hold_several_states():
    survey = network("survey")
    total = sum(survey.probability({"T": t}) for t in (0, 2))
    assert survey.probability({"T": [0, 2]}) == pytest.approx(total)
    assert survey.probability({"T": {0, 1, 2}}, given={"A": (0, 1)}) == pytest.approx(1)


@pytest.mark.parametrize("name", ["asia", "survey"])
@pytest.mark.parametrize(
    "conditions", [{}, {"do": 2}, {"given": 4}, {"do": 2, "given": 5}]
)
def test_samples_are_distributed_as_the_model_says(name, conditions):
    scm = network(name)
    conditions = {k: {scm.graph.order[i]: 1} for k, i in conditions.items()}
    samples = scm.sample(40_000, seed=0, **conditions)
    cells = np.ravel_multi_index(list(samples.values()), list(scm.states.values()))
    exact = scm.joint(**conditions).ravel()
    found = np.bincount(cells, minlength=exact.size) / 40_000
    floor = 0.5 * np.sqrt(2 * exact * (1 - exact) / (np.pi * 40_000)).sum()
    assert 0.5 * np.abs(found - exact).sum() < 2 * floor
    assert list(samples) == list(scm.graph.nodes)


def test_each_sample_may_have_an_intervention_and_a_condition_of_its_own():
    x = np.tile([0, 1], 20_000)
    samples = SIMPSON.sample(40_000, do={"X": x}, given={"Y": 1}, seed=0)
    assert np.array_equal(samples["X"], x)
    assert samples["Y"].all()
    for value in (0, 1):
        expected = SIMPSON.probability({"Z": 1}, do={"X": value}, given={"Y": 1})
        assert samples["Z"][x == value].mean() == pytest.approx(expected, abs=0.015)


def test_what_is_not_caused_by_an_intervention_stays_as_it_was():
    scm = DiscreteSCM.from_tables(FACE_CAUSAL_MODEL)
    before = scm.sample(500, seed=3)
    after = scm.sample(500, do={"Smiling": 1}, seed=3)
    changed = {k for k in before if not np.array_equal(before[k], after[k])}
    assert changed == {"Smiling", "Mouth_Slightly_Open", "Narrow_Eyes"}
    shifted = scm.sample(500, do={"Smiling": lambda old: old}, seed=3)
    assert all(np.array_equal(before[k], shifted[k]) for k in before)


@pytest.mark.long
def test_abducted_noise_makes_what_was_observed_again():
    scm = network("sachs")
    observed = scm.sample(300, seed=1)
    again = scm.decide(scm.abduct(observed, seed=2))
    assert all(np.array_equal(observed[k], again[k]) for k in observed)


def test_counterfactuals_of_the_distribution_are_interventions():
    observed = SIMPSON.sample(50_000, seed=1)
    changed = SIMPSON.counterfactual(observed, do={"X": 1}, seed=2)
    assert changed["Y"].mean() == pytest.approx(
        SIMPSON.probability({"Y": 1}, do={"X": 1}), abs=0.01
    )
    same = observed["X"] == 1
    assert np.array_equal(changed["Y"][same], observed["Y"][same])
    assert np.array_equal(changed["Z"], observed["Z"])


def test_counterfactuals_of_a_partial_observation():
    # Y is monotone in X here: who has Y without X would have it with X.
    changed = SIMPSON.counterfactual(
        {"X": np.zeros(2000, int), "Y": 1}, {"X": 1}, seed=0
    )
    expected = SIMPSON.probability({"Z": 1}, given={"X": 0, "Y": 1})
    assert changed["Y"].all()
    assert changed["Z"].mean() == pytest.approx(expected, abs=0.04)


def test_counting_finds_the_tables():
    scm = network("survey")
    counted = DiscreteSCM.by_counting(scm.sample(200_000, seed=0), scm.graph)
    assert 0.5 * np.abs(counted.joint() - scm.joint()).sum() < 0.01


def test_counting_adds_its_prior_and_is_even_where_nothing_was_seen():
    labels = {"M": [0, 0, 0, 1], "B": [0, 0, 1, 2]}
    counted = DiscreteSCM.by_counting(labels, [("M", "B")], {"M": 3, "B": 3})
    np.testing.assert_allclose(counted.tables["M"], [0.75, 0.25, 0])
    third = 1 / 3
    expected = [[2 * third, third, 0], [0, 0, 1], [third, third, third]]
    np.testing.assert_allclose(counted.tables["B"], expected)
    counted = DiscreteSCM.by_counting(labels, [("M", "B")], prior=0.5)
    np.testing.assert_allclose(counted.tables["M"], [3.5 / 5, 1.5 / 5])
    expected = np.array([[2.5, 1.5, 0.5], [0.5, 0.5, 1.5]])
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(counted.tables["B"], expected)


def test_a_model_keeps_through_its_config():
    config = keras.saving.serialize_keras_object(SIMPSON)
    again = keras.saving.deserialize_keras_object(config)
    np.testing.assert_array_equal(again.joint(), SIMPSON.joint())


@pytest.mark.parametrize(
    ("nodes", "error", "message"),
    [
        ({"A": ((), [0.5, 0.6])}, ValueError, r"`nodes\['A'\]` .*sum to 1.*1.1"),
        ({"A": ((), [1.5, -0.5])}, ValueError, r"in \[0, 1\].*1.5"),
        ({"A": ((), [1.0])}, ValueError, "2 or more"),
        ({"A": ((), [[0.5, 0.5]])}, ValueError, r"Received: shape \(1, 2\)"),
        ({"A": (("B",), [0.5, 0.5])}, ValueError, "must name nodes.*'B'"),
        ({"A": ((), {(): 0.5, (1,): 1})}, ValueError, "exactly the rows"),
        ({"A": ((), "half")}, ValueError, "must be an array"),
        ({"A": 0.5}, TypeError, "must be a pair"),
        ([0.5], TypeError, "must be a mapping"),
    ],
)
def test_refuses_wrong_tables(nodes, error, message):
    with pytest.raises(error, match=message):
        DiscreteSCM.from_tables(nodes)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"do": {"X": 2}}, r"`do\['X'\]` must be one of the states in 0..1.*: 2"),
        ({"do": {"X": 0.5}}, r"states in 0..1.*0.5"),
        ({"do": {"X": "yes"}}, "Received: 'yes'"),
        ({"do": {"x": 1}}, "mean 'X'"),
        ({"do": {"X": 1}, "given": {"X": 1}}, r"different nodes.*\['X'\]"),
        ({"do": {"X": {0: 0.5, 1: 0.4}}}, "sum to 1"),
        ({"do": {"X": lambda old: old + 1}}, r"`do\['X'\]\(old\)`.*\[2\]"),
        ({"given": {"Y": [3]}}, r"`given\['Y'\]`.*3"),
    ],
)
def test_refuses_wrong_conditions(arguments, message):
    with pytest.raises(ValueError, match=message):
        SIMPSON.joint(**arguments)
    with pytest.raises(ValueError, match=message):
        SIMPSON.sample(10, seed=0, **arguments)


def test_refuses_impossible_conditions():
    asia = network("asia")
    impossible = {"either": 1, "lung": 0}
    message = r"possible.*'either': \[1\].*'lung': \[0\]"
    with pytest.raises(ValueError, match=message):
        asia.probability({"xray": 1}, given=impossible)
    with pytest.raises(ValueError, match=message):
        asia.sample(5, given=impossible)
    with pytest.raises(ValueError, match="possible"):
        asia.counterfactual({"either": 1, "lung": 0}, do={"xray": 1})
    # An intervention makes it possible.
    assert asia.probability({"xray": 1}, do={"either": 1}, given={"lung": 0}) > 0.9


def test_refuses_arrays_of_another_length_and_unobserved_causes():
    with pytest.raises(ValueError, match=r"shape \(5,\)"):
        SIMPSON.sample(5, do={"X": np.zeros(4, int)})
    with pytest.raises(ValueError, match="one state, a function"):
        SIMPSON.joint(do={"X": np.zeros(4, int)})
    graph = CausalGraph({"A": [], "B": []}, bidirected=[("A", "B")])
    with pytest.raises(ValueError, match="no bidirected"):
        DiscreteSCM(graph, {"A": [0.5, 0.5], "B": [0.5, 0.5]})
    with pytest.raises(ValueError, match="Missing: 'B'"):
        DiscreteSCM(CausalGraph({"A": [], "B": []}), {"A": [0.5, 0.5]})


def pgmpy_marginals(name, do, queried):
    models = pytest.importorskip("pgmpy.models")
    factors = pytest.importorskip("pgmpy.factors.discrete")
    inference = pytest.importorskip("pgmpy.inference")
    scm, names = network(name), state_names(name)
    model = models.BayesianNetwork(list(scm.graph.edges))
    for node, (parents, table) in scm.to_tables().items():
        sizes = [scm.states[parent] for parent in parents]
        columns = table.reshape(-1, table.shape[-1]).T
        involved = {each: names[each] for each in (node, *parents)}
        model.add_cpds(
            factors.TabularCPD(
                node,
                table.shape[-1],
                columns,
                list(parents),
                sizes,
                state_names=involved,
            )
        )
    cut = model.do(list(do))
    for node, state in do.items():
        one = np.eye(scm.states[node])[state][:, None]
        cut.remove_cpds(cut.get_cpds(node))
        cut.add_cpds(
            factors.TabularCPD(node, len(one), one, state_names={node: names[node]})
        )
    exact = inference.VariableElimination(cut)
    found = {}
    for node in queried:
        query = exact.query([node], show_progress=False)
        order = [query.state_names[node].index(state) for state in names[node]]
        found[node] = query.values[order]
    return found


@pytest.mark.parametrize("name", NETWORKS)
def test_equals_pgmpy(name, rng):
    pytest.importorskip("pgmpy", exc_type=ImportError)
    scm = network(name)
    singles = [
        {node: state} for node in scm.graph.nodes for state in range(scm.states[node])
    ]
    pairs = []
    for _ in range(20):
        some = rng.choice(list(scm.graph.nodes), 2, replace=False)
        pairs.append({str(node): int(rng.integers(scm.states[node])) for node in some})
    for do in itertools.chain(singles, pairs):
        queried = [node for node in scm.graph.nodes if node not in do]
        for node, expected in pgmpy_marginals(name, do, queried).items():
            np.testing.assert_allclose(
                scm.marginal([node], do=do), expected, atol=1e-12
            )


@pytest.mark.parametrize(
    ("labels", "arguments", "message"),
    [
        ({"M": [0, 1], "B": [0, 1]}, {"prior": -1}, "`prior`"),
        ({"M": [0, 1]}, {}, r"Missing: \['B'\]"),
        ({"M": [0, 1], "B": [0, np.nan]}, {}, r"`labels\['B'\]`"),
        ({"M": [0, 1], "B": [0]}, {}, "columns of one length"),
        ({"M": [0, 10**9], "B": [0, 1]}, {}, r"`labels\['M'\]`"),
        ({"M": [0, 4000], "B": [0, 4000]}, {}, "1.6e.07 cells"),
        ({"M": [0, 1], "B": [0, 1]}, {"states": {"M": 2}}, "`states` must be"),
        (np.zeros((3, 2)), {}, "columns go by name"),
    ],
)
def test_counting_refuses_what_it_cannot_count(labels, arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        DiscreteSCM.by_counting(labels, [("M", "B")], **arguments)


def test_counting_tells_a_graph_in_the_place_of_labels():
    labels = {"M": [0, 1], "B": [0, 1]}
    for graph in (CausalGraph([("M", "B")]), [("M", "B")], {"M": [], "B": ["M"]}):
        with pytest.raises(TypeError, match="`labels` must come first, then the `gra"):
            DiscreteSCM.by_counting(graph, labels)


def test_what_was_observed_has_no_masked_values():
    masked = np.ma.masked_array([0, 1], [True, False])
    with pytest.raises(ValueError, match=r"`observed\['X'\]` must have no masked"):
        SIMPSON.abduct({"X": masked}, seed=0)
