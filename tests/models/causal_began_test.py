import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.models.causal_models import images, labels, tiny

EAGER = {"run_eagerly": True}
ERRORS = {
    "squared": lambda p, t: (p - t) ** 2,
    "absolute": lambda p, t: np.abs(p - t),
    "cross_entropy": lambda p, t: -np.log(np.where(t, p, 1 - p)),
}


def sigmoid(logits):
    return 1 / (1 + np.exp(-np.asarray(logits, "float64")))


@pytest.fixture
def data():
    named = labels(8)
    return images("causal_began", named), named


def sgd(rate):
    return keras.optimizers.SGD(rate)


@pytest.mark.parametrize("label_loss", ERRORS)
def test_losses_margins_and_weights_are_those_of_the_paper(data, label_loss):
    x, named = data
    model = tiny("causal_began")
    rates = {"lambda_k": 0.3, "lambda_labels": 0.2, "lambda_weight": 0.1}
    model.compile(
        *(sgd(0.0), sgd(0.0), sgd(0.0)),
        label_loss=label_loss,
        gamma=0.4,
        gamma_labels=0.9,
        zeta=0.7,
        **rates,
        **EAGER,
    )
    start = {"k": 0.3, "k_labels": 0.6, "label_weight": 0.2}
    for name, value in start.items():
        getattr(model, name).assign(value)
    columns = np.stack([named["Male"], named["Mustache"]], axis=1)
    z = model.draw_latents((x, columns), 0)
    np.testing.assert_allclose(np.abs(z[:, 3:]), np.log(0.7 / 0.3), 1e-5)  # no noise
    fake = model.generator(z)
    D = model.discriminator
    L_x, L_G = (float(np.mean(np.abs(D(v) - v))) for v in (x, fake))
    R_x, R_G = (
        np.mean(ERRORS[label_loss](sigmoid(model.labeler(v)), t))
        for v, t in ((x, columns), (fake, np.asarray(z[:, 3:]) > 0))
    )
    b1, b2 = 0.4 * L_x - L_G, 0.9 * R_x - R_G
    b3 = 0.7 * max(b1, 0) - max(b2, 0)
    found = model.train_on_batch(x, named, return_dict=True)
    expected = {
        "d_loss": L_x - 0.3 * L_G,
        "g_loss": L_G,
        "labeler_loss": R_x,
        "fake_label_loss": R_G,
        "convergence": L_x + R_x + abs(b1) + abs(b2) + abs(b3),
        **start,
    }
    for name, value in expected.items():
        assert float(found[name]) == pytest.approx(value, rel=1e-4), name
    moved = [0.3 + 0.3 * b1, 0.6 + 0.2 * b2, 0.2 + 0.1 * b3]
    weights = [model.k, model.k_labels, model.label_weight]
    np.testing.assert_allclose([float(w) for w in weights], np.clip(moved, 0, 1), 1e-4)


@pytest.mark.long
def test_weights_stay_in_the_unit_interval(data):
    model = tiny("causal_began")
    fast = {"lambda_k": 1e3, "lambda_labels": 1e3, "lambda_weight": 1e3}
    model.compile(**fast, **EAGER)
    for _ in range(3):
        model.train_on_batch(*data)
        for weight in (model.k, model.k_labels, model.label_weight):
            assert float(weight) in (0.0, 1.0)


@pytest.mark.long
def test_a_step_descends_both_losses_of_labels(data):
    """The labeler's R(x) - k_labels R(G), and G's L(G) + label_weight R(G)."""
    x, named = data
    model, other = tiny("causal_began"), tiny("causal_began")
    for each in (model, other):
        each.compile(sgd(0.0), sgd(0.1), sgd(0.1), **EAGER)
        each.k_labels.assign(0.5)
        each.label_weight.assign(0.8)
    model.train_on_batch(x, named)
    columns = np.stack([named["Male"], named["Mustache"]], axis=1).astype("float32")
    G, D, reader = other.generator, other.discriminator, other.labeler
    z = other.draw_latents((x, columns), 0)

    def error(images, target):
        return tf.reduce_mean((tf.sigmoid(reader(images)) - target) ** 2)

    with tf.GradientTape(persistent=True) as tape:
        fake = G(z)
        of_fake = error(fake, tf.cast(z[:, 3:] > 0, tf.float32))
        of_reader = error(x, columns) - 0.5 * of_fake
        of_generator = tf.reduce_mean(tf.abs(D(fake) - fake)) + 0.8 * of_fake
    for loss, network, moved in (
        (of_reader, reader, model.labeler),
        (of_generator, G, model.generator),
    ):
        weights = network.trainable_variables
        slopes = tape.gradient(loss, weights)
        changed = moved.trainable_variables
        for w, g, found in zip(weights, slopes, changed, strict=True):
            np.testing.assert_allclose(found, w - 0.1 * g, rtol=1e-4, atol=1e-6)


@pytest.mark.long
def test_without_the_third_margin_labels_always_count(data):
    model = tiny("causal_began")
    model.compile(third_margin=False, lambda_weight=10.0, **EAGER)
    model.fit(*data, batch_size=4, verbose=0)
    assert float(model.label_weight) == 1.0
    model.compile(**EAGER)
    assert float(model.label_weight) == 0.0
    model.label_weight.assign(0.25)
    model.compile(**EAGER)  # which goes on from where it is
    assert float(model.label_weight) == 0.25


@pytest.mark.long
def test_starts_as_the_decoder_of_codes_whatever_the_labels(data):
    x, named = data
    model = tiny("causal_began", latent_prior="normal")
    model.start_from_autoencoder(x)
    D = model.discriminator
    code = keras.Model(D.input, D.get_layer("code").output)(x)
    for labelled in (named, labels(8, seed=5)):
        z = model.latents(np.asarray(code), labelled)
        np.testing.assert_allclose(model.generate(z=z), D(x), atol=1e-5)
    model.compile(decoder_weight=1.0, **EAGER)
    found = model.train_on_batch(x, named, return_dict=True)
    assert found["decoder_loss"] == pytest.approx(float(found["real_loss"]), rel=1e-4)
    other = tiny("causal_began", code_dim=5)
    with pytest.raises(ValueError, match="`code_dim` is 5 and `noise_dim` 3"):
        other.compile(decoder_weight=1.0)


@functools.cache
def never_compiled():
    return tiny("causal_began")


@pytest.mark.parametrize(
    ("given", "argument"),
    [
        ({"label_loss": "mse"}, "label_loss"),
        ({"gamma_labels": 2}, "gamma_labels"),
        ({"zeta": -1}, "zeta"),
        ({"lambda_labels": -1}, "lambda_labels"),
        ({"lambda_weight": np.inf}, "lambda_weight"),
        ({"third_margin": "no"}, "third_margin"),
        ({"train_labeler": None}, "train_labeler"),
    ],
)
def test_rejects_wrong_training_settings(given, argument):
    model = never_compiled()
    with pytest.raises(ValueError, match=f"`{argument}` must be"):
        model.compile(**given)
    assert not model.compiled
