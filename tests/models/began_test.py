import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs
from tests.models.adversarial_test import EAGER, images, tiny


@pytest.fixture
def x():
    return images("began", 64)


@functools.cache
def weights_of_an_autoencoder():
    """Of a discriminator that has learned to make the images again."""
    D, x = tiny("began").discriminator, images("began", 64)
    D.compile(keras.optimizers.Adam(5e-3), "mae")
    D.fit(x, x, batch_size=16, epochs=20, verbose=0)
    return D.get_weights()


def sgd(rate=0.1):
    return keras.optimizers.SGD(rate)


def test_default_is_the_network_of_the_reference():
    model = gencs.models.BEGAN()
    assert model.generator.count_params() == 1_716_611
    assert model.discriminator.count_params() == 13_405_379
    assert model.latent_dim == model.code_dim == 64
    assert isinstance(model.latent_prior, gencs.priors.UniformPrior)
    model.compile()
    assert float(model.d_optimizer.learning_rate) == np.float32(8e-5)


@pytest.mark.long
@pytest.mark.parametrize("decoder_weight", [0.0, 2.0])
def test_a_step_is_that_of_the_paper(x, decoder_weight):
    """D and G move by the same pass, then k by the balance of their losses."""
    model, other = tiny("began"), tiny("began")
    model.compile(
        sgd(), sgd(), **EAGER, gamma=0.4, lambda_k=0.5, decoder_weight=decoder_weight
    )
    model.k.assign(0.3)
    values = model.train_on_batch(x[:8], return_dict=True)
    G, D = other.generator, other.discriminator
    z = other.draw_latents(x[:8], 0)
    codes = keras.Model(D.input, D.get_layer("code").output)(x[:8])
    with tf.GradientTape(persistent=True) as tape:
        fake = G(z, training=True)
        real_loss = tf.reduce_mean(tf.abs(D(x[:8]) - x[:8]))
        fake_loss = tf.reduce_mean(tf.abs(D(fake) - fake))
        decoder_loss = tf.reduce_mean(tf.abs(G(codes) - x[:8]))
        g_loss = fake_loss + decoder_weight * decoder_loss
        still = tf.stop_gradient(fake)
        d_loss = real_loss - 0.3 * tf.reduce_mean(tf.abs(D(still) - still))
    of_d = tape.gradient(d_loss, D.trainable_variables)
    of_g = tape.gradient(g_loss, G.trainable_variables)
    for network, gradients in ((D, of_d), (G, of_g)):
        for w, g in zip(network.trainable_variables, gradients, strict=True):
            w.assign_sub(0.1 * g)
    for ours, theirs in ((model.generator, G), (model.discriminator, D)):
        for a, b in zip(ours.weights, theirs.weights, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
    balance = float(0.4 * real_loss - fake_loss)
    expected = {
        "d_loss": float(d_loss),
        "g_loss": float(fake_loss),
        "real_loss": float(real_loss),
        "k": 0.3,
        "convergence": float(real_loss) + abs(balance),
        "sample_std": float(np.mean(np.std(fake, axis=0))),
    }
    if decoder_weight:
        expected["decoder_loss"] = float(decoder_loss)
    assert {k: float(v) for k, v in values.items()} == pytest.approx(expected, rel=1e-4)
    assert float(model.k) == pytest.approx(0.3 + 0.5 * balance, rel=1e-4)


@pytest.mark.parametrize(("start", "gamma"), [(0.0, 0.0), (1.0, 1.0)])
def test_k_stays_between_0_and_1(x, start, gamma):
    model = tiny("began")
    model.compile(sgd(0.0), sgd(0.0), **EAGER, gamma=gamma, lambda_k=100.0)
    model.k.assign(start)
    model.train_on_batch(np.sign(x[:8]))  # D makes them again worse than G's
    assert float(model.k) == start


def test_losses_are_in_halves_of_the_value_range(x):
    plain, scaled = tiny("began"), tiny("began", value_range=(0, 255))
    for ours, theirs in (
        (scaled.generator, plain.generator),
        (scaled.discriminator, plain.discriminator),
    ):
        ours.set_weights(theirs.get_weights())
    values = []
    for model, batch in ((plain, x[:8]), (scaled, 127.5 * (x[:8] + 1))):
        model.compile(sgd(0.0), sgd(0.0), **EAGER)
        values.append(model.train_on_batch(batch, return_dict=True))
    for name in ("real_loss", "g_loss", "convergence"):
        assert values[1][name] == pytest.approx(float(values[0][name]), rel=1e-3)


@pytest.mark.long
def test_learns_to_make_real_images_again(x):
    model = tiny("began", width=6)
    adam = [keras.optimizers.Adam(5e-3) for _ in range(2)]
    model.compile(*adam)
    history = model.fit(x, batch_size=16, epochs=10, verbose=0).history
    assert history["real_loss"][-1] < 0.5 * history["real_loss"][0]
    assert history["convergence"][-1] < history["convergence"][0]


@pytest.mark.long
@pytest.mark.parametrize(
    "prior",
    [
        gencs.priors.UniformPrior(0, 1),
        pytest.param("uniform", marks=pytest.mark.slow),
    ],
)
def test_generator_starts_as_the_decoder(x, prior, tmp_path):
    """Codes get the mean and covariance of latents; D computes what it did."""
    model = tiny("began", latent_prior=prior)
    model.compile(ema=0.9)
    D = model.discriminator
    D.set_weights(weights_of_an_autoencoder())
    D.compile("adam", "mae", **EAGER)
    D.train_on_batch(x[:8], x[:8])
    before = D(x)
    model.start_from_autoencoder(x, batch_size=10)
    np.testing.assert_allclose(D(x), before, rtol=1e-3, atol=1e-4)
    codes = keras.Model(D.input, D.get_layer("code").output)(x)
    for generator in (model.generator, model.raw_generator):
        np.testing.assert_allclose(generator(codes), D(x), rtol=1e-4, atol=1e-5)
    z = model.latent_prior.sample((4096, model.latent_dim), 0).numpy()
    np.testing.assert_allclose(np.mean(codes, axis=0), z.mean(), atol=1e-3)
    # Squares differ in one number: its direction has the latents' variance.
    variances = np.linalg.eigvalsh(np.cov(codes, rowvar=False))
    assert variances[-1] == pytest.approx(z.var(), rel=1e-3)
    assert variances[0] < 0.5 * z.var()  # what hardly differs is not blown up
    made = model.generate(200, seed=0)
    assert made.std(axis=0).mean() > 0.5 * x.std(axis=0).mean()
    # D's own optimizer is no hindrance to files.
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again(z[:4]), model(z[:4]))


def test_codes_of_random_images_become_uncorrelated():
    model = tiny("began")
    x = np.random.default_rng(0).uniform(-1, 1, (64, 14, 14, 1)).astype("float32")
    model.start_from_autoencoder(x)
    D = model.discriminator
    codes = keras.Model(D.input, D.get_layer("code").output)(x)
    z = model.latent_prior.sample((4096, model.latent_dim), 0).numpy()
    np.testing.assert_allclose(
        np.cov(codes, rowvar=False), z.var() * np.eye(model.latent_dim), atol=1e-3
    )


@pytest.mark.slow
def test_decoder_weight_keeps_generator_a_decoder(x):
    """While D learns on, G follows it."""
    losses = []
    for weight in (1e-6, 5.0):
        model = tiny("began")
        model.discriminator.set_weights(weights_of_an_autoencoder())
        model.start_from_autoencoder(x)
        adam = [keras.optimizers.Adam(3e-3) for _ in range(2)]
        model.compile(*adam, decoder_weight=weight)
        model.fit(x, batch_size=16, epochs=5, verbose=0)
        losses.append(model.test_losses(x)["decoder_loss"])
    assert losses[1] < 0.7 * losses[0]


def flat(network):
    return np.concatenate([w.ravel() for w in network.get_weights()])


@pytest.mark.long
def test_a_step_in_half_precision_is_that_in_single(x):
    """Whatever scales keep the small gradients of either network."""
    steps = []
    for dtype in ("float32", "mixed_float16"):
        model = tiny("began", dtype=dtype)
        optimizers = [sgd(), sgd()]
        if dtype == "mixed_float16":
            optimizers = [
                keras.optimizers.LossScaleOptimizer(each, initial_scale=scale)
                for each, scale in zip(optimizers, (2.0**10, 2.0**4), strict=True)
            ]
        model.compile(*optimizers, **EAGER, decoder_weight=2.0)
        model.k.assign(0.3)
        networks = model.generator, model.discriminator
        before = [flat(network) for network in networks]
        model.train_on_batch(x[:8])
        after = [flat(network) for network in networks]
        steps.append([new - old for new, old in zip(after, before, strict=True)])
    for single, half in zip(*steps, strict=True):
        assert np.linalg.norm(half - single) < 0.02 * np.linalg.norm(single)


def test_reconstruction_score_is_minus_the_error(x, tmp_path):
    model = tiny("began")
    layer = gencs.layers.ReconstructionScore(model.discriminator)
    error = np.abs(model.discriminator(x[:4]).numpy() - x[:4]).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(layer(x[:4])[:, 0], -error, rtol=1e-5)
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(layer)
    )
    again.autoencoder.set_weights(model.discriminator.get_weights())
    np.testing.assert_array_equal(again(x[:4]), layer(x[:4]))
    with pytest.raises(TypeError, match="`autoencoder` must be a Keras model"):
        gencs.layers.ReconstructionScore(np.abs)


@pytest.mark.long
@pytest.mark.filterwarnings("ignore:`x` explains less")
def test_reconstruction_score_makes_a_recovery_prefer_natural_signals(x):
    model = tiny("began")
    A = gencs.layers.GaussianMeasurement(2, seed=0)
    score = gencs.layers.ReconstructionScore(model.discriminator)
    y = A(x[:4])
    given = {"latent_penalty": 0.0, "solver": gencs.solvers.Adam(0.05, 20, 1)}
    model.compile(**given)
    without = model.recover(y, A, seed=0, verbose=0)
    loss = {"y": "sse", "natural": gencs.losses.Maximize()}
    model.compile(**given, loss=loss, loss_weights={"natural": 30.0})
    y, A = {"y": y, "natural": None}, {"y": A, "natural": score}
    x_hat = model.recover(y, A, seed=0, verbose=0)
    assert np.mean(score(x_hat)) > np.mean(score(without))


@pytest.mark.parametrize(
    ("step", "rate"), [(0, 8.0), (9, 8.0), (10, 4.0), (25, 2.0), (30, 1.5), (999, 1.5)]
)
def test_learning_rate_halves_down_to_its_floor(step, rate):
    decay = gencs.models.HalvingDecay(8.0, every=10, floor=1.5)
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(decay)
    )
    for each in (decay, again):
        assert float(each(step)) == rate
        assert float(each(tf.constant(step))) == rate
        optimizer = keras.optimizers.SGD(each)
        optimizer.iterations.assign(step)
        assert float(optimizer.learning_rate) == rate


def test_rejects_wrong_settings():
    for make, argument in [
        (lambda: gencs.models.HalvingDecay(0), "initial_learning_rate"),
        (lambda: gencs.models.HalvingDecay(every=0), "every"),
        (lambda: gencs.models.HalvingDecay(floor=-1), "floor"),
        (lambda: tiny("began").compile(gamma=1.5), "gamma"),
        (lambda: tiny("began").compile(lambda_k=-1), "lambda_k"),
        (lambda: tiny("began", code_dim=0), "code_dim"),
        (lambda: tiny("began").compile(decoder_weight=-1), "decoder_weight"),
    ]:
        with pytest.raises(ValueError, match=f"`{argument}` must"):
            make()


@pytest.mark.parametrize(
    ("given", "cause"),
    [({"with_discriminator": False}, "no discriminator"), ({"code_dim": 9}, "is 9")],
)
def test_only_a_decoder_of_codes_can_be_kept_one(x, given, cause):
    model = tiny("began", **given)
    with pytest.raises(ValueError, match=f"`decoder_weight` must be 0.*{cause}"):
        model.compile(decoder_weight=1.0)
    with pytest.raises(ValueError, match=f"is not possible.*{cause}"):
        model.start_from_autoencoder(x)


def test_rejects_images_that_tell_no_spread_of_codes(x):
    model = tiny("began")
    before = model.discriminator.get_weights()
    for wrong, fix in [
        (x[:, :9], "must hold images of shape"),
        (x[:0], "must be at least 2"),
        (x[:1], "must be at least 2"),
        (np.nan * x, "must be finite"),
        (np.repeat(x[:1], 8, axis=0), "must differ in their codes"),
    ]:
        with pytest.raises(ValueError, match=f"`images` {fix}"):
            model.start_from_autoencoder(wrong)
    for w, start in zip(model.discriminator.get_weights(), before, strict=True):
        np.testing.assert_array_equal(w, start)


def test_starts_with_one_latent_too(x):
    keras.utils.set_random_seed(0)
    model = gencs.models.BEGAN((14, 14, 1), latent_dim=1, width=4, seed=0)
    model.start_from_autoencoder(x)
    assert model.generate(8, seed=0).std(axis=0).max() > 0
