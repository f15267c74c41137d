"""What `solver="auto"` picks."""

import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs
from tests.generators import random_generator


def picked(A, deviation_basis=None, deviation_scale=None, **kwargs):
    model = gencs.models.GenerativeModel(
        random_generator(),
        deviation_basis=deviation_basis,
        deviation_scale=deviation_scale,
    )
    model.compile(**kwargs, run_eagerly=True)
    m = gencs.layers.as_measurement(A, model.signal_shape).measurements
    nothing = np.zeros((0, m), "float32")
    return model.recover(nothing, A, verbose=0, return_result=True).method


def gaussian(m):
    return gencs.layers.GaussianMeasurement(m, seed=0)


def test_more_measurements_need_fewer_restarts():
    assert picked(gaussian(16)).restarts < picked(gaussian(15)).restarts


def test_nonlinear_measurements_get_more_restarts():
    box = lambda x: tf.tanh(tf.reshape(x, (-1, 36)))  # noqa: E731
    assert picked(box).restarts > picked(gaussian(36)).restarts


@pytest.mark.long
def test_signals_leave_the_range_only_where_the_model_says_how():
    deviation = gencs.solvers.SparseDeviation
    assert isinstance(picked(gaussian(16), "dct"), deviation)
    assert isinstance(picked(gaussian(16), "dct").basis, gencs.bases.DCT)
    assert not isinstance(picked(gaussian(16)), deviation)
    magnitude = gencs.layers.MagnitudeMeasurement(gaussian(16))
    assert not isinstance(picked(magnitude, "dct"), deviation)


@pytest.mark.long
def test_known_scales_are_for_squares_and_linear_measurements():
    known = {"deviation_basis": "dct", "deviation_scale": 0.1}
    gaussian_deviation = gencs.solvers.GaussianDeviation
    picked_one = picked(gaussian(16), **known)
    assert isinstance(picked_one, gaussian_deviation)
    assert picked_one.search.restarts < picked(gaussian(16), "dct").search.restarts
    huber = gencs.losses.Huber(1.0)
    sparse = picked(gaussian(16), **known, loss=huber)
    assert isinstance(sparse, gencs.solvers.SparseDeviation)
    magnitude = gencs.layers.MagnitudeMeasurement(gaussian(16))
    assert not isinstance(picked(magnitude, **known), gaussian_deviation)


@pytest.mark.parametrize("loss", ["l1", "poisson"])
@pytest.mark.parametrize("scale", [0.1, None])
def test_under_losses_that_no_deviation_knows_signals_stay_in_range(loss, scale):
    known = {"deviation_basis": "dct", "deviation_scale": scale}
    method = picked(gaussian(16), **known, loss=loss)
    assert isinstance(method, gencs.solvers.LBFGS)


def test_a_solver_of_the_callers_own_is_taken():
    solver = gencs.solvers.Adam(0.1, steps=3, restarts=2)
    assert picked(gaussian(16), "pixel", solver=solver) is solver


@pytest.mark.parametrize("basis", ["fourier", 3])
def test_rejects_an_unknown_basis(basis):
    with pytest.raises((ValueError, TypeError), match="`deviation_basis`"):
        gencs.models.GenerativeModel(random_generator(), deviation_basis=basis)


@pytest.mark.long
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


@pytest.mark.long
@pytest.mark.parametrize(
    ("always_the_same", "expected"),
    [
        (True, gencs.solvers.GaussianDeviation),
        (False, gencs.solvers.SparseDeviation),
    ],
)
def test_follows_what_the_model_learns_about_itself_later(
    always_the_same, expected, rng
):
    A = gaussian(16)
    model = gencs.models.GenerativeModel(random_generator())
    model.compile(run_eagerly=True)
    x = model.generate(40, seed=0)
    y = A(x[:1])
    before = model.recover(y, A, verbose=0, return_result=True).method
    for one in x:
        row, column = (2, 2) if always_the_same else rng.integers(6, size=2)
        one[row, column] = 1.0
    model.measure_representation_error(x, seed=0, verbose=0)
    assert model.representation_error > 0
    after = model.recover(y, A, verbose=0, return_result=True).method
    assert isinstance(after, expected)
    assert not isinstance(before, expected)
    with pytest.raises(ValueError, match="`x` must hold at least one signal"):
        model.measure_representation_error(x[:0])
