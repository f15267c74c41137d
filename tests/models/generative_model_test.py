import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs
from tests.generators import random_generator
from tf_gencs.models.networks import dense_encoder


@pytest.fixture(scope="module")
def model():
    return gencs.models.GenerativeModel(random_generator(), value_range=(0, 1))


def test_knows_its_sizes(model):
    assert model.latent_dim == 4
    assert model.signal_shape == (6, 6, 1)
    assert model.value_range == (0.0, 1.0)
    assert isinstance(model.latent_prior, gencs.priors.NormalPrior)
    assert model.encoder is None
    assert model.discriminator is None


def test_is_a_keras_model_from_latents_to_signals(model):
    z = np.ones((3, 4), "float32")
    np.testing.assert_array_equal(model(z), model.generator(z))


def test_generate_repeats_from_its_seed(model):
    first = model.generate(5, seed=1)
    assert first.shape == (5, 6, 6, 1)
    np.testing.assert_array_equal(model.generate(5, seed=1), first)
    assert not np.array_equal(model.generate(5, seed=2), first)
    assert not np.array_equal(model.generate(5), model.generate(5))


def test_generate_maps_given_latents(model):
    z = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
    np.testing.assert_allclose(model.generate(z=z), model.generator(z), atol=1e-6)
    assert model.generate(z=z[:0]).shape == model.generate(0).shape == (0, 6, 6, 1)


@pytest.mark.parametrize(
    ("kwargs", "error", "message"),
    [
        ({}, ValueError, "either `n` or `z`"),
        ({"n": 2, "z": np.zeros((2, 4))}, ValueError, "either `n` or `z`"),
        ({"n": -1}, ValueError, "`n` must be an integer"),
        ({"z": np.zeros((2, 5))}, ValueError, r"`z` must have shape \(batch, 4\)"),
        ({"z": np.full((2, 4), np.nan)}, ValueError, "`z` must be finite"),
        ({"z": np.zeros((2, 4), complex)}, TypeError, "`z` must hold real numbers"),
    ],
)
def test_generate_rejects(kwargs, error, message, model):
    with pytest.raises(error, match=message):
        model.generate(**kwargs)


def test_invert_finds_the_latents_of_generated_signals(model):
    z = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")
    result = model.invert(model.generate(z=z), seed=0, verbose=0)
    assert np.mean((result.x - model.generate(z=z)) ** 2) < 1e-8
    np.testing.assert_allclose(result.z, z, atol=0.05)


def test_inverts_no_signals(model):
    assert model.invert(np.zeros((0, 6, 6, 1)), verbose=0).x.shape == (0, 6, 6, 1)


def test_invert_rejects_other_signals(model):
    with pytest.raises(ValueError, match=r"`x` must have shape \(batch, 6, 6, 1\)"):
        model.invert(np.zeros((2, 6, 6)))


@pytest.mark.long
def test_representation_error_of_generated_signals_is_nothing(model):
    fresh = gencs.models.GenerativeModel(random_generator())
    fresh.compile(latent_penalty=1.0)
    x = fresh.generate(5, seed=1)
    assert fresh.measure_representation_error(x, seed=0, verbose=0) < 1e-7
    assert fresh.representation_error < 1e-7
    noisy = x + 0.1 * np.random.default_rng(0).normal(size=x.shape)
    error = fresh.measure_representation_error(noisy, seed=0, verbose=0)
    assert error == pytest.approx(0.01, rel=0.3)  # 4 of 36 dimensions fit the noise
    assert fresh.get_config()["representation_error"] == error


def test_takes_a_subclassed_generator_when_told_its_latent_size():
    class Subclassed(keras.Model):
        def __init__(self):
            super().__init__()
            self.inner = random_generator()

        def call(self, z):
            return self.inner(z)

    with pytest.raises(ValueError, match="`latent_dim` must be given"):
        gencs.models.GenerativeModel(Subclassed())
    model = gencs.models.GenerativeModel(Subclassed(), latent_dim=4)
    assert model.signal_shape == (6, 6, 1)
    assert model.generate(2, seed=0).shape == (2, 6, 6, 1)
    x = model.generate(3, seed=0)
    assert np.mean((model.invert(x, seed=0, verbose=0).x - x) ** 2) < 1e-6


def test_recovers_flat_signals():
    generator = keras.Sequential([keras.Input((3,)), keras.layers.Dense(20)])
    model = gencs.models.GenerativeModel(generator)
    A = gencs.layers.GaussianMeasurement(8, seed=0)
    x = model.generate(4, seed=0)
    x_hat = model.recover(A(x), A, seed=0, verbose=0)
    np.testing.assert_allclose(x_hat, x, atol=1e-3)


def test_half_precision_generators_are_searched_in_float32():
    generator = random_generator(dtype="mixed_float16")
    model = gencs.models.GenerativeModel(generator)
    A = gencs.layers.GaussianMeasurement(12, seed=0)
    x = model.generate(4, seed=0).astype("float32")
    x_hat = model.recover(A(x), A, seed=0, verbose=0)
    assert np.mean((x_hat - x) ** 2) < 1e-4


@pytest.mark.parametrize(
    ("generator", "error", "message"),
    [
        (lambda z: z, TypeError, "`generator` must be a Keras model"),
        (None, TypeError, "`generator` must be a Keras model"),
        (
            keras.Sequential([keras.layers.Dense(3)]),
            ValueError,
            "`latent_dim` must be given",
        ),
        (
            keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten()]),
            ValueError,
            r"shape \(batch, k\).*`keras\.layers\.Reshape\(\(4, 4, 1\)\)` before it",
        ),
        (
            keras.Sequential(
                [keras.Input((3,), dtype="int32"), keras.layers.Embedding(5, 2)]
            ),
            ValueError,
            "floating-point numbers.*int32",
        ),
        (
            keras.Sequential([keras.Input((3,)), keras.layers.Embedding(5, 2)]),
            ValueError,
            "floating-point numbers.*`keras.layers.Embedding`.*no gradient",
        ),
        (keras.Sequential, TypeError, r"the class Sequential; `Sequential\(\.\.\.\)`"),
        (
            keras.Sequential(
                [keras.Input((4,)), keras.layers.Lambda(lambda z: tf.reduce_sum(z))]
            ),
            ValueError,
            "`generator` must map",
        ),
        (
            keras.Sequential(
                [keras.Input((4,)), keras.layers.Lambda(lambda z: tf.cast(z, tf.int32))]
            ),
            ValueError,
            r"`generator` must map.*int32",
        ),
    ],
)
def test_rejects_what_does_not_generate(generator, error, message):
    with pytest.raises(error, match=message):
        gencs.models.GenerativeModel(generator)


@pytest.mark.parametrize("by", [list, dict])
def test_rejects_a_generator_of_latents_and_labels(by):
    z, label = keras.Input((4,), name="z"), keras.Input((3,), name="label")
    x = keras.layers.Dense(16)(keras.layers.Concatenate()([z, label]))
    inputs = [z, label] if by is list else {"z": z, "label": label}
    for latent_dim in (None, 7):
        with pytest.raises(ValueError, match=r"nothing else.*label.*; fix"):
            gencs.models.GenerativeModel(keras.Model(inputs, x), latent_dim=latent_dim)


def test_rejects_a_generator_that_is_not_finite():
    lost = random_generator()
    lost.set_weights([w * np.nan for w in lost.get_weights()])
    with pytest.raises(ValueError, match=r"must make finite signals.* 1020 NaN or inf"):
        gencs.models.GenerativeModel(lost)

    class ByLength(keras.Layer):
        def call(self, z):
            return z / tf.norm(z, axis=1, keepdims=True)

    assert gencs.models.GenerativeModel(ByLength(), latent_dim=3).signal_shape == (3,)


def test_says_what_an_inversion_and_a_draw_take(model):
    x = model.generate(2, seed=0)
    for call in (model.invert, model.measure_representation_error):
        with pytest.raises(TypeError, match=r"nothing but x and z, .*return_result="):
            call(x, return_result=True)
    with pytest.raises(ValueError, match=r"`n` must leave room .*part by part.* GB"):
        model.generate(10**13)


@pytest.mark.parametrize(
    ("kwargs", "error"),
    [
        ({"latent_prior": "cauchy"}, ValueError),
        ({"latent_prior": 3}, TypeError),
        ({"value_range": (1, 0)}, ValueError),
        ({"value_range": (0, np.inf)}, ValueError),
        ({"value_range": (0, 10**400)}, ValueError),
        ({"representation_error": -1}, ValueError),
        ({"representation_error": 10**400}, ValueError),
        ({"encoder": "a"}, TypeError),
        ({"deviation_basis": ""}, ValueError),
        ({"deviation_basis": 0}, TypeError),
        ({"deviation_scale": -0.1}, ValueError),
        ({"deviation_scale": np.ones((6, 6))}, ValueError),
        ({"deviation_scale": "dct"}, ValueError),
    ],
)
def test_rejects_wrong_facts_about_the_generator(kwargs, error):
    with pytest.raises(error, match=f"`{next(iter(kwargs))}`"):
        gencs.models.GenerativeModel(random_generator(), **kwargs)


def test_the_latent_size_must_be_the_generators():
    with pytest.raises(ValueError, match=r"`latent_dim` must be 4 to match .*: 7"):
        gencs.models.GenerativeModel(random_generator(), latent_dim=7)


@pytest.mark.long
def test_a_keras_file_holds_the_whole_object(tmp_path):
    model = gencs.models.GenerativeModel(
        random_generator(),
        latent_prior=gencs.priors.NormalPrior(stddev=2.0),
        value_range=(0, 1),
        representation_error=0.01,
    )
    model.compile(
        solver=gencs.solvers.Adam(0.05, steps=30, restarts=2, beta_1=0.8),
        loss=keras.losses.LogCosh(reduction=None),
        latent_penalty=0.3,
    )
    model.save(tmp_path / "model.keras")
    reloaded = keras.saving.load_model(tmp_path / "model.keras")
    configs = [m.get_config() for m in (reloaded, model)]
    for config in configs:  # Keras describes a reloaded Sequential in other words
        del config["generator"]
    assert configs[0] == configs[1]
    assert reloaded.get_compile_config() == model.get_compile_config()
    A = gencs.layers.GaussianMeasurement(12, seed=0)
    y = A(model.generate(3, seed=0))
    np.testing.assert_array_equal(
        reloaded.recover(y, A, seed=1, verbose=0),
        model.recover(y, A, seed=1, verbose=0),
    )


def test_exports_the_generator(tmp_path):
    fresh = gencs.models.GenerativeModel(random_generator())
    fresh.export(tmp_path / "exported", verbose=False)
    z = np.ones((2, 4), "float32")
    exported = tf.saved_model.load(tmp_path / "exported")
    np.testing.assert_allclose(exported.serve(z), fresh(z), atol=1e-6)


def test_a_model_that_was_never_fitted_reloads_quietly(tmp_path):
    fresh = gencs.models.VAE(3, (4,), (4, 4, 1), seed=0)
    fresh.compile("adam")
    fresh.save(tmp_path / "model.keras")
    reloaded = keras.saving.load_model(tmp_path / "model.keras")
    assert reloaded.optimizer is not None


def test_an_optimizer_that_0_1_0_took_does_no_harm():
    fresh = gencs.models.GenerativeModel(random_generator())
    adam = keras.saving.serialize_keras_object(keras.optimizers.Adam())
    fresh.compile_from_config(
        {"noise": 0.1, "optimizer": adam, "optimizer_built": True}
    )
    assert fresh.get_compile_config()["noise"] == 0.1


def test_keeps_an_encoder_through_a_file(tmp_path):
    encoder = dense_encoder(4, (), (6, 6, 1))
    fresh = gencs.models.GenerativeModel(random_generator(), encoder=encoder)
    fresh.save(tmp_path / "model.keras")
    reloaded = keras.saving.load_model(tmp_path / "model.keras")
    assert reloaded.encoder.output_shape == [(None, 4), (None, 4)]


@pytest.mark.parametrize("encoder", [keras.layers.Flatten(), keras.layers.Dense(4)])
def test_rejects_an_encoder_of_another_shape(encoder):
    with pytest.raises(ValueError, match="`encoder` must map signals"):
        gencs.models.GenerativeModel(random_generator(), encoder=encoder)


def test_recovers_inside_a_user_model(model):
    """The generator and measurement are layers like any other."""
    z = keras.Input((4,))
    y = gencs.layers.GaussianMeasurement(5, seed=0)(model(z))
    assert keras.Model(z, y).predict(np.zeros((2, 4)), verbose=0).shape == (2, 5)
