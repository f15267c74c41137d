"""Tests of what a trained controller answers: samples, counterfactuals."""

import numpy as np
import pytest

from tests.causal.controllers import SIMPSON, distance, same, tiny

pytestmark = pytest.mark.long  # the controller is trained


def test_intervening_is_not_conditioning(controller):
    exact = [SIMPSON.joint(do={"Y": 2}), SIMPSON.joint(given={"Y": 2})]
    assert 0.5 * np.abs(exact[0] - exact[1]).sum() > 0.2
    done = controller.sample(20_000, do={"Y": 2}, seed=0)
    seen = controller.sample(20_000, given={"Y": 2}, seed=0)
    assert distance(done, SIMPSON, do={"Y": 2}).distance < 0.05
    assert distance(seen, SIMPSON, given={"Y": 2}).distance < 0.05
    assert distance(seen, SIMPSON, do={"Y": 2}).distance > 0.2


def test_what_is_not_caused_by_an_intervention_stays_to_the_bit(controller):
    before = controller.sample(3000, seed=4)
    after = controller.sample(3000, do={"X": 1}, seed=4)
    assert same(before, after, ["Z"])
    assert (after["X"] == 1).all()
    assert not same(before, after, ["Y"])
    numbers = [
        controller.sample(3000, do=do, seed=4, soft=True) for do in ({}, {"X": 1})
    ]
    assert same(*numbers, ["Z"])


def test_to_condition_on_what_has_no_cause_left_is_to_set_it(controller):
    seen = controller.sample(500, given={"Z": 1}, seed=4)
    assert same(seen, controller.sample(500, do={"Z": 1}, seed=4))
    both = controller.sample(500, given={"Z": 0, "X": 1}, seed=4)
    assert same(both, controller.sample(500, do={"Z": 0, "X": 1}, seed=4))
    cut = controller.sample(500, do={"X": 1}, given={"Z": [0], "Y": 2}, seed=4)
    assert (cut["X"] == 1).all()
    assert (cut["Y"] == 2).all()
    assert not cut["Z"].any()


def test_interventions_of_all_kinds(controller):
    n = 20_000
    states = np.arange(n) % 2
    assert same(controller.sample(n, do={"X": states}, seed=0), {"X": states}, ["X"])
    natural = controller.sample(n, seed=0)
    flipped = controller.sample(n, do={"X": lambda old: 1 - old}, seed=0)
    assert np.array_equal(flipped["X"], 1 - natural["X"])
    assert same(flipped, natural, ["Z"])
    do = {"X": {0: 0.25, 1: 0.75}}
    assert distance(controller.sample(n, do=do, seed=0), SIMPSON, do=do).distance < 0.05
    # A function sees what earlier interventions make of the old value.
    do = {"Z": 1, "X": lambda old: old}
    assert same(
        controller.sample(n, do=do, seed=0), controller.sample(n, do={"Z": 1}, seed=0)
    )


def test_each_row_has_its_own_intervention_under_a_condition(controller):
    x = np.arange(4000) % 2
    samples = controller.sample(4000, do={"X": x}, given={"Y": [1, 2]}, seed=0)
    assert np.array_equal(samples["X"], x)
    assert (samples["Y"] > 0).all()
    for state in (0, 1):
        chosen = {k: v[x == state] for k, v in samples.items()}
        expected = SIMPSON.probability({"Z": 1}, do={"X": state}, given={"Y": [1, 2]})
        assert chosen["Z"].mean() == pytest.approx(expected, abs=0.05)


def test_a_condition_too_rare_says_how_rare(controller):
    with pytest.raises(
        ValueError, match=r"less rare.*'Y': \[2\].*estimated.*9,000 samples"
    ):
        controller.sample(9000, given={"Y": 2}, seed=0, most_draws=2000)
    never = tiny()
    never.mechanisms.biases[-1].assign(np.full((3, 1, 2), -1e6))
    with pytest.raises(ValueError, match=r"came 0 times.*below about"):
        never.sample(5, given={"Y": 2}, seed=0, most_draws=2**16)


def test_soft_numbers_round_to_the_states(controller):
    states = controller.sample(1000, seed=0)
    numbers = controller.sample(1000, seed=0, soft=True)
    assert numbers["X"].shape == (1000,)
    assert numbers["Y"].shape == (1000, 3)
    assert np.array_equal(numbers["X"] > 0.5, states["X"] == 1)
    assert np.array_equal(numbers["Y"].argmax(axis=1), states["Y"])
    np.testing.assert_allclose(numbers["Y"].sum(axis=1), 1, atol=1e-5)


def test_samples_are_named_in_the_order_of_the_nodes_and_repeat(controller):
    samples = controller.sample(10, seed=3)
    assert list(samples) == list(SIMPSON.graph.nodes)
    assert same(samples, controller.sample(10, seed=3))
    assert not same(samples, controller.sample(10, seed=4))
    assert all(len(column) == 0 for column in controller.sample(0).values())


def test_counterfactuals_keep_what_was_observed(controller):
    observed = SIMPSON.sample(4000, seed=2)
    unchanged = controller.counterfactual(observed, do={}, seed=0)
    assert same(observed, unchanged)
    changed = controller.counterfactual(observed, do={"X": 1}, seed=0)
    assert same(observed, changed, ["Z"])
    assert (changed["X"] == 1).all()
    kept = observed["X"] == 1
    assert np.array_equal(changed["Y"][kept], observed["Y"][kept])
    assert distance(changed, SIMPSON, do={"X": 1}).distance < 0.06


def test_abducted_noise_makes_the_labels(controller):
    observed = SIMPSON.sample(50, seed=2)
    noise = controller.abduct(observed, seed=0)
    columns = controller(noise)
    for i, name in enumerate(SIMPSON.graph.nodes):
        assert np.array_equal(controller._layout.labels(columns)[:, i], observed[name])


def test_refuses_more_candidates_than_memory_holds(controller):
    labels = SIMPSON.sample(2, seed=2)
    with pytest.raises(ValueError, match=r"`candidates` must be .* at most 1048576"):
        controller.counterfactual(labels, {}, candidates=10**9)


def test_a_call_takes_noise_alone(controller):
    labels = SIMPSON.sample(20, seed=0)
    noise = controller.abduct(labels, seed=0)
    assert controller(noise).shape == (20, 3, 2)
    for wrong in (labels, np.zeros((20, 3)), None, 3):
        with pytest.raises(TypeError, match=r"`noise` must be a dict of own.*`sample"):
            controller(wrong)
    with pytest.raises(ValueError, match=r"`noise\['choice'\]` must have shape"):
        controller(noise | {"choice": noise["choice"][:, :3]})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"do": {"X": 1}, "given": {"X": 1}}, r"different nodes.*\['X'\]"),
        ({"do": {"X": 2}}, r"`do\['X'\]` must be one of the states in 0..1.*2"),
        ({"do": {"x": 1}}, "mean 'X'"),
        ({"do": {"X": [0, 1]}}, r"shape \(5,\).*\(2,\)"),
        ({"do": {"X": {0: 1.0, 1: 0.5}}}, "sum to 1"),
        ({"do": {"X": lambda old: old + 1}}, r"`do\['X'\]\(old\)`"),
        ({"given": {"Y": 3}}, r"`given\['Y'\]`.*0..2.*3"),
        ({"given": {"W": 0}}, "`given` must name nodes.*'W'"),
        ({"n": -1}, "`n` must be an integer"),
    ],
)
def test_refuses_wrong_questions(controller, arguments, message):
    with pytest.raises(ValueError, match=message):
        controller.sample(**{"n": 5, "seed": 0, **arguments})
