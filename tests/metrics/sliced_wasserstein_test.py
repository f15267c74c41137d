"""The sliced Wasserstein distance against closed forms."""

import numpy as np
import pytest
import scipy.stats

import tf_gencs as gencs
from tf_gencs.metrics.sliced_wasserstein import wasserstein


def measure(real, generated, **arguments):
    return gencs.metrics.SlicedWasserstein(**arguments)(real, generated)


def test_of_numbers_is_the_distance_of_sorted_values(rng):
    a, b = rng.normal(size=(2, 30, 1))
    gaps = np.abs(np.sort(a, axis=0) - np.sort(b, axis=0))
    np.testing.assert_allclose(measure(a, b, order=1), gaps.mean(), rtol=1e-10)
    expected = np.sqrt(np.mean(gaps**2))
    np.testing.assert_allclose(measure(a, b, order=2), expected, rtol=1e-10)


@pytest.mark.parametrize(("n", "m"), [(1, 7), (12, 8), (13, 31), (20, 20)])
def test_of_sets_of_different_size_agrees_with_scipy(rng, n, m):
    a, b = rng.normal(size=(n, 3)), rng.normal(size=(m, 3))
    expected = [scipy.stats.wasserstein_distance(a[:, i], b[:, i]) for i in range(3)]
    np.testing.assert_allclose(wasserstein(a, b, 1.0), expected, rtol=1e-10)


def test_repeating_every_image_changes_nothing(rng):
    a, b = rng.normal(size=(20, 5)), rng.normal(size=(9, 5))
    repeated = measure(np.repeat(a, 3, axis=0), np.repeat(b, 2, axis=0))
    np.testing.assert_allclose(repeated, measure(a, b), rtol=1e-10)


def test_a_constant_added_to_each_pixel_is_the_distance(rng):
    """Each slice moves by u.c: for unit u in n dimensions its mean square is c^2."""
    images = rng.uniform(size=(40, 6, 6, 1))
    result = measure(images, images + 0.25, projections=4000, seed=3)
    np.testing.assert_allclose(result, 0.25, rtol=0.06)


def test_of_scaled_gaussians_is_the_difference_of_deviations(rng):
    """Slices of N(0, s^2 I) are N(0, s^2), which are |s_1 - s_2| apart in W_2."""
    a, b = rng.normal(size=(2, 20_000, 3))
    result = measure(a, 3 * b, projections=20)
    np.testing.assert_allclose(result, 2, rtol=0.03)


def test_equal_sets_in_another_order_are_at_distance_zero(rng):
    images = rng.uniform(size=(30, 4, 4, 1))
    assert measure(images, rng.permutation(images)) < 1e-12


def test_is_symmetric_and_repeats_by_its_seed(rng):
    a, b = rng.normal(size=(12, 4)), rng.normal(size=(15, 4))
    np.testing.assert_allclose(measure(a, b), measure(b, a), rtol=1e-12)
    assert measure(a, b, seed=1) == measure(a, b, seed=1) != measure(a, b, seed=2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"projections": 0}, "`projections` must be"),
        ({"order": 0.5}, "`order` must be a finite number at least 1"),
        ({"seed": "a"}, "`seed` must be"),
    ],
)
def test_refuses_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        gencs.metrics.SlicedWasserstein(**arguments)
