"""What all metrics of real against generated images share."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs


def mean_and_spread(images):
    """A function of images, as a user would write one."""
    flat = np.reshape(images, (len(images), -1))
    return np.stack([flat.mean(axis=1), flat.std(axis=1)], axis=1)


METRICS = {
    "frechet": lambda **kwargs: gencs.metrics.FrechetDistance(**kwargs),
    "kernel": lambda **kwargs: gencs.metrics.KernelDistance(subsets=2, **kwargs),
    "manifold": lambda **kwargs: gencs.metrics.PrecisionRecall(neighbours=2, **kwargs),
    "sliced": lambda **kwargs: gencs.metrics.SlicedWasserstein(projections=5, **kwargs),
}


@pytest.fixture(params=METRICS)
def make(request):
    return METRICS[request.param]


@pytest.fixture
def sets(rng):
    """Real and generated images that differ, in different numbers."""
    real = rng.normal(size=(60, 2, 2, 1)).astype("float32")
    return real, 0.5 + rng.normal(size=(45, 2, 2, 1)).astype("float32")


def numbers(metric):
    result = metric.result()
    return list(result.values()) if isinstance(result, dict) else [result]


def test_pieces_give_what_the_whole_gives(make, sets):
    real, generated = sets
    whole, pieces = make(), make()
    whole.update_state(real, generated)
    pieces.update_state(real[:7], generated[:30])
    pieces.update_state(generated=generated[30:])
    pieces.update_state(real[7:8], generated[:0])
    pieces.update_state(real[8:])
    np.testing.assert_allclose(numbers(pieces), numbers(whole), rtol=1e-10)


def test_a_call_updates_and_gives_the_result(make, sets):
    called, updated = make(), make()
    updated.update_state(*sets)
    assert called(*sets) == updated.result()


def test_reset_forgets_everything(make, sets):
    metric, fresh = make(), make()
    metric.update_state(np.ones((30, 3), "float32"), np.zeros((30, 3), "float32"))
    metric.reset_state()
    for m in (metric, fresh):
        m.update_state(*sets)
    assert metric.result() == fresh.result()


def test_reset_of_one_side_keeps_the_other(make, sets):
    real, generated = sets
    metric, fresh = make(), make()
    metric.update_state(real, 100 + generated)
    metric.reset_state("generated")
    metric.update_state(generated=generated)
    fresh.update_state(real, generated)
    assert metric.result() == fresh.result()


def test_a_copy_from_the_config_measures_the_same(make, sets):
    model = keras.Sequential([keras.Input((2, 2, 1)), keras.layers.Flatten()])
    metric = make(features=model, batch_size=7, name="mine")
    copy = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(metric)
    )
    assert copy.name == "mine"
    assert copy.get_config()["batch_size"] == 7
    assert metric(*sets) == copy(*sets)


def test_every_argument_is_in_the_config():
    metric = gencs.metrics.KernelDistance(
        "mnist", (-1, 1), degree=2, subsets=4, seed=5, batch_size=6
    )
    config = metric.get_config()
    expected = {
        "features": "mnist",
        "value_range": (-1.0, 1.0),
        "degree": 2,
        "subsets": 4,
        "seed": 5,
        "batch_size": 6,
    }
    assert {name: config[name] for name in expected} == expected
    assert gencs.metrics.PrecisionRecall(neighbours=5).get_config()["neighbours"] == 5
    sliced = gencs.metrics.SlicedWasserstein(projections=3, order=1, seed=2)
    config = sliced.get_config()
    assert (config["projections"], config["order"], config["seed"]) == (3, 1.0, 2)


def test_features_may_be_a_function_or_a_model(make, sets):
    class MeanAndSpread(keras.layers.Layer):
        def call(self, images):
            flat = keras.ops.reshape(images, (-1, 4))
            parts = [keras.ops.mean(flat, axis=1), keras.ops.std(flat, axis=1)]
            return keras.ops.stack(parts, axis=1)

    first, second = make(features=mean_and_spread), make(features=MeanAndSpread())
    for metric in (first, second):
        metric.update_state(*sets)
    np.testing.assert_allclose(numbers(first), numbers(second), rtol=1e-4)


def test_batches_of_features_change_nothing(make, sets):
    small, large = (
        make(features=mean_and_spread, batch_size=4),
        make(features=mean_and_spread),
    )
    for metric in (small, large):
        metric.update_state(*sets)
    np.testing.assert_allclose(numbers(small), numbers(large), rtol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({}, ValueError, "`real` or `generated` must be given"),
        ({"real": np.ones((2, 3), complex)}, TypeError, "`real` must hold real num"),
        ({"real": np.ones(3)}, ValueError, r"`real` must have shape \(batch, \.\.\.\)"),
        ({"generated": np.full((2, 3), np.nan)}, ValueError, "`generated` must be fin"),
        (
            {"real": np.ones((2, 3)), "generated": np.ones((2, 4))},
            ValueError,
            r"same number of features in every call. Received: \[3, 4\]",
        ),
    ],
)
def test_refuses_bad_images(make, arguments, error, message):
    metric = make()
    with pytest.raises(error, match=message):
        metric.update_state(**arguments)
    assert metric.counts == {"real": 0, "generated": 0}


def test_refuses_features_of_another_number_than_before(make):
    metric = make()
    metric.update_state(np.ones((2, 3)))
    with pytest.raises(ValueError, match="same number of features"):
        metric.update_state(generated=np.ones((2, 4)))


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (lambda x: x, r"must map \(batch, \.\.\.\) to \(batch, d\).*: shape \(2, 2, 2"),
        (lambda x: x[:1, 0, 0], r"Received: shape \(1, 1\) for images of shape \(2,"),
        (lambda x: x[:, 0, 0] / 0 * 0, "finite numbers.*for 2 images of `real`"),
    ],
)
def test_refuses_what_are_no_features(make, features, message):
    metric = make(features=features)
    with (
        np.errstate(all="ignore"),
        pytest.raises(ValueError, match=message),
    ):
        metric.update_state(np.ones((2, 2, 2, 1)))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"features": 3}, TypeError, "`features` must be None, the name.*: 3"),
        ({"features": "mnits"}, ValueError, r"`name` must be one of \[.*'mnits'"),
        ({"value_range": (0, 1)}, ValueError, "`value_range` must be None unless"),
        ({"batch_size": 0}, ValueError, "`batch_size` must be"),
    ],
)
def test_refuses_bad_arguments(make, arguments, error, message):
    with pytest.raises(error, match=message):
        make(**arguments)


def test_refuses_to_reset_what_is_no_side(make):
    with pytest.raises(ValueError, match=r"`side` must be None or one of.*: 'fake'"):
        make().reset_state("fake")


def test_needs_images_of_both_sides(make, sets):
    metric = make()
    metric.update_state(sets[0])
    with pytest.raises(ValueError, match=r"`generated` images\. Received: 60 and 0"):
        metric.result()


def test_names_the_way_out_within_a_graph(make):
    metric = make()
    with pytest.raises(RuntimeError, match=r"outside of `tf\.function`.*run_eagerly"):
        tf.function(metric.update_state)(tf.ones((3, 2)))
