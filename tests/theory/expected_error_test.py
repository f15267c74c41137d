"""The error that is expected, against the one that is made."""

import numpy as np
import pytest

import tf_gencs as gencs
from tests.theory.conftest import STRETCH
from tf_gencs.theory import expected_error, measurements_needed


def least_error(W, matrix, variance):
    """Mean squared error per value of the best estimate of W z, z ~ N(0, I)."""
    AW = matrix @ W
    inner = np.eye(W.shape[1]) + AW.T @ AW / variance
    return np.trace(W @ np.linalg.inv(inner) @ W.T) / len(W)


def test_of_a_linear_generator_it_is_that_of_the_best_estimate(
    linear_model, directions, rng
):
    W = directions * STRETCH
    matrix = rng.normal(size=(8, 60)) / 3
    found = expected_error(linear_model, matrix, noise=0.2, tangents=2, seed=0)
    assert found.law == "trace formula"
    np.testing.assert_allclose(found.total, least_error(W, matrix, 0.04), rtol=1e-6)
    assert found.representation == 0
    assert found.measurements < 1e-9
    np.testing.assert_allclose(found.noise, found.total, rtol=1e-6)


def test_what_G_misses_counts_as_noise(linear_model, directions, rng):
    matrix = rng.normal(size=(8, 60)) / 3
    gain = np.sum(matrix**2) / 60
    found = expected_error(
        linear_model, matrix, noise=0.2, representation=0.01, tangents=2, seed=0
    )
    W, lost = directions * STRETCH, 0.01 * gain * 60 / 8
    np.testing.assert_allclose(
        [found.total, found.measurements],
        [0.01 + least_error(W, matrix, 0.04 + lost), least_error(W, matrix, lost)],
        rtol=1e-6,
    )
    parts = found.representation + found.measurements + found.noise
    np.testing.assert_allclose(found.total, parts)


@pytest.mark.long
def test_units_of_A_do_not_matter_where_the_noise_has_them_too(linear_model, rng):
    matrix = rng.normal(size=(8, 60))
    one, other = (
        expected_error(
            linear_model, c * matrix, noise=c / 5, representation=0.01, seed=0
        )
        for c in (1.0, 1e3)
    )
    np.testing.assert_allclose(one.total, other.total, rtol=1e-6)


def test_the_fixed_point_is_the_mean_over_random_A(linear_model, directions, rng):
    found = expected_error(linear_model, 30, noise=0.3, representation=0.01, seed=0)
    assert found.law == "fixed point"
    variance = 0.09 + 0.01 * 60 / 30
    errors = [
        least_error(
            directions * STRETCH, rng.normal(size=(30, 60)) / np.sqrt(30), variance
        )
        for _ in range(300)
    ]
    np.testing.assert_allclose(found.total - 0.01, np.mean(errors), rtol=0.03)


def test_measurements_needed_is_the_inverse(linear_model):
    known = {"noise": 0.05, "representation": 0.01, "seed": 0}
    error = expected_error(linear_model, 40, **known).total
    assert measurements_needed(linear_model, error * 1.0001, **known) == 40
    assert measurements_needed(linear_model, 1.0, **known) == 1
    with pytest.raises(ValueError, match="only another generator"):
        measurements_needed(linear_model, 0.0099, **known)


@pytest.mark.long
def test_ambiguity_is_told(linear_model, directions, rng):
    matrix = rng.normal(size=(8, 60))
    told = expected_error(linear_model, matrix, seed=0)
    assert not told.ambiguous
    lost = directions[:, :1]
    blind = expected_error(linear_model, matrix - matrix @ lost @ lost.T, seed=0)
    assert blind.ambiguous
    assert blind.measurements > 0.9 * STRETCH[0] ** 2 / 60
    assert "AMBIGUOUS" in str(blind)


def test_rejects_what_it_cannot_know(linear_model, rng):
    matrix = rng.normal(size=(8, 60))
    with pytest.raises(ValueError, match="`noise` must be a finite number"):
        expected_error(linear_model, matrix, noise=-1)
    unknown = gencs.models.GenerativeModel(linear_model.generator)
    with pytest.raises(ValueError, match="`model` must know its `repres"):
        expected_error(unknown, matrix)
    given = gencs.layers.MatrixMeasurement(matrix, dtype="float64")
    with pytest.raises(TypeError, match="`A` must be linear"):
        expected_error(linear_model, gencs.layers.MagnitudeMeasurement(given))
