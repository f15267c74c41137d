import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs
from tests.models.causal_models import images, labels, tiny
from tf_gencs.models.noisy_images import noisy_images

EAGER = {"run_eagerly": True}
ADVERSARIAL = {
    "log_ratio": lambda d: np.mean(-np.log(d) + np.log(1 - d)),
    "non_saturating": lambda d: np.mean(-np.log(d)),
    "minimax": lambda d: np.mean(np.log(1 - d)),
}


def sigmoid(logits):
    return 1 / (1 + np.exp(-np.asarray(logits, "float64")))


def cross_entropy(prediction, target):
    return -np.mean(target * np.log(prediction) + (1 - target) * np.log(1 - prediction))


@pytest.mark.parametrize("adversarial_loss", ADVERSARIAL)
@pytest.mark.parametrize("label_targets", ["flipped", "noisy", "clear"])
def test_losses_are_those_of_the_paper(adversarial_loss, label_targets):
    model = tiny("causal_gan", labeler_width=8)
    tau, step = 10.0, 7
    model.compile(
        adversarial_loss=adversarial_loss,
        label_targets=label_targets,
        labeler_weight=2.0,
        anti_labeler_weight=0.5,
        tau=tau,
    )
    named = labels(8)
    real = model.training_batch((images("causal_gan", named), named), True)
    z = model.draw_latents(real, step)
    fake = model.generator(z, training=True)
    values = model.generator_losses(fake, z, step)
    asked = sigmoid(z[:, 3:])
    read, anti = (sigmoid(net(fake)) for net in (model.labeler, model.anti_labeler))
    scores = sigmoid(model.discriminator(fake, training=True))

    def label_loss(p):
        if label_targets == "flipped":
            return cross_entropy(asked, p)
        return cross_entropy(p, asked if label_targets == "noisy" else asked > 0.5)

    expected = ADVERSARIAL[adversarial_loss](scores)
    expected += 2 * label_loss(read)
    expected -= 0.5 * np.exp(-step / tau) * label_loss(anti)
    assert float(values["g_loss"]) == pytest.approx(expected, rel=1e-5)
    assert float(values["anti_labeler_loss"]) == pytest.approx(label_loss(anti), 1e-5)
    missed = cross_entropy(read, asked > 0.5)
    assert float(values["fake_label_loss"]) == pytest.approx(missed, rel=1e-5)


def test_the_anti_labeler_fades():
    model = tiny("causal_gan")
    model.compile()
    weights = [float(model.anti_labeler_weight_at(t)) for t in (0, 3000, 15_000)]
    np.testing.assert_allclose(weights, [1, np.exp(-1), np.exp(-5)], rtol=1e-5)


def test_labelers_learn_from_the_images_of_their_own():
    model = tiny("causal_gan")
    rates = {
        f"{name}_optimizer": keras.optimizers.SGD(rate)
        for name, rate in {
            "d": 0.0,
            "g": 0.0,
            "labeler": 0.5,
            "anti_labeler": 0.5,
        }.items()
    }
    model.compile(**rates, label_targets="clear", **EAGER)
    named = labels(8)
    x = images("causal_gan", named)
    columns = np.stack([named["Male"], named["Mustache"]], axis=1)
    z = model.draw_latents((x, columns), 0, 0)
    fake = model.generator(z, training=True)
    expected = []
    for network, shown, target in (
        (model.labeler, x, columns),
        (model.anti_labeler, fake, np.asarray(z[:, 3:]) > 0),
    ):
        kernel = network.get_layer("logits").kernel
        with tf.GradientTape() as tape:
            loss = keras.losses.BinaryCrossentropy(True)(
                target.astype("float32"), network(shown)
            )
        expected.append(kernel - 0.5 * tape.gradient(loss, kernel))
    model.train_on_batch(x, named)
    for network, kernel in zip(
        (model.labeler, model.anti_labeler), expected, strict=True
    ):
        found = network.get_layer("logits").kernel
        np.testing.assert_allclose(found, kernel, rtol=1e-4, atol=1e-6)


def test_without_weight_the_anti_labeler_is_left_alone():
    model = tiny("causal_gan")
    model.compile(anti_labeler_weight=0, **EAGER)
    before = model.anti_labeler.get_weights()
    named = labels(8)
    history = model.fit(images("causal_gan", named), named, verbose=0).history
    assert "anti_labeler_loss" not in history
    assert len(model.optimizer.optimizers) == 3
    for a, b in zip(before, model.anti_labeler.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_label_noise_never_crosses_one_half():
    columns = tiny("causal_gan").columns
    clear = np.tile([[0.0, 1.0]], (200_000, 1)).astype("float32")
    noisy = columns.noisy_logits(tf.constant(clear), tf.constant([1, 2]))
    p = sigmoid(noisy)
    assert np.all(p[:, 0] <= 0.5)
    assert np.all(p[:, 1] >= 0.5)
    assert p.min() > 0
    # Means and ends of the reference's two truncated exponentials.
    np.testing.assert_allclose(p.mean(axis=0), [0.320, 0.680], atol=1e-3)
    assert p[:, 0].min() < 0.02
    assert p[:, 0].max() > 0.49


def test_labelers_read_noisy_images_in_training_alone():
    model, plain = tiny("causal_gan"), tiny("causal_gan")
    model.compile(labeler_noise=0.5)
    plain.compile()
    named = labels(8)
    real = model.training_batch((images("causal_gan", named), named), True)
    z = model.draw_latents(real, 0)
    fake = model.generator(z)

    def missed(of, step, training=True):
        values = of.generator_losses(fake, z, step, training)
        return float(values["fake_label_loss"])

    assert missed(model, 0) == missed(model, 0) != missed(model, 1)
    assert missed(model, 0) != missed(plain, 0)
    assert missed(model, 0, training=False) == missed(plain, 0, training=False)


def test_noise_on_images_has_a_deviation_of_its_own_for_each():
    x = tf.ones((64, 20, 20, 3))
    added = np.asarray(noisy_images(x, 0.6, 3, 5) - x).reshape(64, -1)
    deviations = added.std(axis=1)
    np.testing.assert_allclose(added.mean(axis=1), 0, atol=0.1)
    assert deviations.min() < 0.05
    assert 0.5 < deviations.max() < 0.65
    assert noisy_images(x, 0.0, 3, 5) is x


@functools.cache
def never_compiled():
    return tiny("causal_gan")


@pytest.mark.parametrize(
    ("given", "argument"),
    [
        ({"label_targets": "hard"}, "label_targets"),
        ({"labeler_weight": -1}, "labeler_weight"),
        ({"anti_labeler_weight": np.nan}, "anti_labeler_weight"),
        ({"tau": 0}, "tau"),
        ({"train_labeler": 1}, "train_labeler"),
        ({"labeler_noise": -0.1}, "labeler_noise"),
        ({"labeler_optimizer": "adamm"}, "labeler_optimizer"),
        ({"adversarial_loss": "kl"}, "adversarial_loss"),
    ],
)
def test_rejects_wrong_training_settings(given, argument):
    model = never_compiled()
    with pytest.raises(ValueError, match=f"`{argument}` must be"):
        model.compile(**given)
    assert not model.compiled


def test_log_ratio_is_the_sum_of_the_other_two():
    scores = tf.constant([-2.0, 0.5, 3.0])
    both = gencs.losses.Minimax(), gencs.losses.NonSaturating()
    expected = sum(loss.of_generator(scores) for loss in both)
    found = gencs.losses.get("log_ratio").of_generator(scores)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
