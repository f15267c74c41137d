"""Several data terms at once."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs
from tests.generators import random_generator

losses = gencs.losses


@pytest.fixture(scope="module")
def x():
    return gencs.models.GenerativeModel(random_generator()).generate(4, seed=1)


def model_with(**kwargs):
    model = gencs.models.GenerativeModel(random_generator())
    kwargs = {"solver": gencs.solvers.LBFGS(steps=25, restarts=8), **kwargs}
    model.compile(**{"latent_penalty": 0.0, "run_eagerly": True, **kwargs})
    return model


def brightness(x):
    """A detector with one output."""
    return tf.reduce_mean(x, axis=(1, 2))


@pytest.mark.long
def test_two_measurements_together_recover_what_neither_could(x):
    parts = {
        "left": gencs.layers.GaussianMeasurement(2, seed=0),
        "right": gencs.layers.GaussianMeasurement(3, seed=1),
    }
    y = {name: A(x).numpy() for name, A in parts.items()}
    together = model_with(loss={"left": "sse", "right": "sse"})
    x_hat = together.recover(y, parts, seed=0, verbose=0)
    assert np.mean((x_hat - x) ** 2) < 1e-6
    alone = model_with().recover(y["left"], parts["left"], seed=0, verbose=0)
    assert np.mean((alone - x) ** 2) > 1e-3


def test_one_loss_serves_all_terms(x):
    A = gencs.layers.GaussianMeasurement(3, seed=0)
    B = gencs.layers.GaussianMeasurement(4, seed=1)
    y = {"a": A(x), "b": B(x)}
    x_hat = model_with(loss="sse").recover(y, {"a": A, "b": B}, seed=0, verbose=0)
    assert np.mean((x_hat - x) ** 2) < 1e-6


@pytest.mark.long
def test_a_detector_is_amplified_as_its_weight_says(x):
    A = gencs.layers.GaussianMeasurement(12, seed=0)
    y, measurements = {"face": A(x), "bright": None}, {"face": A, "bright": brightness}
    results = []
    for weight in (0.0, 0.1, 10.0):
        model = model_with(
            loss={"face": "sse", "bright": losses.Maximize()},
            loss_weights={"bright": weight},
            latent_penalty=1e-3,
        )
        results.append(
            model.recover(y, measurements, seed=0, verbose=0, return_result=True)
        )
    means = [result.x.mean() for result in results]
    errors = [result.measurement_error.mean() for result in results]
    assert means[0] < means[1] < means[2]
    assert errors[0] < errors[1] < errors[2]


def test_objective_is_the_weighted_sum(x):
    A = gencs.layers.GaussianMeasurement(12, seed=0)
    y, measurements = {"face": A(x), "bright": None}, {"face": A, "bright": brightness}
    model = model_with(
        loss={"face": "sse", "bright": losses.Maximize()},
        loss_weights={"face": 2.0, "bright": 0.5},
        latent_penalty=0.25,
    )
    result = model.recover(y, measurements, seed=0, verbose=0, return_result=True)
    expected = 2 * result.measurement_error - 0.5 * result.x.mean(axis=(1, 2, 3))
    expected += 0.25 * np.sum(result.z**2, axis=1)
    np.testing.assert_allclose(result.objective, expected, rtol=1e-4)


@pytest.mark.long
def test_a_critic_joins_the_objective(x):
    """The score of a discriminator is one more term."""
    critic = keras.Sequential(
        [keras.Input((6, 6, 1)), keras.layers.Flatten(), keras.layers.Dense(1)]
    )
    A = gencs.layers.GaussianMeasurement(12, seed=0)
    y = {"y": A(x), "real": None}
    scores = []
    for weight in (0.0, 0.5):
        model = model_with(
            loss={"y": "sse", "real": losses.Maximize()},
            loss_weights={"real": weight},
            latent_penalty=1e-2,
        )
        x_hat = model.recover(y, {"y": A, "real": critic}, seed=0, verbose=0)
        scores.append(float(np.mean(critic(x_hat))))
    assert scores[1] > scores[0]


@pytest.mark.long
def test_a_mixture_survives_saving(x, tmp_path):
    A = gencs.layers.GaussianMeasurement(12, seed=0)
    y, measurements = {"face": A(x), "bright": None}, {"face": A, "bright": brightness}
    model = model_with(
        loss={"face": losses.Huber(0.2), "bright": losses.Maximize()},
        loss_weights={"bright": 0.1},
        estimate="best",
        noise=0.01,
        run_eagerly=False,
    )
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.get_compile_config() == model.get_compile_config()
    np.testing.assert_array_equal(
        loaded.recover(y, measurements, seed=0, verbose=0),
        model.recover(y, measurements, seed=0, verbose=0),
    )


@pytest.mark.parametrize(
    ("y", "A", "message"),
    [
        ({"face": 1}, {}, "`A` must have at least one data term"),
        (np.zeros((4, 12)), {"face": None}, "`y` must be a dict with the names"),
        ({"face": 1, "x": 2}, {"face": None}, r"names of `A`, \['face'\]"),
    ],
)
def test_rejects_names_that_do_not_match(y, A, message):
    with pytest.raises(ValueError, match=message):
        model_with(loss={"face": "sse"}).recover(y, A)


def test_rejects_terms_that_compile_does_not_know(x):
    A = gencs.layers.GaussianMeasurement(12, seed=0)
    with pytest.raises(ValueError, match=r"data terms \['face'\]"):
        model_with(loss={"face": "sse"}).recover({"nose": A(x)}, {"nose": A})


def test_rejects_y_where_nothing_is_compared_and_none_where_something_is(x):
    A = gencs.layers.GaussianMeasurement(12, seed=0)
    model = model_with(loss={"face": "sse", "bright": losses.Maximize()})
    measurements = {"face": A, "bright": brightness}
    with pytest.raises(ValueError, match=r"`y\['bright'\]` must be None"):
        model.recover({"face": A(x), "bright": np.zeros((4, 1))}, measurements)
    with pytest.raises(TypeError, match=r"`y\['face'\]`"):
        model.recover({"face": None, "bright": None}, measurements)


def test_rejects_terms_of_different_lengths(x):
    A = gencs.layers.GaussianMeasurement(12, seed=0)
    B = gencs.layers.GaussianMeasurement(5, seed=1)
    model = model_with(loss={"a": "sse", "b": "sse"})
    with pytest.raises(ValueError, match=r"`y\['b'\]` must hold as many signals"):
        model.recover({"a": A(x), "b": B(x)[:2]}, {"a": A, "b": B})


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"loss": {}}, "`loss` must name at least one"),
        ({"loss": {"a": "sse"}, "loss_weights": {"b": 1}}, "`loss_weights`"),
        ({"loss": {"a": "sse"}, "loss_weights": [1]}, "`loss_weights`"),
        ({"loss": {"a": "sse"}, "loss_weights": {"a": "x"}}, "loss_weights"),
    ],
)
def test_compile_rejects(kwargs, message):
    with pytest.raises(ValueError, match=message):
        model_with(**kwargs)
