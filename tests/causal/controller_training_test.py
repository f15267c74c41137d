"""Tests of how a controller trains: steps, files, averages, what Keras offers."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.causal.controllers import SIMPSON, same, tiny
from tf_gencs.causal import CausalController, CausalGraph, StopAtTotalVariation


@pytest.mark.long
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


@pytest.mark.long
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


@pytest.mark.long
def test_an_average_that_is_asked_for_later_starts_from_what_was_learned():
    labels = SIMPSON.sample(500, seed=0)
    controller = tiny()
    controller.compile(steps=4, ema=None)
    controller.fit(labels, batch_size=50, steps_per_epoch=4, verbose=0)
    learned = controller.sample(500, seed=0, soft=True)
    controller.compile(steps=4, ema=0.9)
    with pytest.warns(UserWarning, match="`labels` train nothing"):
        controller.fit(labels, batch_size=50, steps_per_epoch=4, verbose=0)
    assert int(controller.training_steps) == 4
    assert same(learned, controller.sample(500, seed=0, soft=True))
    for one, raw in zip(
        controller.mechanisms.weights, controller.raw_mechanisms.weights, strict=True
    ):
        np.testing.assert_array_equal(one.numpy(), raw.numpy())


@pytest.mark.long
def test_training_shorter_than_an_epoch_takes_the_steps_it_was_told():
    controller = tiny()
    controller.compile(steps=3, critic_steps=1)
    controller.fit(SIMPSON.sample(100, seed=1), batch_size=16, verbose=0)
    assert int(controller.training_steps) == 3


@pytest.mark.long
@pytest.mark.parametrize("kind", ["arrays", "dataset"])
def test_rare_states_are_not_lost(kind):
    rng = np.random.default_rng(0)
    rows = {"Alarm": rng.binomial(1, 0.01, 20_000), "Storm": rng.choice(3, 20_000)}
    rows["Storm"][rng.random(20_000) < 0.97] = 2
    share = {"Alarm": np.mean(rows["Alarm"] == 1), "Storm": np.mean(rows["Storm"] == 0)}
    model = CausalController(
        CausalGraph(nodes=["Alarm", "Storm"]), {"Alarm": 2, "Storm": 3}, seed=0
    )
    model.compile(steps=100)
    batches = tf.data.Dataset.from_tensor_slices(rows).repeat().batch(512)
    model.fit(rows if kind == "arrays" else batches, verbose=0)
    found = model.sample(20_000, seed=1)
    assert np.mean(found["Alarm"] == 1) == pytest.approx(share["Alarm"], rel=0.5)
    assert np.mean(found["Storm"] == 0) == pytest.approx(share["Storm"], rel=0.5)


@pytest.mark.long
def test_a_finished_controller_says_so_and_still_looks_at_labels():
    labels = SIMPSON.sample(100, seed=1)
    controller = tiny()
    controller.compile(steps=2)
    controller.fit(labels, batch_size=16, verbose=0)
    rule = r"`labels` train nothing: 2 steps.*`fit\(labels, epochs=2\)` trains on"
    dataset = tf.data.Dataset.from_tensor_slices
    for given in (labels, dataset(labels).batch(10)):
        with pytest.warns(UserWarning, match=rule):
            controller.fit(given, verbose=0)
    wrong = {**labels, "X": labels["X"] + 1}
    for given in (wrong, dataset(wrong).batch(10)):
        with pytest.raises(ValueError, match=r"`labels\['?X'?\]` must .*0\.\.1"):
            controller.fit(given, verbose=0)
    controller.fit(labels, epochs=0, verbose=0)  # as it was asked
    controller.fit(labels, batch_size=8, steps_per_epoch=1, epochs=1, verbose=0)
    assert int(controller.training_steps) == 3


def test_refuses_batches_that_no_memory_holds():
    with pytest.raises(
        ValueError, match=r"`batch_size` must be at most 65536.*20 rows"
    ):
        tiny().fit(SIMPSON.sample(20, seed=0), batch_size=10**9, verbose=0)


@pytest.mark.parametrize("argument", ["batch_size", "learning_rate", "critic_step"])
def test_an_unknown_setting_is_told_those_that_there_are(argument):
    with pytest.raises(TypeError, match=f"{argument}.*`critic_steps`, `penalty_w"):
        tiny().compile(**{argument: 32})


@pytest.mark.long
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


@pytest.mark.parametrize(
    "argument", ["loss", "loss_weights", "metrics", "weighted_metrics"]
)
def test_losses_and_metrics_of_keras_are_refused(argument):
    with pytest.raises(ValueError, match=f"`{argument}` must be None"):
        tiny().compile("adam", **{argument: ["mae"]})


def test_one_optimizer_cannot_serve_two_networks():
    adam = keras.optimizers.Adam()
    with pytest.raises(ValueError, match="another object than `optimizer`"):
        tiny().compile(adam, adam)
    with pytest.raises(ValueError, match="`penalty_weight`"):
        tiny().compile(penalty_weight=0)


@pytest.mark.parametrize(
    "method", ["predict", "evaluate", "train_on_batch", "test_on_batch", "export"]
)
def test_methods_of_keras_without_a_meaning_say_what_there_is_instead(method):
    with pytest.raises(ValueError, match=f"`{method}` is not possible: a Causal"):
        getattr(tiny(), method)({"X": np.zeros(3)})
