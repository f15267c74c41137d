"""The games of generator and discriminator."""

import numpy as np
import pytest
import tensorflow as tf

from tf_gencs import losses

REAL = np.array([[2.0], [-0.5]])
FAKE = np.array([[0.3], [-4.0]])


def sigmoid(s):
    return 1 / (1 + np.exp(-s))


@pytest.mark.parametrize(
    ("loss", "discriminator", "generator"),
    [
        (
            losses.Minimax(),
            -np.log(sigmoid(REAL)).mean() - np.log(1 - sigmoid(FAKE)).mean(),
            np.log(1 - sigmoid(FAKE)).mean(),
        ),
        (
            losses.NonSaturating(),
            -np.log(sigmoid(REAL)).mean() - np.log(1 - sigmoid(FAKE)).mean(),
            -np.log(sigmoid(FAKE)).mean(),
        ),
        (
            losses.LogRatio(),
            -np.log(sigmoid(REAL)).mean() - np.log(1 - sigmoid(FAKE)).mean(),
            np.log((1 - sigmoid(FAKE)) / sigmoid(FAKE)).mean(),
        ),
        (
            losses.LeastSquares(),
            (np.mean((REAL - 1) ** 2) + np.mean(FAKE**2)) / 2,
            np.mean((FAKE - 1) ** 2) / 2,
        ),
        (losses.Hinge(), (0 + 1.5) / 2 + (1.3 + 0) / 2, (4.0 - 0.3) / 2),
        (losses.Wasserstein(), FAKE.mean() - REAL.mean(), (4.0 - 0.3) / 2),
    ],
)
def test_losses_are_those_of_the_papers(loss, discriminator, generator):
    real, fake = tf.constant(REAL), tf.constant(FAKE)
    np.testing.assert_allclose(loss.discriminator_loss(real, fake), discriminator)
    np.testing.assert_allclose(loss.generator_loss(fake), generator)
    np.testing.assert_allclose(np.mean(loss(None, FAKE)), generator)


@pytest.mark.parametrize(
    "name", ["minimax", "non_saturating", "least_squares", "hinge"]
)
@pytest.mark.parametrize("score", [-1e15, -1e4, 0.0, 1e4, 1e15])
def test_discriminator_loss_and_gradient_stay_finite_at_extremes(name, score):
    loss = losses.get_adversarial(name)
    real, fake = tf.constant([[score]]), tf.constant([[-score]])
    with tf.GradientTape() as tape:
        tape.watch([real, fake])
        value = loss.discriminator_loss(real, fake)
    assert np.isfinite(value)
    assert np.isfinite(tape.gradient(value, [real, fake])).all()


@pytest.mark.parametrize(
    "loss",
    [losses.Minimax(), losses.LeastSquares(), losses.Hinge(), losses.Wasserstein()],
)
def test_discriminator_gradient_is_that_of_finite_differences(loss, rng):
    real, fake = tf.constant(rng.normal(size=(2, 5, 1)))
    with tf.GradientTape() as tape:
        tape.watch([real, fake])
        value = loss.discriminator_loss(real, fake)
    gradients = tape.gradient(value, [real, fake])
    step = 1e-6
    for i in range(5):
        unit = step * np.eye(5)[:, i : i + 1]
        in_real = loss.discriminator_loss(real + unit, fake) - value
        in_fake = loss.discriminator_loss(real, fake + unit) - value
        np.testing.assert_allclose(gradients[0][i], in_real / step, atol=1e-5)
        np.testing.assert_allclose(gradients[1][i], in_fake / step, atol=1e-5)


@pytest.mark.parametrize("loss", ["non_saturating", "least_squares", "wasserstein"])
def test_each_side_wants_what_the_other_does_not(loss):
    """One step of D widens the gap of the scores, one step of G closes it."""
    loss = losses.get_adversarial(loss)
    real, fake = tf.constant([[0.2]]), tf.constant([[0.1]])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([real, fake])
        discriminator = loss.discriminator_loss(real, fake)
        generator = loss.generator_loss(fake)
    assert tape.gradient(discriminator, real)[0, 0] < 0
    assert tape.gradient(discriminator, fake)[0, 0] > 0
    assert tape.gradient(generator, fake)[0, 0] < 0


@pytest.mark.parametrize("slope", [0.0, 0.5, 1.0, 3.0])
def test_gradient_penalty_of_a_linear_critic_is_known(slope, rng):
    """D(x) = w . x has the slope ||w|| everywhere."""
    direction = rng.normal(size=(4, 4, 1))
    w = tf.Variable(slope * direction / np.linalg.norm(direction))
    real, fake = rng.normal(size=(2, 6, 4, 4, 1))
    with tf.GradientTape() as tape:
        penalty = losses.gradient_penalty_of(
            lambda x: tf.reduce_sum(w * x, axis=(1, 2, 3))[:, None],
            tf.constant(real),
            tf.constant(fake),
            tf.constant(rng.uniform(size=6)),
        )
    np.testing.assert_allclose(penalty, (slope - 1) ** 2, atol=1e-12)
    expected = 2 * (slope - 1) * direction / np.linalg.norm(direction) * (slope > 0)
    np.testing.assert_allclose(tape.gradient(penalty, w), expected, atol=1e-12)


def test_gradient_penalty_looks_between_real_and_fake(rng):
    """D(x) = x^2 / 2 in one dimension has the slope x, which tells the point."""
    real, fake, share = tf.constant([[3.0]]), tf.constant([[-1.0]]), [0.25]
    penalty = losses.gradient_penalty_of(
        lambda x: tf.square(x) / 2, real, fake, tf.constant(share)
    )
    between = 0.25 * 3.0 + 0.75 * -1.0
    np.testing.assert_allclose(penalty, (abs(between) - 1) ** 2)


def test_unknown_adversarial_losses_name_the_known_ones():
    for wrong in ("sse", "wgan", 3, losses.Maximize()):
        with pytest.raises(
            ValueError, match=r"`adversarial_loss` .*'minimax', 'non_sa"
        ):
            losses.get_adversarial(wrong)
    with pytest.raises(ValueError, match=r"`gradient_penalty` must be .* at least 0"):
        losses.Wasserstein(-1)
