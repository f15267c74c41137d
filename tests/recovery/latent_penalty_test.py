import numpy as np
import pytest

import tf_gencs as gencs
from tests.generators import random_generator
from tf_gencs.recovery import latent_penalty


def test_variance_is_what_g_cannot_reach_and_noise():
    variance = latent_penalty.expected_variance(0.005, 784, 10, noise=0.1)
    assert variance == pytest.approx(0.005 * 784 / 10 + 0.01)
    assert latent_penalty.expected_variance(None, 784, 10) == 0


def test_follows_bayes_at_the_latent_size():
    assert latent_penalty.resolve("auto", 0.3, 20, 20) == pytest.approx(0.3)


def test_fades_to_both_sides():
    for m in (2, 200):
        weight = latent_penalty.resolve("auto", 0.3, 20, m)
        assert weight == pytest.approx(0.03)


def test_a_number_is_taken_as_it_is():
    assert latent_penalty.resolve(0.25, 0.3, 20, 5) == 0.25


def test_recover_uses_the_weight_that_auto_names():
    """The objective tells which weight was at work."""
    model = gencs.models.GenerativeModel(random_generator(), representation_error=0.02)
    A = gencs.layers.GaussianMeasurement(12, seed=0)
    y = A(model.generate(3, seed=0))
    model.compile(estimate="best")
    result = model.recover(y, A, seed=1, verbose=0, return_result=True)
    variance = latent_penalty.expected_variance(0.02, 36, 12)
    weight = latent_penalty.resolve("auto", variance, 4, 12)
    expected = result.measurement_error + weight * np.sum(result.z**2, axis=1)
    assert weight > 0
    np.testing.assert_allclose(result.objective, expected, rtol=1e-5)
