import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs
from tests.models.adversarial_test import EAGER, images, tiny


@pytest.fixture
def x():
    return images("began", 64)


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


def test_a_step_is_that_of_the_paper(x):
    """D and G move by the same pass, then k by the balance of their losses."""
    model, other = tiny("began"), tiny("began")
    model.compile(sgd(), sgd(), **EAGER, gamma=0.4, lambda_k=0.5)
    model.k.assign(0.3)
    values = model.train_on_batch(x[:8], return_dict=True)
    G, D = other.generator, other.discriminator
    z = other.draw_latents(x[:8], 0)
    with tf.GradientTape(persistent=True) as tape:
        fake = G(z, training=True)
        real_loss = tf.reduce_mean(tf.abs(D(x[:8]) - x[:8]))
        fake_loss = tf.reduce_mean(tf.abs(D(fake) - fake))
        still = tf.stop_gradient(fake)
        d_loss = real_loss - 0.3 * tf.reduce_mean(tf.abs(D(still) - still))
    of_d = tape.gradient(d_loss, D.trainable_variables)
    of_g = tape.gradient(fake_loss, G.trainable_variables)
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
    assert {k: float(v) for k, v in values.items()} == pytest.approx(expected, rel=1e-4)
    assert float(model.k) == pytest.approx(0.3 + 0.5 * balance, rel=1e-4)


@pytest.mark.parametrize(("start", "gamma"), [(0.0, 0.0), (1.0, 1.0)])
def test_k_stays_between_0_and_1(x, start, gamma):
    model = tiny("began")
    model.compile(sgd(0.0), sgd(0.0), **EAGER, gamma=gamma, lambda_k=100.0)
    # Images that D makes again worse than G's, so that gamma decides where k goes.
    model.k.assign(start)
    model.train_on_batch(100 * x[:8])
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


def test_learns_to_make_real_images_again(x):
    model = tiny("began", width=6)
    adam = [keras.optimizers.Adam(5e-3) for _ in range(2)]
    model.compile(*adam)
    history = model.fit(x, batch_size=16, epochs=10, verbose=0).history
    assert history["real_loss"][-1] < 0.5 * history["real_loss"][0]
    assert history["convergence"][-1] < history["convergence"][0]


@pytest.mark.parametrize("prior", ["uniform", "normal"])
def test_generator_starts_as_the_decoder_of_codes(x, prior, tmp_path):
    """Its input is spread as the codes are: their mean and covariance, exactly."""
    model = tiny("began", latent_prior=prior)
    model.compile(ema=0.9)
    D, G = model.discriminator, model.generator
    D.compile(keras.optimizers.Adam(5e-3), "mae")
    D.fit(x, x, batch_size=16, epochs=3, verbose=0)
    model.start_from_autoencoder(x, batch_size=10)
    codes = keras.Model(D.input, D.get_layer("code").output)(x).numpy()
    decode = keras.Model(D.get_layer("code").output, D.get_layer("dense").output)
    of_latents = keras.Model(G.input, G.get_layer("dense").output)
    # Both are affine: as many latents as tell them, and the prior's mean and deviation.
    z = model.latent_prior.sample((4096, model.latent_dim), 0).numpy()
    unit = np.eye(model.latent_dim, dtype="float32")
    start = of_latents(0 * unit[:1])
    rows = of_latents(unit) - start
    centre = start + z.mean() * tf.reduce_sum(rows, axis=0)
    np.testing.assert_allclose(centre, decode(codes.mean(0)[None]), atol=1e-4)
    kernel = decode(unit) - decode(0 * unit)
    spread = np.cov(codes, rowvar=False)
    np.testing.assert_allclose(
        z.var() * tf.matmul(rows, rows, transpose_a=True),
        tf.matmul(kernel, spread.astype("float32") @ kernel, transpose_a=True),
        atol=1e-4,
    )
    # Behind that layer, and in the generator that trains, everything is the decoder's.
    behind = keras.Model(D.get_layer("dense").output, D.output)
    for generator in (G, model.raw_generator):
        inner = keras.Model(generator.input, generator.get_layer("dense").output)
        np.testing.assert_allclose(
            generator(z[:4]), behind(inner(z[:4])), rtol=1e-4, atol=1e-5
        )
    assert model.generate(16, seed=0).std(axis=0).mean() > 0.3 * x.std(axis=0).mean()
    # D's own optimizer is no hindrance to files.
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again(z[:4]), model(z[:4]))


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


def test_reconstruction_score_makes_a_recovery_prefer_natural_signals(x):
    model = tiny("began")
    A = gencs.layers.GaussianMeasurement(2, seed=0)
    score = gencs.layers.ReconstructionScore(model.discriminator)
    y = {"y": A(x[:4]), "natural": None}
    scores = []
    for weight in (0.0, 30.0):
        model.compile(
            loss={"y": "sse", "natural": gencs.losses.Maximize()},
            loss_weights={"natural": weight},
            solver=gencs.solvers.Adam(0.05, steps=20, restarts=1),
            latent_penalty=0.0,
        )
        x_hat = model.recover(y, {"y": A, "natural": score}, seed=0, verbose=0)
        scores.append(np.mean(score(x_hat)))
    assert scores[1] > scores[0]


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


def test_rejects_wrong_settings(x):
    for make, argument in [
        (lambda: gencs.models.HalvingDecay(0), "initial_learning_rate"),
        (lambda: gencs.models.HalvingDecay(every=0), "every"),
        (lambda: gencs.models.HalvingDecay(floor=-1), "floor"),
        (lambda: tiny("began").compile(gamma=1.5), "gamma"),
        (lambda: tiny("began").compile(lambda_k=-1), "lambda_k"),
        (lambda: tiny("began", code_dim=0), "code_dim"),
        (lambda: tiny("began", code_dim=9).start_from_autoencoder(x), "code_dim"),
        (lambda: tiny("began").start_from_autoencoder(x[:, :9]), "x"),
        (lambda: tiny("began").start_from_autoencoder(x[:1]), "images"),
        (lambda: tiny("began").start_from_autoencoder(np.nan * x), "images"),
    ]:
        with pytest.raises(ValueError, match=f"`{argument}` must"):
            make()
    bare = tiny("began", with_discriminator=False)
    with pytest.raises(ValueError, match="no discriminator to start from"):
        bare.start_from_autoencoder(x)
