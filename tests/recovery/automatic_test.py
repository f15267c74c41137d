"""What `solver="auto"` picks."""

import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs
from tests.generators import random_generator


def picked(A, deviation_basis=None, **kwargs):
    model = gencs.models.GenerativeModel(
        random_generator(), deviation_basis=deviation_basis
    )
    model.compile(**kwargs)
    measurement = gencs.layers.as_measurement(A, model.signal_shape)
    return model._plan.engine(model, {"y": measurement}).solver


def gaussian(m):
    return gencs.layers.GaussianMeasurement(m, seed=0)


def test_more_measurements_need_fewer_restarts():
    assert picked(gaussian(16)).restarts < picked(gaussian(15)).restarts


def test_nonlinear_measurements_get_more_restarts():
    box = lambda x: tf.tanh(tf.reshape(x, (-1, 36)))  # noqa: E731
    assert picked(box).restarts > picked(gaussian(36)).restarts


def test_signals_leave_the_range_only_where_the_model_says_how():
    deviation = gencs.solvers.SparseDeviation
    assert isinstance(picked(gaussian(16), "dct"), deviation)
    assert isinstance(picked(gaussian(16), "dct").basis, gencs.bases.DCT)
    assert not isinstance(picked(gaussian(16)), deviation)
    magnitude = gencs.layers.MagnitudeMeasurement(gaussian(16))
    assert not isinstance(picked(magnitude, "dct"), deviation)


def test_a_solver_of_the_callers_own_is_taken():
    solver = gencs.solvers.Adam(0.1, steps=3, restarts=2)
    assert picked(gaussian(16), "pixel", solver=solver) is solver


@pytest.mark.parametrize("basis", ["fourier", 3])
def test_rejects_an_unknown_basis(basis):
    with pytest.raises((ValueError, TypeError), match="`deviation_basis`"):
        gencs.models.GenerativeModel(random_generator(), deviation_basis=basis)


def test_the_preset_beats_lasso_where_lasso_is_best():
    """At m = 500 the reference loses to Lasso by a factor of ten; auto does not."""
    images, _ = gencs.datasets.mnist_samples()
    images = images[:20]
    A = gencs.layers.GaussianMeasurement(500, seed=0)
    noise = 0.1 / np.sqrt(500)
    y = A(images).numpy()
    y += noise * np.random.default_rng(0).normal(size=y.shape).astype("float32")
    model = gencs.models.VAE.from_preset("mnist_vae")
    ours = np.mean((model.recover(y, A, seed=0, verbose=0) - images) ** 2)
    lasso = gencs.baselines.Lasso("pixel", penalty=0.01).recover(y, A)
    assert ours < 0.2 * np.mean((lasso - images) ** 2)
    assert ours < 1e-4


def test_follows_what_the_model_learns_about_itself_later():
    A = gaussian(16)
    model = gencs.models.GenerativeModel(random_generator())
    x = model.generate(4, seed=0)
    before = model._plan.engine(model, {"y": gencs.layers.as_measurement(A, (6, 6, 1))})
    x[:, 2, 2] = 1.0
    model.measure_representation_error(x, seed=0, verbose=0)
    assert model.representation_error > 0
    after = model._plan.engine(model, {"y": A})
    assert isinstance(after.solver, gencs.solvers.SparseDeviation)
    assert not isinstance(before.solver, gencs.solvers.SparseDeviation)
    with pytest.raises(ValueError, match="`x` must hold at least one signal"):
        model.measure_representation_error(x[:0])
