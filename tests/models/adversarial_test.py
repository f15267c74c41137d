"""What all families with a discriminator share: training, resuming, presets."""

import json
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs
from tests.models import causal_models
from tf_gencs import pixels

PLAIN = {"dcgan": gencs.models.DCGAN, "began": gencs.models.BEGAN}
FAMILIES = {**PLAIN, **causal_models.CLASSES}
SHAPES = {"dcgan": (8, 8, 1), "began": (14, 14, 1), **causal_models.SHAPES}

both = pytest.mark.parametrize("family", PLAIN)
every = pytest.mark.parametrize("family", FAMILIES)


# Tracing a graph takes longer than some steps of a tiny model without one.
EAGER = {"run_eagerly": True}


def tiny(family, seed=0, width=4, **kwargs):
    keras.utils.set_random_seed(seed)
    if family in causal_models.CLASSES:
        return causal_models.tiny(family, seed, width, **kwargs)
    shape = kwargs.pop("signal_shape", SHAPES[family])
    return FAMILIES[family](shape, 3, width, seed=seed, **kwargs)


def images(family, n=32, seed=0):
    """Squares of random brightness in (-1, 1)."""
    rng = np.random.default_rng(seed)
    x = np.full((n, *SHAPES[family]), -0.8, "float32")
    x[:, 2:6, 2:6] = rng.uniform(-0.8, 1, size=(n, 1, 1, 1))
    return x


def told(model, x):
    """What a model trains on: images, and labels where they have causes."""
    causal = isinstance(model, tuple(causal_models.CLASSES.values()))
    return (x, causal_models.labels(len(x))) if causal else (x,)


def fit(model, x, steps, batch_size=8):
    return model.fit(
        *told(model, x[: steps * batch_size]),
        batch_size=batch_size,
        epochs=1,
        shuffle=False,
        verbose=0,
    )


def state(model):
    optimizers = model.optimizer.optimizers
    states = [v for optimizer in optimizers for v in optimizer.variables]
    return [np.asarray(v) for v in [*model.weights, *states]]


def assert_same_bits(first, second):
    assert len(first) == len(second)
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.long
@pytest.mark.parametrize(
    ("family", "given"),
    [
        ("dcgan", {"ema": 0.9}),
        pytest.param(
            "began",
            {"ema": 0.9, "gamma": 0.7, "decoder_weight": 2.0, **EAGER},
            marks=pytest.mark.slow,
        ),
        ("causal_gan", {"label_targets": "noisy", "tau": 9.0, "ema": 0.9, **EAGER}),
        pytest.param(
            "causal_began",
            {"label_loss": "absolute", "lambda_weight": 0.5, **EAGER},
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_run_that_goes_on_from_a_file_equals_one_never_stopped(
    family, given, tmp_path
):
    x = images(family)
    whole = tiny(family)
    whole.compile(**given)
    if family.endswith("began"):
        whole.k.assign(0.2)
    fit(whole, x, 2)
    whole.save(tmp_path / "model.keras")
    saved = state(whole)
    fit(whole, x[16:], 2)
    keras.utils.set_random_seed(99)  # nothing may depend on it
    resumed = keras.saving.load_model(tmp_path / "model.keras")
    resumed.run_eagerly = whole.run_eagerly
    assert resumed.get_compile_config() == whole.get_compile_config()
    assert_same_bits(state(resumed), saved)
    fit(resumed, x[16:], 2)
    assert int(resumed.training_steps) == int(whole.training_steps) == 4
    assert_same_bits(state(resumed), state(whole))
    assert (resumed.raw_generator is None) == ("ema" not in given)


@both
def test_noise_of_a_step_depends_on_seed_and_step(family):
    model, other = tiny(family, seed=1), tiny(family, seed=2)
    x = tf.zeros((4, *SHAPES[family]))
    z = model.draw_latents(x, 3, 0)
    assert z.shape == (4, 3)
    np.testing.assert_array_equal(z, model.draw_latents(x, tf.constant(3), 0))
    for different in (
        model.draw_latents(x, 4, 0),
        model.draw_latents(x, 3, 1),
        other.draw_latents(x, 3, 0),
    ):
        assert not np.any(z == different)


@every
def test_every_metric_is_reported_and_evaluated(family):
    model = tiny(family)
    model.compile(**EAGER)
    shown = told(model, images(family, 8))
    history = model.fit(*shown, batch_size=8, verbose=0).history
    assert set(history) == {mean.name for mean in model.metrics}
    assert np.isfinite(list(history.values())).all()
    first = model.evaluate(*shown, verbose=0, return_dict=True)
    assert set(first) == set(history)
    assert first == model.evaluate(*shown, verbose=0, return_dict=True)


@pytest.mark.long
def test_labels_beside_the_images_do_not_matter():
    family = "dcgan"
    x = images(family)
    data = tf.data.Dataset.from_tensor_slices((x, np.arange(32))).batch(8)
    weights = []
    for source in (x, data):
        model = tiny(family)
        model.compile(**EAGER)
        model.fit(source, batch_size=None if source is data else 8, shuffle=False,
                  verbose=0)  # fmt: skip
        weights.append(model.get_weights())
    assert_same_bits(*weights)


def test_average_follows_the_weights_that_train():
    family = "dcgan"
    x = images(family)
    model, plain = tiny(family), tiny(family)
    model.compile(ema=0.5, **EAGER)
    plain.compile(**EAGER)
    expected = [np.asarray(w) for w in model.generator.get_weights()]
    for step in range(4):
        for each in (model, plain):
            each.train_on_batch(x[8 * step : 8 * step + 8])
        decay = min(0.5, (1 + step) / (10 + step))
        raw = model.raw_generator.get_weights()
        expected = [
            mean + (1 - decay) * (new - mean)
            for mean, new in zip(expected, raw, strict=True)
        ]
    for mean, value in zip(model.generator.get_weights(), expected, strict=True):
        np.testing.assert_allclose(mean, value, rtol=1e-5, atol=1e-7)
    # Averaging leaves the training itself alone.
    assert_same_bits(raw, plain.generator.get_weights())


def test_training_without_an_average_goes_on_from_it():
    family = "dcgan"
    model = tiny(family)
    weights = len(model.weights)
    model.compile(ema=0.9, **EAGER)
    generator = model.generator
    fit(model, images(family), 1)
    assert len(model.weights) == weights + len(generator.weights)
    average = generator.get_weights()
    model.compile(**EAGER)
    assert model.raw_generator is None
    assert model.training_generator is model.generator is generator
    assert len(model.weights) == weights
    assert_same_bits(generator.get_weights(), average)
    fit(model, images(family), 1)
    assert not np.array_equal(generator.get_weights()[0], average[0])


@pytest.mark.long
def test_recovers_generates_and_inverts_after_training():
    family = "dcgan"
    model = tiny(family)
    model.compile(ema=0.9, **EAGER, solver=gencs.solvers.Adam(0.1, steps=60))
    fit(model, images(family), 1)
    x = model.generate(2, seed=3)
    A = gencs.layers.GaussianMeasurement(30, seed=0)
    x_hat = model.recover(A(x), A, seed=0, verbose=0)
    assert np.mean((x_hat - x) ** 2) < 0.1 * np.mean((x - x.mean(axis=0)) ** 2) + 1e-8


@every
@pytest.mark.parametrize("dtype", ["float64", "mixed_float16", "mixed_bfloat16"])
def test_trains_in_other_dtypes(family, dtype):
    model = tiny(family, dtype=dtype)
    model.compile(ema=0.9, **EAGER)
    before = model.training_generator.get_weights()
    history = fit(model, images(family, 8), 1).history
    assert np.isfinite(list(history.values())).all()
    after = model.training_generator.get_weights()
    assert not np.array_equal(before[0], after[0])
    assert model.recovery_dtype == ("float64" if dtype == "float64" else "float32")


def test_rejects_images_of_another_shape():
    family = "dcgan"
    model = tiny(family)
    model.compile(**EAGER)
    height, width, _ = SHAPES[family]
    for shape, fix in [
        ((4, 10, 10, 1), r"resize them, .*`signal_shape=\(10, 10, 1\)`"),
        ((4, height, width, 3), r"`signal_shape=\(\d+, \d+, 3\)`"),
        ((4, height, width), "add the channel axis"),
        ((height, width, 1), "batch the data"),
        ((4, 5), "see the pipelines"),
    ]:
        x = np.zeros(shape, "float32")
        with pytest.raises(ValueError, match=rf"`x` must hold images .*{fix}.*Receiv"):
            model.fit(x, verbose=0)
    data = tf.data.Dataset.from_tensors(np.zeros((4, 10, 10, 1), "float32"))
    with pytest.raises(ValueError, match="`x` must hold images"):
        model.fit(data, verbose=0)
    with pytest.raises(ValueError, match="`x` must hold images"):
        model.train_on_batch(np.zeros((4, 10, 10, 1), "float32"))
    assert int(model.training_steps) == 0


def test_refuses_pixels_of_another_range_and_warns_of_half_of_it():
    family = "dcgan"
    model = tiny(family)
    model.compile(**EAGER)
    x = images(family)
    scaled = np.round(127.5 * (x + 1)).astype("uint8")
    with pytest.raises(ValueError, match=r"leave .*\(-1, 1\): .*0.00784314 \+ -1`"):
        model.fit(scaled, batch_size=8, verbose=0)
    with pytest.warns(UserWarning, match=r"only the upper half .*`x \* 2 \+ -1`"):
        model.fit((x + 1) / 2, batch_size=8, verbose=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(x, batch_size=8, verbose=0)


@pytest.mark.parametrize(
    ("seen", "value_range", "fix"),
    [
        ((0, 255), (0, 1), "x * 0.00392157 + 0"),
        ((3, 251), (-1, 1), "x * 0.00784314 + -1"),
        ((-1, 1), (0, 1), "x * 0.5 + 0.5"),
        ((0, 0.9), (-1, 1), "x * 2 + -1"),
        ((0, 1), (0, 1), None),
        ((-0.97, 0.99), (-1, 1), None),
        ((-1.001, 1.001), (-1, 1), None),
    ],
)
def test_range_message_names_the_scaling(seen, value_range, fix):
    message = pixels.misfit(*seen, value_range)
    assert (message is None) == (fix is None)
    assert fix is None or f"`{fix}`" in message


@pytest.mark.long
@every
def test_presets_hold_what_recovery_needs(family, tmp_path):
    model = tiny(family)
    model.compile(ema=0.9, **EAGER)
    fit(model, images(family), 1)
    sizes = {}
    for name, kwargs in {
        "plain": {},
        "half": {"storage_dtype": "float16"},
        "whole": {"discriminator": True},
    }.items():
        model.save_to_preset(tmp_path / name, {"command": "none"}, **kwargs)
        sizes[name] = (tmp_path / name / "model.weights.h5").stat().st_size
        loaded = FAMILIES[family].from_preset(tmp_path / name)
        assert (loaded.discriminator is None) == (name != "whole")
        exact = {"rtol": 1e-3, "atol": 1e-6} if name == "half" else {"rtol": 0}
        for ours, theirs in zip(
            loaded.generator.weights, model.generator.weights, strict=True
        ):
            assert ours.dtype == "float32"
            np.testing.assert_allclose(ours, theirs, **exact)
        assert json.loads((tmp_path / name / "record.json").read_text())
    assert sizes["half"] < sizes["plain"] < sizes["whole"]
    assert_same_bits(loaded.discriminator.get_weights(),
                     model.discriminator.get_weights())  # fmt: skip
    loaded.compile(**EAGER)
    fit(loaded, images(family), 1)
    loaded = FAMILIES[family].from_preset(tmp_path / "plain")
    loaded.compile(**EAGER)
    with pytest.raises(ValueError, match="has no discriminator"):
        fit(loaded, images(family), 1)


def test_rejects_wrong_training_settings():
    family = "dcgan"
    model = tiny(family)
    adam = keras.optimizers.Adam()
    for kwargs, argument in [
        ({"optimizer": "adam"}, "optimizer"),
        ({"d_optimizer": "adamm"}, "d_optimizer"),
        ({"g_optimizer": 3}, "g_optimizer"),
        ({"d_optimizer": adam, "g_optimizer": adam}, "g_optimizer"),
        ({"ema": 1.0}, "ema"),
        ({"ema": -0.5}, "ema"),
    ]:
        with pytest.raises(ValueError, match=f"`{argument}` must be"):
            model.compile(**kwargs)
    assert not model.compiled


@both
@pytest.mark.parametrize(
    "kwargs",
    [
        {"signal_shape": (30, 17, 1)},
        {"signal_shape": (28, 28)},
        {"latent_dim": 0},
        {"width": -1},
        {"value_range": None},
        {"value_range": (1, 0)},
        {"seed": -3},
    ],
)
def test_rejects_wrong_sizes(family, kwargs):
    with pytest.raises(ValueError, match=f"`{next(iter(kwargs))}`"):
        FAMILIES[family](**{"width": 2, "latent_dim": 3, **kwargs})


@both
def test_28_x_28_x_1_trains(family, rng):
    model = tiny(family, signal_shape=(28, 28, 1), value_range=(0, 1), width=2)
    model.compile(**EAGER)
    x = rng.uniform(size=(8, 28, 28, 1)).astype("float32")
    history = model.fit(x, batch_size=8, verbose=0).history
    assert np.isfinite(history["g_loss"]).all()
    assert model.generate(2, seed=0).shape == (2, 28, 28, 1)
