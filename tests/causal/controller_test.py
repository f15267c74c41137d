"""Tests of controllers: what they learn, and what they answer."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_gencs.causal import (
    NAMED_GRAPHS,
    CausalController,
    CausalGraph,
    DiscreteSCM,
    StopAtTotalVariation,
    label_data,
    reference_settings,
)
from tf_gencs.metrics import LabelTable, total_variation

# Z causes X and Y, X causes Y: to see X = 1 is not to set it.
SIMPSON = DiscreteSCM.from_tables(
    {
        "Z": ((), [0.3, 0.7]),
        "X": (("Z",), [[0.8, 0.2], [0.1, 0.9]]),
        "Y": (("X", "Z"), [[[0.5, 0.3, 0.2], [0.1, 0.2, 0.7]], [[0.7, 0.2, 0.1]] * 2]),
    }
)


def tiny(scm=SIMPSON, **arguments):
    arguments = {"states": scm.states, **arguments}
    return CausalController(scm.graph, seed=0, **arguments)


def trained(scm=SIMPSON, steps=500, **arguments):
    controller = tiny(scm, **arguments)
    controller.compile(steps=steps, ema=0.98)
    labels = scm.sample(50_000, seed=1)
    controller.fit(labels, batch_size=256, steps_per_epoch=100, verbose=0)
    return controller


@pytest.fixture(scope="module")
def controller():
    return trained()


def distance(samples, scm, **conditions):
    found = LabelTable.of(samples, scm.states)
    return total_variation(found, LabelTable(scm.graph.nodes, scm.joint(**conditions)))


def same(one, other, names=None):
    return all(np.array_equal(one[name], other[name]) for name in names or one)


def test_learns_the_joint_distribution_and_every_intervention(controller):
    assert distance(controller.sample(50_000, seed=0), SIMPSON).distance < 0.03
    for name, states in SIMPSON.states.items():
        for state in range(states):
            do = {name: state}
            samples = controller.sample(50_000, do=do, seed=0)
            assert distance(samples, SIMPSON, do=do).distance < 0.05


def test_intervening_is_not_conditioning(controller):
    exact = [SIMPSON.joint(do={"Y": 2}), SIMPSON.joint(given={"Y": 2})]
    assert 0.5 * np.abs(exact[0] - exact[1]).sum() > 0.2
    done = controller.sample(20_000, do={"Y": 2}, seed=0)
    seen = controller.sample(20_000, given={"Y": 2}, seed=0)
    assert distance(done, SIMPSON, do={"Y": 2}).distance < 0.05
    assert distance(seen, SIMPSON, given={"Y": 2}).distance < 0.05
    assert distance(seen, SIMPSON, do={"Y": 2}).distance > 0.2


def test_an_untrained_controller_fails():
    assert distance(tiny().sample(20_000, seed=0), SIMPSON).distance > 0.15


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


@pytest.mark.long
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


def test_trains_on_datasets_of_labels_beside_images():
    labels = SIMPSON.sample(3000, seed=1)
    images = np.zeros((3000, 2, 2, 1), "float32")
    dataset = tf.data.Dataset.from_tensor_slices((images, labels)).batch(100)
    controller = tiny()
    history = controller.fit(dataset, epochs=2, steps_per_epoch=5, verbose=0)
    assert int(controller.training_steps) == 10
    assert np.isfinite(history.history["loss"]).all()
    wrong = tf.data.Dataset.from_tensor_slices({**labels, "X": labels["X"] + 1})
    with pytest.raises(ValueError, match=r"`labels\[X\]` .* 0\.\.1.*Received: \[2"):
        controller.fit(wrong.batch(100), epochs=1, steps_per_epoch=5, verbose=0)


def test_training_that_goes_on_from_a_file_ends_in_the_same_bits(tmp_path):
    labels = SIMPSON.sample(2000, seed=1)
    arguments = {"batch_size": 64, "steps_per_epoch": 15, "verbose": 0}
    straight, stopped = tiny(), tiny()
    for each in (straight, stopped):
        each.compile(steps=30, critic_steps=2)
    straight.fit(labels, **arguments)
    stopped.fit(labels, epochs=1, **arguments)
    stopped.save(tmp_path / "controller.keras")
    again = keras.saving.load_model(tmp_path / "controller.keras")
    again.fit(labels, **arguments)
    assert int(again.training_steps) == 30
    for one, other in zip(straight.weights, again.weights, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())


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
        ({"hidden": 32}, ValueError, "`hidden` must be a tuple"),
        ({"noise_dim": 0}, ValueError, "`noise_dim`.*at least 1"),
        ({"interactions": "no"}, ValueError, "`interactions` must be"),
    ],
)
def test_refuses_wrong_arguments(arguments, error, message):
    arguments = {"graph": [("X", "Y")], **arguments}
    with pytest.raises(error, match=message):
        CausalController(**arguments)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"X": None}, ValueError, r"Missing: \['X'\]"),
        ({"X": None, "Xx": [0]}, ValueError, "mean 'Xx'"),
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


def test_labels_go_by_name_in_whatever_order():
    labels = SIMPSON.sample(20, seed=0)
    turned = {"another": np.arange(20), **dict(reversed(labels.items()))}
    found = [
        label_data.matrix(each, SIMPSON.graph, SIMPSON.states)
        for each in (labels, turned)
    ]
    np.testing.assert_array_equal(*found)
    assert np.array_equal(found[0][:, 2], labels[SIMPSON.graph.nodes[2]])


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


@pytest.mark.parametrize(
    "method", ["predict", "evaluate", "train_on_batch", "test_on_batch", "export"]
)
def test_methods_of_keras_without_a_meaning_say_what_there_is_instead(method):
    with pytest.raises(ValueError, match=f"`{method}` is not possible: a Causal"):
        getattr(tiny(), method)({"X": np.zeros(3)})


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
    "argument", ["loss", "loss_weights", "metrics", "weighted_metrics"]
)
def test_losses_and_metrics_of_keras_are_refused(argument):
    with pytest.raises(ValueError, match=f"`{argument}` must be None"):
        tiny().compile("adam", **{argument: ["mae"]})


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


def test_one_optimizer_cannot_serve_two_networks():
    adam = keras.optimizers.Adam()
    with pytest.raises(ValueError, match="another object than `optimizer`"):
        tiny().compile(adam, adam)
    with pytest.raises(ValueError, match="`penalty_weight`"):
        tiny().compile(penalty_weight=0)


def test_the_reference_has_its_sizes():
    settings = reference_settings()
    controller = CausalController(NAMED_GRAPHS["G1"], seed=0, **settings["init"])
    # Published sizes: 5,189 weights for nodes with 0 to 3 parents, each padded to 3
    # here, and 1,126 for the critic.
    padding = sum(3 - len(controller.graph.parents(n)) for n in controller.graph.nodes)
    assert controller.mechanisms.count_params() == 5189 + 10 * padding
    assert controller.critic_networks[0].count_params() == 1126


def test_training_stops_when_labels_are_as_in_the_data():
    labels = SIMPSON.sample(1000, seed=0)
    controller = tiny()
    controller.compile(critic_steps=2)
    stop = StopAtTotalVariation(labels, below=1.0, after=3, samples=100)
    history = controller.fit(
        labels, batch_size=4, steps_per_epoch=2, epochs=9, callbacks=[stop], verbose=0
    )
    assert int(controller.training_steps) == 6  # of which 3 of the mechanisms
    assert len(history.history["total_variation"]) == 3


def test_an_average_that_is_asked_for_later_starts_from_what_was_learned():
    labels = SIMPSON.sample(500, seed=0)
    controller = tiny()
    controller.compile(steps=4, ema=None)
    controller.fit(labels, batch_size=50, steps_per_epoch=4, verbose=0)
    learned = controller.sample(500, seed=0, soft=True)
    controller.compile(steps=4, ema=0.9)
    controller.fit(labels, batch_size=50, steps_per_epoch=4, verbose=0)  # no step left
    assert int(controller.training_steps) == 4
    assert same(learned, controller.sample(500, seed=0, soft=True))
    for one, raw in zip(
        controller.mechanisms.weights, controller.raw_mechanisms.weights, strict=True
    ):
        np.testing.assert_array_equal(one.numpy(), raw.numpy())


def test_training_shorter_than_an_epoch_takes_the_steps_it_was_told():
    controller = tiny()
    controller.compile(steps=3, critic_steps=1)
    controller.fit(SIMPSON.sample(100, seed=1), batch_size=16, verbose=0)
    assert int(controller.training_steps) == 3
