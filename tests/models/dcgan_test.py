import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs
from tests.models.adversarial_test import EAGER, fit, images, tiny


@pytest.fixture
def x():
    return images("dcgan", 64)


def sgd(rate=0.1):
    return keras.optimizers.SGD(rate)


@pytest.mark.long
def test_default_is_the_network_of_the_reference():
    model = gencs.models.DCGAN()
    for network, count in (
        (model.generator, 5_135_363),
        (model.discriminator, 4_316_545),
    ):
        weights = network.trainable_weights
        assert sum(int(np.prod(weight.shape)) for weight in weights) == count
    model.compile()
    for optimizer in (model.d_optimizer, model.g_optimizer):
        assert float(optimizer.learning_rate) == np.float32(2e-4)
        assert optimizer.beta_1 == 0.5
    assert (model.latent_dim, model.value_range) == (100, (-1, 1))


@pytest.mark.parametrize(("d_steps", "g_steps"), [(1, 1), (2, 2)])
def test_a_step_is_plain_alternating_gradient_descent(x, d_steps, g_steps):
    """Sharing a pass of G changes nothing against making images anew each time."""
    model, other = tiny("dcgan"), tiny("dcgan")
    model.compile(sgd(), sgd(), **EAGER, d_steps=d_steps, g_steps=g_steps)
    values = model.train_on_batch(x[:8], return_dict=True)
    loss = gencs.losses.NonSaturating()
    G, D = other.generator, other.discriminator
    for substep in range(d_steps):
        z = other.draw_latents(x[:8], 0, substep)
        with tf.GradientTape() as tape:
            real, fake = D(x[:8], training=True), D(G(z, training=True), training=True)
            d_loss = loss.discriminator_loss(real, fake)
        weights = D.trainable_variables
        for w, g in zip(weights, tape.gradient(d_loss, weights), strict=True):
            w.assign_sub(0.1 * g)
    for _ in range(g_steps):
        with tf.GradientTape() as tape:
            g_loss = loss.generator_loss(D(G(z, training=True), training=True))
        weights = G.trainable_variables
        for w, g in zip(weights, tape.gradient(g_loss, weights), strict=True):
            w.assign_sub(0.1 * g)
    assert values["d_loss"] == pytest.approx(float(d_loss), rel=1e-5)
    assert values["g_loss"] == pytest.approx(float(g_loss), rel=1e-5)
    for ours, theirs in ((model.generator, G), (model.discriminator, D)):
        for a, b in zip(ours.trainable_weights, theirs.trainable_weights, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
    assert int(model.d_optimizer.iterations) == d_steps
    assert int(model.g_optimizer.iterations) == g_steps
    assert int(model.training_steps) == 1


def test_real_and_fake_images_are_normalized_apart(x):
    """The first moving mean of D tells which batches it saw."""
    model = tiny("dcgan", signal_shape=(16, 16, 1))
    model.compile(sgd(0.0), sgd(0.0), **EAGER)
    x = np.random.default_rng(0).uniform(-1, 1, (8, 16, 16, 1)).astype("float32")
    D = model.discriminator
    before = keras.Model(D.input, D.get_layer("convolution_1").output)
    z = model.draw_latents(x, 0, 0)
    fake = model.generator(z, training=True)
    real_mean, fake_mean = (np.mean(before(v), axis=(0, 1, 2)) for v in (x, fake))
    expected = np.zeros_like(real_mean)
    for mean in (real_mean, fake_mean, fake_mean):  # D's step, then G's
        expected = 0.9 * expected + 0.1 * mean
    model.train_on_batch(x)
    moving = D.get_layer("batch_normalization_1").moving_mean
    np.testing.assert_allclose(moving, expected, rtol=1e-4, atol=1e-7)


@pytest.mark.long
@pytest.mark.parametrize(
    "loss",
    [
        "hinge",
        gencs.losses.Wasserstein(),
        *(
            pytest.param(n, marks=pytest.mark.slow)
            for n in ("minimax", "least_squares")
        ),
    ],
)
def test_every_loss_trains_saves_and_loads(x, loss, tmp_path):
    model = tiny("dcgan", normalization="layer")
    model.compile(adversarial_loss=loss, d_steps=2, **EAGER)
    fit(model, x, 1)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    names = [mean.name for mean in loaded.metrics]
    assert ("gradient_penalty" in names) == (not isinstance(loss, str))
    assert type(loaded.adversarial_loss) is type(model.adversarial_loss)
    loaded.run_eagerly = True  # which Keras does not save
    for each in (model, loaded):
        fit(each, x[16:], 1)
    for a, b in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_gradient_penalty_is_part_of_the_loss_of_d(x):
    model = tiny("dcgan", normalization=None)
    values = {}
    for weight in (1.0, 10.0):
        loss = gencs.losses.Wasserstein(gradient_penalty=weight)
        model.compile(sgd(0.0), sgd(0.0), **EAGER, adversarial_loss=loss)
        model.training_steps.assign(0)
        values[weight] = model.train_on_batch(x[:8], return_dict=True)
    penalty = values[1.0]["gradient_penalty"]
    assert penalty == pytest.approx(float(values[10.0]["gradient_penalty"]), rel=1e-5)
    assert values[10.0]["d_loss"] - values[1.0]["d_loss"] == pytest.approx(
        9 * float(penalty), rel=1e-4
    )


def test_gradient_penalty_refuses_batch_normalization():
    with pytest.raises(ValueError, match="`normalization='layer'`"):
        tiny("dcgan").compile(adversarial_loss="wasserstein")
    wgan = gencs.losses.Wasserstein(gradient_penalty=0)
    tiny("dcgan").compile(adversarial_loss=wgan)


@pytest.mark.long
def test_learns_what_images_have_in_common(x):
    """Squares of any brightness on a dark ground."""
    model = tiny("dcgan", width=16)
    adam = [keras.optimizers.Adam(2e-3, beta_1=0.5) for _ in range(2)]
    model.compile(*adam, ema=0.9)
    model.fit(images("dcgan", 256), batch_size=32, epochs=30, verbose=0)
    made = model.generate(64, seed=0)
    ground = np.concatenate([made[:, :, 0], made[:, :, -1]], axis=None)
    assert np.mean(np.abs(ground + 0.8)) < 0.15
    assert np.std(made[:, 3:5, 3:5].mean(axis=(1, 2, 3))) > 0.1


def test_a_constant_generator_shows_in_sample_std(x):
    model = tiny("dcgan")
    model.compile(sgd(0.0), sgd(0.0), **EAGER)
    varied = model.train_on_batch(x[:8], return_dict=True)["sample_std"]
    kernel = model.generator.get_layer("dense").kernel
    kernel.assign(0 * kernel)
    model.reset_metrics()
    constant = model.train_on_batch(x[:8], return_dict=True)["sample_std"]
    assert varied > 1e-3
    assert constant < 1e-6


@pytest.mark.long
def test_minibatch_std_survives_saving_and_trains(x, tmp_path):
    model = tiny("dcgan", normalization="layer", minibatch_std=True)
    model.compile(real_penalty=1.0, **EAGER)
    fit(model, x, 1)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert "minibatch_std" in [layer.name for layer in loaded.discriminator.layers]
    loaded.run_eagerly = True
    for each in (model, loaded):
        fit(each, x[16:], 1)
    for a, b in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_penalty_on_real_images_is_their_slope_at_every_16th_step(x):
    model, other = (tiny("dcgan", normalization=None) for _ in range(2))
    model.compile(sgd(0.0), sgd(0.0), **EAGER, real_penalty=3.0)
    other.compile(sgd(0.0), sgd(0.0), **EAGER)
    assert "gradient_penalty" in {metric.name for metric in model.metrics}
    real = tf.constant(x[:8])
    with tf.GradientTape() as tape:
        tape.watch(real)
        score = model.discriminator(real, training=True)
    slope = tape.gradient(score, real).numpy().reshape(8, -1)
    expected = 16 * 0.5 * np.mean(np.sum(slope**2, axis=1))
    assert expected > 0
    for step, penalty in ((0, expected), (1, 0.0), (15, 0.0), (32, expected)):
        losses = []
        for each in (model, other):
            each.training_steps.assign(step)
            each.reset_metrics()
            losses.append(each.train_on_batch(x[:8], return_dict=True))
        assert losses[0]["gradient_penalty"] == pytest.approx(penalty, rel=1e-4)
        added = losses[0]["d_loss"] - losses[1]["d_loss"]
        assert added == pytest.approx(3.0 * penalty, rel=1e-3, abs=1e-6)


@pytest.mark.long
def test_weight_of_the_penalty_may_follow_the_step(x, tmp_path):
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([16], [3.0, 7.0])
    model = tiny("dcgan", normalization=None)
    model.compile(sgd(0.0), sgd(0.0), real_penalty=schedule)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    plain = tiny("dcgan", normalization=None)
    plain.compile(sgd(0.0), sgd(0.0))
    plain.set_weights(model.get_weights())
    for step, weight in ((16, 3.0), (32, 7.0)):
        for each in (loaded, plain):
            each.training_steps.assign(step)
            each.reset_metrics()
        losses, without = (
            each.train_on_batch(x[:8], return_dict=True) for each in (loaded, plain)
        )
        added = losses["d_loss"] - without["d_loss"]
        assert added > 0
        assert added == pytest.approx(weight * losses["gradient_penalty"], rel=1e-3)
    judged = loaded.evaluate(x[:8], verbose=0, return_dict=True)  # a graph of its own
    assert judged["gradient_penalty"] == 0


def test_penalty_on_real_images_needs_them_apart():
    with pytest.raises(ValueError, match="`real_penalty` with a gradient penalty nee"):
        tiny("dcgan").compile(real_penalty=10.0)


@pytest.mark.long
def test_penalty_on_real_images_flattens_the_discriminator(x):
    """Its gradient is that of a gradient: it must reach the weights, in a graph too."""
    slopes = []
    for weight in (0.0, 100.0):
        model = tiny("dcgan", normalization=None)
        adam = [keras.optimizers.Adam(2e-3) for _ in range(2)]
        model.compile(*adam, real_penalty=weight)
        model.fit(x, batch_size=8, epochs=8, verbose=0)
        slopes.append(float(model._steepness(tf.constant(x))))
    assert slopes[1] < 0.3 * slopes[0]


@pytest.mark.slow
def test_discriminator_score_makes_a_recovery_prefer_natural_signals(x):
    model = tiny("dcgan")
    model.compile(**EAGER)
    fit(model, x, 4)
    A = gencs.layers.GaussianMeasurement(2, seed=0)
    y = {"y": A(x[:4]), "natural": None}
    scores = []
    for weight in (0.0, 10.0):
        model.compile(
            loss={"y": "sse", "natural": gencs.losses.NonSaturating()},
            loss_weights={"natural": weight},
            solver=gencs.solvers.Adam(0.05, steps=60, restarts=1),
            latent_penalty=0.0,
        )
        x_hat = model.recover(
            y, {"y": A, "natural": model.discriminator}, seed=0, verbose=0
        )
        scores.append(np.mean(model.discriminator(x_hat, training=False)))
    assert scores[1] > scores[0]


@pytest.mark.parametrize(
    ("kwargs", "argument"),
    [
        ({"d_steps": 0}, "d_steps"),
        ({"real_penalty": -1.0}, "real_penalty"),
        ({"g_steps": 1.5}, "g_steps"),
        ({"adversarial_loss": "sse"}, "adversarial_loss"),
    ],
)
def test_rejects_wrong_training_settings(kwargs, argument):
    with pytest.raises(ValueError, match=f"`{argument}` must be"):
        tiny("dcgan").compile(**kwargs)


def test_rejects_wrong_minibatch_std():
    with pytest.raises(ValueError, match="`minibatch_std` must be"):
        tiny("dcgan", minibatch_std=4)
