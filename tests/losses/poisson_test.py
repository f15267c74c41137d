"""The likelihood of counts: against its formula, the noise layer, and known minima."""

import math

import numpy as np
import pytest
import tensorflow as tf

from tf_gencs import layers, losses


def gradient(loss, y_true, y_pred):
    y_pred = tf.constant(y_pred)
    with tf.GradientTape() as tape:
        tape.watch(y_pred)
        values = loss(y_true, y_pred)
    return tape.gradient(values, y_pred).numpy()


def minus_log_likelihood(count, mean):
    return mean - count * math.log(mean) + math.lgamma(count + 1)


def test_is_the_negative_log_likelihood_less_its_minimum(rng):
    counts, means = rng.poisson(6, size=(20, 1)), rng.uniform(0.5, 20, size=(20, 1))
    expected = [
        minus_log_likelihood(n, mu) - (minus_log_likelihood(n, n) if n else 0)
        for n, mu in zip(counts[:, 0], means[:, 0], strict=True)
    ]
    counts = counts.astype("float64")
    np.testing.assert_allclose(losses.Poisson()(counts, means), expected, rtol=1e-9)
    # The same counts, as an instrument that scales them gives them.
    scaled = losses.Poisson(photons=50, background=0.01)
    y_pred = means / 50 - 0.01
    np.testing.assert_allclose(scaled(counts / 50, y_pred), expected, rtol=1e-9)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("count", [0.0, 1e-6, 0.004, 0.01, 0.02, 1.0, 3.0, 1e6])
def test_is_least_and_zero_where_the_mean_is_the_count(count, dtype):
    y_true = np.full((81, 1), count, dtype)
    steps = np.linspace(-4, 4, 81).reshape(-1, 1) * max(count, 0.01)
    y_pred = (count + steps).astype(dtype)
    values = losses.Poisson()(y_true, y_pred).numpy()
    assert values[40] == 0
    assert (np.delete(values, 40) > 0).all()
    assert (np.diff(values[:41]) < 0).all()
    assert (np.diff(values[40:]) > 0).all()
    assert gradient(losses.Poisson(), y_true[:1], y_true[:1]) == 0


def test_is_exact_where_terms_cancel():
    count, step = 1e6, 1.0
    value = losses.Poisson()(np.float32([[count]]), np.float32([[count + step]]))
    # The series of u - log(1 + u), u = step / count.
    u = step / count
    expected = count * (u**2 / 2 - u**3 / 3)
    np.testing.assert_allclose(value, [expected], rtol=1e-5)
    slope = gradient(losses.Poisson(), [[count]], np.float32([[count + step]]))
    np.testing.assert_allclose(slope, [[step / (count + step)]], rtol=1e-5)


@pytest.mark.parametrize("count", [0.0, 0.004, 0.01, 5.0, 1e4])
def test_is_convex_with_a_continuous_gradient_across_the_floor(count):
    means = np.linspace(-0.03, 0.05, 8001).reshape(-1, 1)
    slopes = gradient(losses.Poisson(), np.full_like(means, count), means)[:, 0]
    jumps = np.diff(slopes)
    assert (jumps > -1e-9 * (1 + count)).all()
    # No jump exceeds the steepest curvature on a step of 1e-5.
    assert jumps.max() <= 1.01e-5 * (1 + count) / 0.01**2 + 1e-9


def test_negative_means_are_pulled_back():
    y_pred = -np.logspace(-8, 15, 24).reshape(-1, 1)
    for count in (0.0, 1.0, 100.0):
        assert (
            gradient(losses.Poisson(), np.full_like(y_pred, count), y_pred) < 0
        ).all()


def test_negative_measurements_count_as_zero():
    loss, y_pred = losses.Poisson(), [[0.5], [2.0]]
    values = loss([[-3.0], [-1e-9]], y_pred)
    np.testing.assert_array_equal(values, loss([[0.0], [0.0]], y_pred))
    np.testing.assert_allclose(values, np.float32([0.5, 2.0]) - 0.005, rtol=1e-6)


def test_curvature_is_the_expected_second_derivative(rng):
    mean, photons = 0.3, 40.0
    loss = losses.Poisson(photons)
    noise = layers.AdditiveNoise(photons=photons, seed=0)
    y = noise(tf.fill((1, 20_000), tf.constant(mean, tf.float64)))
    y_pred = tf.fill((1, 20_000), tf.constant(mean, tf.float64))
    slopes = gradient(loss, y, y_pred)
    information = loss.curvature(y, y_pred).numpy()
    np.testing.assert_allclose(information, photons / mean)
    # Fisher: the variance of the slope is the expected second derivative.
    np.testing.assert_allclose(np.var(slopes), photons / mean, rtol=0.05)
    assert abs(np.mean(slopes)) < 4 * np.sqrt(photons / mean / 20_000)
