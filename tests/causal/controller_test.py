"""Tests of what controllers learn, how they are made and kept."""

import keras
import numpy as np
import pytest

from tests.causal.controllers import SIMPSON, distance, same, tiny, trained
from tf_gencs.causal import (
    NAMED_GRAPHS,
    CausalController,
    CausalGraph,
    DiscreteSCM,
    reference_settings,
)


@pytest.mark.long
def test_learns_the_joint_distribution_and_every_intervention(controller):
    assert distance(controller.sample(50_000, seed=0), SIMPSON).distance < 0.03
    for name, states in SIMPSON.states.items():
        for state in range(states):
            do = {name: state}
            samples = controller.sample(50_000, do=do, seed=0)
            assert distance(samples, SIMPSON, do=do).distance < 0.05


def test_an_untrained_controller_fails():
    assert distance(tiny().sample(20_000, seed=0), SIMPSON).distance > 0.15


@pytest.mark.slow
def test_common_causes_that_are_not_observed():
    # Front door: U causes X and Y, X causes M, M causes Y. From X, M and Y alone,
    # P(Y | do(X)) is identified.
    truth = DiscreteSCM.from_tables(
        {
            "U": ((), [0.5, 0.5]),
            "X": (("U",), [[0.85, 0.15], [0.15, 0.85]]),
            "M": (("X",), [[0.9, 0.1], [0.2, 0.8]]),
            "Y": (("M", "U"), [[[0.9, 0.1], [0.5, 0.5]], [[0.6, 0.4], [0.1, 0.9]]]),
        }
    )
    data = {k: v for k, v in truth.sample(50_000, seed=0).items() if k != "U"}
    graph = CausalGraph([("X", "M"), ("M", "Y")], bidirected=[("X", "Y")])
    controller = CausalController(graph, seed=0)
    controller.compile(steps=500, ema=0.99)
    controller.fit(data, batch_size=256, verbose=0)
    for x in (0, 1):
        samples = controller.sample(50_000, do={"X": x}, seed=1)
        expected = truth.probability({"Y": 1}, do={"X": x})
        assert samples["Y"].mean() == pytest.approx(expected, abs=0.04)
    gap = truth.probability({"Y": 1}, given={"X": 1}) - expected
    assert gap > 0.1


@pytest.mark.long
def test_learns_what_only_several_causes_do_together():
    """An effect of the parity of four causes: any three of them say nothing."""
    causes = "ABCD"
    odd = np.indices((2,) * len(causes)).sum(axis=0) % 2
    table = np.stack([0.9 - 0.8 * odd, 0.1 + 0.8 * odd], axis=-1)
    scm = DiscreteSCM.from_tables(
        {**{name: ((), [0.5, 0.5]) for name in causes}, "Y": (causes, table)}
    )
    controller = trained(scm, steps=100)
    # With `interactions=False` it sees none of it so far: 0.4.
    assert distance(controller.sample(20_000, seed=0), scm).distance < 0.12


@pytest.mark.long
def test_soft_outputs_learn_continuous_labels(rng):
    x = rng.uniform(0.1, 0.5, 20_000)
    data = {"X": x, "Y": 0.9 - x}
    controller = CausalController([("X", "Y")], states=None, outputs="soft", seed=0)
    controller.compile(steps=500, ema=0.98)
    controller.fit(data, batch_size=256, steps_per_epoch=100, verbose=0)
    samples = controller.sample(2000, do={"X": 0.2}, seed=0)
    assert samples["Y"].mean() == pytest.approx(0.7, abs=0.06)
    assert controller.sample(2000, seed=0)["X"].std() == pytest.approx(
        x.std(), abs=0.05
    )
    with pytest.raises(ValueError, match=r"probability 0.*'X'"):
        controller.sample(5, given={"X": 0.2})


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"outputs": "soft", "states": {"Y": 3, "Z": None}},
        {"critics": "joint", "interactions": False},
    ],
)
def test_a_controller_keeps_through_a_file(tmp_path, arguments):
    controller = tiny(**arguments)
    controller.save(tmp_path / "controller.keras")
    again = keras.saving.load_model(tmp_path / "controller.keras")
    assert again.get_config() == controller.get_config()
    assert same(controller.sample(20, seed=0), again.sample(20, seed=0))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"graph": [("A", "B"), ("B", "A")]}, ValueError, "free of cycles"),
        ({"graph": {}}, ValueError, "must have a node"),
        ({"states": {"y": 3}}, ValueError, "`states` must name.*mean 'Y'"),
        ({"states": {"Y": 1}}, ValueError, r"`states\['Y'\]` must be an integer"),
        ({"states": None}, ValueError, "continuous labels need 'soft'"),
        ({"critics": "one"}, ValueError, "`critics` must be one of.*'one'"),
        ({"outputs": "round"}, ValueError, "`outputs` must be one of"),
        ({"outputs": np.array(["hard"] * 2)}, ValueError, "`outputs` must be one of"),
        ({"hidden": 32}, ValueError, "`hidden` must be a tuple"),
        ({"noise_dim": 0}, ValueError, "`noise_dim`.*at least 1"),
        ({"interactions": "no"}, ValueError, "`interactions` must be"),
    ],
)
def test_refuses_wrong_arguments(arguments, error, message):
    arguments = {"graph": [("X", "Y")], **arguments}
    with pytest.raises(error, match=message):
        CausalController(**arguments)


@pytest.mark.parametrize("policy", ["float64", "mixed_float16"])
def test_computes_in_float32_under_any_policy(policy):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        controller = tiny()
        controller.compile(steps=2, run_eagerly=True)
        labels = SIMPSON.sample(20, seed=0)
        controller.fit(labels, batch_size=8, steps_per_epoch=2, verbose=0)
    finally:
        keras.config.set_dtype_policy(before)
    assert {weight.dtype for weight in controller.mechanisms.weights} == {"float32"}
    assert same(controller.counterfactual(labels, {}, seed=0), labels)


def test_the_reference_has_its_sizes():
    settings = reference_settings()
    controller = CausalController(NAMED_GRAPHS["G1"], seed=0, **settings["init"])
    # Published sizes: 5,189 weights for nodes with 0 to 3 parents, each padded to 3
    # here, and 1,126 for the critic.
    padding = sum(3 - len(controller.graph.parents(n)) for n in controller.graph.nodes)
    assert controller.mechanisms.count_params() == 5189 + 10 * padding
    assert controller.critic_networks[0].count_params() == 1126
