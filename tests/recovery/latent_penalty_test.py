import numpy as np
import pytest

import tf_gencs as gencs
from tests.generators import random_generator
from tf_gencs.recovery import Facts, latent_penalty

FACTS = {"representation_error": 0.005, "signal_size": 784, "latent_dim": 20}


def test_follows_bayes_at_the_latent_size():
    weight = latent_penalty.resolve("auto", **FACTS, measurements=20)
    assert weight == pytest.approx(0.005 * 784 / 20)


def test_fades_to_both_sides():
    for m, ratio in ((2, 0.1), (200, 0.1), (40, 0.5)):
        weight = latent_penalty.resolve("auto", **FACTS, measurements=m)
        assert weight == pytest.approx(0.005 * 784 / m * ratio)


def test_noise_never_fades():
    for m in (2, 20, 200):
        quiet = latent_penalty.resolve("auto", **FACTS, measurements=m)
        loud = latent_penalty.resolve("auto", **FACTS, measurements=m, noise=0.3)
        assert loud - quiet == pytest.approx(0.09)


def test_a_number_is_taken_as_it_is():
    assert latent_penalty.resolve(0.3, **FACTS, measurements=5, noise=1.0) == 0.3


def test_an_unknown_error_asks_for_nothing_and_a_known_one_never_does():
    def known(error, value_range=(0, 1)):
        return Facts(value_range, representation_error=error).representation_error

    assert known(None) == 0
    assert known(0.01) == 0.01
    assert 0 < known(0.0) < 1e-5
    unit, double = (known(0.0, value_range) for value_range in ((0, 1), (-1, 1)))
    assert double == pytest.approx(4 * unit)


def test_a_wrong_penalty_is_told_what_there_is():
    with pytest.raises(ValueError, match=r"`latent_penalty` must be 'auto'.*lbfgs"):
        latent_penalty.check("lbfgs")


def test_recover_uses_the_weight_that_auto_names():
    """The objective tells which weight was at work."""
    model = gencs.models.GenerativeModel(random_generator(), representation_error=0.02)
    A = gencs.layers.GaussianMeasurement(12, seed=0)
    y = A(model.generate(3, seed=0))
    model.compile(solver=gencs.solvers.LBFGS(30, 3, probes=50))  # which learns nothing
    result = model.recover(y, A, seed=1, verbose=0, return_result=True)
    weight = latent_penalty.resolve("auto", 0.02, 36, 4, 12, gain=float(A.mean_gain()))
    expected = result.measurement_error + weight * np.sum(result.z**2, axis=1)
    assert weight > 0
    np.testing.assert_allclose(result.objective, expected, rtol=1e-5)
