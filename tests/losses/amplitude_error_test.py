"""Measurements without signs."""

import numpy as np
import tensorflow as tf

from tf_gencs import layers, losses


def test_signs_do_not_matter(rng):
    y_true, y_pred = rng.normal(size=(2, 3, 20))
    signs = rng.choice([-1.0, 1.0], size=(2, 3, 20))
    loss = losses.AmplitudeError()
    expected = np.sum((np.abs(y_pred) - np.abs(y_true)) ** 2, axis=1)
    np.testing.assert_allclose(loss(y_true, y_pred), expected)
    np.testing.assert_allclose(loss(signs[0] * y_true, signs[1] * y_pred), expected)


def test_of_magnitudes_it_is_the_sum_of_squares(rng):
    A = layers.MagnitudeMeasurement(layers.GaussianMeasurement(9, seed=0))
    y_true, y_pred = (A(x) for x in rng.normal(size=(2, 4, 6, 6, 1)).astype("float32"))
    np.testing.assert_array_equal(
        losses.AmplitudeError()(y_true, y_pred),
        losses.SumSquaredError()(y_true, y_pred),
    )


def test_the_ridge_at_zero_does_not_hold_a_search():
    zero = tf.zeros((1, 1))
    with tf.GradientTape() as tape:
        tape.watch(zero)
        value = losses.AmplitudeError()([[-3.0]], zero)
    assert value.numpy() == 9.0
    assert tape.gradient(value, zero).numpy() == -6.0
