import keras
import numpy as np
import pytest

import tf_gencs as gencs

SHAPE = (6, 6, 1)
# Tracing a graph takes longer than some steps of a tiny model without one.
EAGER = {"run_eagerly": True}


def small_vae(seed=0, **kwargs):
    keras.utils.set_random_seed(seed)
    return gencs.models.VAE(3, hidden=(16, 8), signal_shape=SHAPE, seed=seed, **kwargs)


@pytest.fixture(scope="module")
def images():
    """Bars of random height: two numbers tell them all."""
    rng = np.random.default_rng(0)
    heights = rng.integers(1, 6, size=(256, 2))
    images = np.zeros((256, *SHAPE), "float32")
    for image, (left, right) in zip(images, heights, strict=True):
        image[:left, :3] = 1
        image[:right, 3:] = 1
    return images


def test_default_is_the_network_of_the_paper():
    vae = gencs.models.VAE()
    assert vae.latent_dim == 20
    assert vae.signal_shape == (28, 28, 1)
    assert vae.generator.count_params() == 653_784
    assert vae.encoder.count_params() == 663_040


@pytest.mark.long
def test_training_lowers_every_metric(images):
    vae = small_vae()
    vae.compile(keras.optimizers.Adam(0.01), kl_warmup_steps=20)
    history = vae.fit(images, batch_size=32, epochs=30, verbose=0).history
    assert set(history) == {"loss", "reconstruction_loss", "kl_loss"}
    assert history["reconstruction_loss"][-1] < 0.6 * history["reconstruction_loss"][0]
    losses = vae.evaluate(images, verbose=0, return_dict=True)
    assert losses["loss"] == pytest.approx(
        losses["reconstruction_loss"] + losses["kl_loss"], rel=1e-5
    )


def test_kl_warmup_weighs_the_divergence_by_step(images):
    vae = small_vae()
    vae.compile(keras.optimizers.SGD(0.0), kl_warmup_steps=4, **EAGER)
    for weight in (0.25, 0.5, 0.75, 1.0, 1.0):
        losses = vae.train_on_batch(images[:32], return_dict=True)
        vae.reset_metrics()
        expected = losses["reconstruction_loss"] + weight * losses["kl_loss"]
        assert losses["loss"] == pytest.approx(expected, rel=1e-5)


def test_kl_is_that_of_gaussians():
    vae = small_vae()
    vae.compile(**EAGER)
    x = np.random.default_rng(0).uniform(size=(8, *SHAPE)).astype("float32")
    mean, log_variance = (np.asarray(t, "float64") for t in vae.encoder(x))
    kl = 0.5 * np.sum(np.exp(log_variance) + mean**2 - 1 - log_variance, axis=1)
    losses = vae.evaluate(x, verbose=0, return_dict=True)
    assert losses["kl_loss"] == pytest.approx(kl.mean(), rel=1e-4)


@pytest.mark.long
def test_same_seed_trains_to_the_same_bits(images):
    weights = []
    for _ in range(2):
        vae = small_vae(seed=7)
        vae.compile(**EAGER)
        vae.fit(images, batch_size=64, verbose=0)
        weights.append(vae.get_weights())
    for first, second in zip(*weights, strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.mark.long
def test_a_keras_file_goes_on_training_where_it_stopped(images, tmp_path):
    vae = small_vae()
    vae.compile(
        keras.optimizers.Adam(0.01), kl_warmup_steps=50, latent_penalty=0.2, **EAGER
    )
    vae.fit(images, batch_size=64, shuffle=False, verbose=0)
    vae.save(tmp_path / "vae.keras")
    reloaded = keras.saving.load_model(tmp_path / "vae.keras")
    assert reloaded.get_compile_config() == vae.get_compile_config()
    assert int(reloaded.optimizer.iterations) == 4
    reloaded.run_eagerly = True
    for model in (vae, reloaded):
        model.fit(images, batch_size=64, shuffle=False, verbose=0)
    for first, second in zip(vae.get_weights(), reloaded.get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)


def test_float64_networks():
    vae = small_vae(dtype="float64")
    assert vae.recovery_dtype == "float64"
    assert vae.generate(2, seed=0).dtype == np.float64


@pytest.mark.parametrize(
    "kwargs",
    [
        {"latent_dim": 0},
        {"hidden": (0,)},
        {"hidden": 500},
        {"signal_shape": (28, -1, 1)},
        {"signal_shape": 784},
        {"signal_shape": (2, 2, 2, 2, 2)},
        {"seed": -3},
    ],
)
def test_rejects_wrong_sizes(kwargs):
    with pytest.raises(ValueError, match=f"`{next(iter(kwargs))}`"):
        gencs.models.VAE(**kwargs)


@pytest.mark.long
@pytest.mark.parametrize(
    "shape", [(12,), (2, 3, 4, 1), pytest.param((6, 2), marks=pytest.mark.slow)]
)
def test_learns_and_recovers_signals_of_any_shape(rng, shape):
    x = rng.uniform(size=(8, *shape)).astype("float32")
    vae = gencs.models.VAE(2, hidden=(8,), signal_shape=shape, seed=0)
    vae.compile("adam", solver=gencs.solvers.Adam(steps=2))
    history = vae.fit(x, batch_size=4, epochs=1, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    A = gencs.layers.GaussianMeasurement(5, seed=0)
    A.build((None, *shape))
    assert vae.recover(A(x), A, verbose=0).shape == x.shape


def test_rejects_a_negative_warmup():
    with pytest.raises(ValueError, match="`kl_warmup_steps`"):
        small_vae().compile(kl_warmup_steps=-1)
