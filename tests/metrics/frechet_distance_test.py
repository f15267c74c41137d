"""The Frechet distance against what is known of Gaussians."""

import warnings

import numpy as np
import pytest
import scipy.linalg

import tf_gencs as gencs
from tf_gencs.metrics.frechet_distance import frechet_distance


def random_covariance(rng, d, rank=None):
    root = rng.normal(size=(d, rank or d))
    return root @ root.T


def with_moments(rng, mean, covariance, n=200):
    """Rows whose sample mean and unbiased covariance are exactly the given ones."""
    rows = rng.normal(size=(n, len(mean)))
    rows -= rows.mean(axis=0)
    white = rows @ np.linalg.inv(np.linalg.cholesky(np.cov(rows.T))).T
    return mean + white @ np.linalg.cholesky(covariance).T


def test_is_the_closed_form_for_independent_features(rng):
    """Then (C_1 C_2)^(1/2) is diagonal: |m_1 - m_2|^2 + sum (s_1 - s_2)^2."""
    means, deviations = rng.normal(size=(2, 6)), rng.uniform(0.1, 3, (2, 6))
    metric = gencs.metrics.FrechetDistance()
    metric.update_state(
        with_moments(rng, means[0], np.diag(deviations[0] ** 2)),
        with_moments(rng, means[1], np.diag(deviations[1] ** 2)),
    )
    expected = np.sum(np.diff(means, axis=0) ** 2 + np.diff(deviations, axis=0) ** 2)
    np.testing.assert_allclose(metric.result(), expected, rtol=1e-10)


def test_agrees_with_the_matrix_root_of_scipy(rng):
    first, second = (random_covariance(rng, 5) for _ in range(2))
    mean = rng.normal(size=5)
    root = scipy.linalg.sqrtm(first @ second).real
    expected = mean @ mean + np.trace(first + second - 2 * root)
    result = frechet_distance(mean, first, np.zeros(5), second)
    np.testing.assert_allclose(result, expected, rtol=1e-9)


def test_of_a_scaled_gaussian_is_known_for_correlated_features(rng):
    """C_2 = c^2 C_1 commutes with C_1: the distance is (c - 1)^2 tr C_1."""
    covariance = random_covariance(rng, 7)
    result = frechet_distance(np.zeros(7), covariance, np.zeros(7), 9 * covariance)
    np.testing.assert_allclose(result, 4 * np.trace(covariance), rtol=1e-10)


def test_is_symmetric_and_zero_between_equal_sets(rng):
    a, b = rng.normal(size=(50, 4)), rng.normal(size=(60, 4)) * [1, 2, 3, 4]
    there, back, same = (gencs.metrics.FrechetDistance() for _ in range(3))
    np.testing.assert_allclose(there(a, b), back(b, a), rtol=1e-12)
    assert same(a, a) < 1e-12 * np.trace(np.cov(a.T)) * 4


def test_equal_singular_covariances_are_at_distance_zero(rng):
    covariance = random_covariance(rng, 40, rank=3)
    zero = np.zeros(40)
    assert frechet_distance(zero, covariance, zero, covariance) < 1e-10


def test_features_far_from_zero_keep_their_digits(rng):
    a, b = rng.normal(size=(2, 300, 3))
    near, far = gencs.metrics.FrechetDistance(), gencs.metrics.FrechetDistance()
    near.update_state(a, b)
    for i in range(0, 300, 50):
        far.update_state(1e6 + a[i : i + 50], 1e6 + b[i : i + 50])
    np.testing.assert_allclose(far.result(), near.result(), rtol=1e-6)


def test_moments_are_those_of_all_rows(rng):
    rows = rng.normal(size=(90, 3))
    metric = gencs.metrics.FrechetDistance()
    for i in range(0, 90, 13):
        metric.update_state(rows[i : i + 13], rows[i : i + 13])
    mean, covariance = metric.moments("real")
    np.testing.assert_allclose(mean, rows.mean(axis=0), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(covariance, np.cov(rows.T), rtol=1e-12)


def test_warns_of_no_more_images_than_features(rng):
    metric = gencs.metrics.FrechetDistance()
    metric.update_state(rng.normal(size=(8, 8)), rng.normal(size=(100, 8)))
    with pytest.warns(UserWarning, match="8 real and 100 generated images in 8 feat"):
        metric.result()
    metric.update_state(rng.normal(size=(8, 8)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        metric.result()
