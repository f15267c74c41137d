import numpy as np
import pytest

import tf_gencs as gencs
from tests.generators import random_generator
from tf_gencs.recovery import latent_penalty

FACTS = {"representation_error": 0.005, "signal_size": 784, "latent_dim": 20}


def test_follows_bayes_below_the_latent_size():
    for m in (5, 10, 20):
        weight = latent_penalty.resolve("auto", **FACTS, measurements=m)
        assert weight == pytest.approx(0.005 * 784 / m)


def test_fades_above_it():
    weight = latent_penalty.resolve("auto", **FACTS, measurements=200)
    assert weight == pytest.approx(0.005 * 784 / 200 * 20 / 200)


def test_a_number_is_taken_as_it_is():
    assert latent_penalty.resolve(0.3, **FACTS, measurements=5) == 0.3


def test_without_a_known_error_there_is_no_penalty():
    facts = {**FACTS, "representation_error": None}
    assert latent_penalty.resolve("auto", **facts, measurements=5) == 0.0


def test_recover_uses_the_weight_that_auto_names():
    """The objective tells which weight was at work."""
    model = gencs.models.GenerativeModel(random_generator(), representation_error=0.02)
    A = gencs.layers.GaussianMeasurement(12, seed=0)
    y = A(model.generate(3, seed=0))
    result = model.recover(y, A, seed=1, verbose=0, return_result=True)
    weight = latent_penalty.resolve("auto", 0.02, 36, 4, 12)
    expected = result.measurement_error + weight * np.sum(result.z**2, axis=1)
    assert weight > 0
    np.testing.assert_allclose(result.objective, expected, rtol=1e-5)
