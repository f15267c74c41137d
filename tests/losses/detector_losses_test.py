"""Losses of a detector's output, with and without y."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_gencs import losses


def test_maximize_is_minus_the_outputs(rng):
    y_pred = rng.normal(size=(4, 3))
    assert not losses.Maximize().needs_y
    np.testing.assert_allclose(losses.Maximize()(None, y_pred), -y_pred.sum(axis=1))
    np.testing.assert_array_equal(losses.Maximize(2)(None, y_pred), -y_pred[:, 2])
    assert not losses.Maximize().curvature(None, y_pred).numpy().any()


def test_maximize_leads_uphill():
    z = tf.Variable([[0.3, -0.2]])
    for _ in range(20):
        with tf.GradientTape() as tape:
            loss = losses.Maximize(1)(None, tf.tanh(z))
        z.assign_sub(tape.gradient(loss, z))
    assert np.tanh(z.numpy()[0, 1]) > 0.9
    assert z.numpy()[0, 0] == np.float32(0.3)


@pytest.mark.parametrize("from_logits", [False, True])
def test_cross_entropy_of_classes_is_keras_s(rng, from_logits):
    y_true = rng.dirichlet(np.ones(4), size=6)
    y_pred = rng.normal(size=(6, 4)) if from_logits else rng.dirichlet(np.ones(4), 6)
    theirs = keras.losses.CategoricalCrossentropy(
        from_logits, reduction=None, dtype="float64"
    )
    ours = losses.CrossEntropy(from_logits=from_logits)
    np.testing.assert_allclose(ours(y_true, y_pred), theirs(y_true, y_pred), rtol=1e-6)
    one_hot = np.eye(4)[[2] * 6]
    with_label = losses.CrossEntropy(2, from_logits=from_logits)
    assert not with_label.needs_y
    assert ours.needs_y
    np.testing.assert_allclose(with_label(None, y_pred), ours(one_hot, y_pred))


@pytest.mark.parametrize("from_logits", [False, True])
def test_cross_entropy_of_one_output_is_binary(rng, from_logits):
    y_true, y_pred = rng.uniform(size=(2, 6, 1))
    theirs = keras.losses.BinaryCrossentropy(
        from_logits, reduction=None, dtype="float64"
    )
    ours = losses.CrossEntropy(from_logits=from_logits)
    np.testing.assert_allclose(ours(y_true, y_pred), theirs(y_true, y_pred), rtol=1e-5)
    for label in (0, 1):
        with_label = losses.CrossEntropy(label, from_logits=from_logits)
        target = np.full((6, 1), float(label))
        np.testing.assert_allclose(with_label(None, y_pred), ours(target, y_pred))
    with pytest.raises(ValueError, match="`label` must be below the 2 classes"):
        losses.CrossEntropy(2, from_logits=from_logits)(None, y_pred)


@pytest.mark.parametrize("outputs", [1, 4])
def test_curvature_of_logits_is_the_diagonal_of_the_hessian(rng, outputs):
    logits = tf.constant(rng.normal(size=(1, outputs)))
    loss = losses.CrossEntropy(0, from_logits=True)
    with tf.GradientTape() as outer:
        outer.watch(logits)
        with tf.GradientTape() as inner:
            inner.watch(logits)
            value = loss(None, logits)
        gradient = inner.gradient(value, logits)
    hessian = outer.jacobian(gradient, logits)[0, :, 0, :]
    curvature = loss.curvature(None, logits)[0]
    np.testing.assert_allclose(curvature, np.diag(hessian), rtol=1e-9)


@pytest.mark.parametrize("outputs", [1, 4])
def test_curvature_of_probabilities_gives_the_hessian_of_the_logits(rng, outputs):
    logits = tf.constant(rng.normal(size=(1, outputs)))
    squash = tf.sigmoid if outputs == 1 else tf.nn.softmax
    with tf.GradientTape() as tape:
        tape.watch(logits)
        p = squash(logits)
    jacobian = tape.jacobian(p, logits)[0, :, 0, :].numpy()
    curvature = losses.CrossEntropy(0).curvature(None, p)[0].numpy()
    p = p[0].numpy()
    hessian = np.diag(p * (1 - p)) if outputs == 1 else np.diag(p) - np.outer(p, p)
    np.testing.assert_allclose(
        jacobian.T @ np.diag(curvature) @ jacobian, hessian, rtol=1e-9, atol=1e-12
    )


def test_probability_zero_of_the_wanted_class_has_a_way_back():
    y_pred = tf.constant([[0.0, 1.0]])
    with tf.GradientTape() as tape:
        tape.watch(y_pred)
        value = losses.CrossEntropy(0)(None, y_pred)
    assert value.numpy()[0] == pytest.approx(1 - np.log(1e-7), rel=1e-6)
    assert tape.gradient(value, y_pred).numpy()[0, 0] < -1e6
