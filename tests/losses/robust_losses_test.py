"""Sums of squares, absolute values, and what lies between: formulas and curvature."""

import keras
import numpy as np
import pytest

from tf_gencs import losses


@pytest.fixture
def residual(rng):
    return np.concatenate([rng.normal(size=(4, 50)), np.zeros((4, 1))], axis=1)


def test_sums_of_squares_and_absolute_values(residual):
    zero = np.zeros_like(residual)
    sse = losses.SumSquaredError()(zero, residual)
    l1 = losses.AbsoluteError()(zero, residual)
    np.testing.assert_allclose(sse, np.sum(residual**2, axis=1))
    np.testing.assert_allclose(l1, np.sum(np.abs(residual), axis=1))


def test_huber_is_the_sum_of_squares_within_delta(residual):
    y_true = np.ones_like(residual)
    y_pred = y_true + residual
    delta = np.abs(residual).max() + 1e-9
    expected = losses.SumSquaredError()(y_true, y_pred)
    np.testing.assert_array_equal(losses.Huber(delta)(y_true, y_pred), expected)


def test_huber_is_twice_the_sum_of_keras_huber(residual):
    zero, size = np.zeros_like(residual), residual.shape[1]
    keras_huber = keras.losses.Huber(0.3, reduction=None, dtype="float64")
    expected = 2 * size * keras_huber(zero, residual)
    np.testing.assert_allclose(losses.Huber(0.3)(zero, residual), expected, rtol=1e-12)


def test_a_wild_residual_counts_linearly():
    value = losses.Huber(0.5)([[0.0]], [[1e6]]).numpy()
    np.testing.assert_allclose(value, 2 * 0.5 * 1e6 - 0.25)


def test_robust_curvature_is_that_of_the_touching_parabola(residual):
    """The parabola touches the loss at the residual and lies nowhere below it."""
    residual = residual[:, :-1]
    zero = np.zeros_like(residual)
    others = np.linspace(-3, 3, 41)
    slopes = {
        losses.AbsoluteError(): np.sign(residual),
        losses.Huber(0.4): 2 * np.clip(residual, -0.4, 0.4),
        losses.SumSquaredError(): 2 * residual,
    }
    for loss, slope in slopes.items():
        curvature = loss.curvature(zero, residual).numpy()
        # With its lowest point at a residual of 0, the slope fixes the curvature.
        np.testing.assert_allclose(curvature * residual, slope, rtol=1e-12)
        for other in others:
            there = loss(zero.reshape(-1, 1), np.full((zero.size, 1), other)).numpy()
            here = loss(zero.reshape(-1, 1), residual.reshape(-1, 1)).numpy()
            rise = 0.5 * curvature.ravel() * (other**2 - residual.ravel() ** 2)
            assert (there <= here + rise + 1e-12).all()


def test_absolute_curvature_ends_at_epsilon():
    curvature = losses.AbsoluteError(epsilon=0.01).curvature([[0.0]], [[0.0]])
    np.testing.assert_allclose(curvature, [[100.0]])


def test_reweighted_least_squares_finds_the_median(rng):
    """Newton's steps with the l1 curvature minimise sum |c - y_i| over c."""
    y, loss, c = rng.normal(size=(1, 31)), losses.AbsoluteError(epsilon=1e-9), 0.0
    for _ in range(200):
        weights = loss.curvature(y, np.full_like(y, c)).numpy()
        c += np.sum(weights * (y - c)) / np.sum(weights)
    np.testing.assert_allclose(c, np.median(y), atol=1e-6)
