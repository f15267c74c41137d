"""Projected gradient descent where its course is known."""

import keras
import numpy as np
import pytest

import tf_gencs as gencs
from tests.generators import linear_generator, random_generator
from tf_gencs.datasets import mnist_samples
from tf_gencs.solvers import LBFGS, Adam, ProjectedGradient

SHAPE = (8, 8, 1)
RNG = np.random.default_rng(0)
W, _ = np.linalg.qr(RNG.normal(size=(64, 4)))  # orthonormal columns
MATRIX = RNG.normal(size=(40, 64)) / np.sqrt(40)
EXACT = LBFGS(steps=20, restarts=1, tolerance=0)


def recovered(generator, x, A, solver, z=None, **kwargs):
    dtype = kwargs.pop("dtype", "float64")
    model = gencs.models.GenerativeModel(generator, dtype=dtype)
    model.compile(solver=solver, **{"latent_penalty": 0, **kwargs})
    A = gencs.layers.as_measurement(A, x.shape[1:], dtype=dtype)
    return model.recover(A(x), A, z=z, seed=1, verbose=0, return_result=True)


def linear_signals():
    z = np.random.default_rng(1).normal(size=(5, 4))
    return z, (z @ W.T).reshape(5, *SHAPE)


@pytest.mark.long
@pytest.mark.filterwarnings("ignore:`x` explains less")
def test_takes_the_steps_that_theory_computes():
    """With G(z) = W z, W^T W = I: z moves by step_size * W^T A^T A W (z* - z)."""
    truth, x = linear_signals()
    normal = W.T @ MATRIX.T @ MATRIX @ W
    start = np.random.default_rng(2).normal(size=truth.shape)
    expected = start
    for steps in (1, 2, 3):
        expected = expected + 0.5 * (truth - expected) @ normal
        solver = ProjectedGradient(steps=steps, inner=EXACT, tolerance=0)
        result = recovered(
            linear_generator(W, SHAPE), x, MATRIX, solver, z=start, run_eagerly=True
        )
        np.testing.assert_allclose(result.z, expected, atol=1e-9)
        np.testing.assert_array_equal(result.steps, steps)


@pytest.mark.long
def test_error_falls_by_a_constant_factor_to_the_truth():
    truth, x = linear_signals()
    curvatures = np.linalg.eigvalsh(W.T @ MATRIX.T @ MATRIX @ W)
    assert 0.3 < curvatures[0] < curvatures[-1] < 2  # a restricted isometry
    factor = np.max(np.abs(1 - 0.5 * curvatures))
    start = np.random.default_rng(2).normal(size=truth.shape)
    errors = [np.linalg.norm(start - truth, axis=1)]
    for steps in (5, 60):
        solver = ProjectedGradient(steps=steps, inner=EXACT, tolerance=0)
        result = recovered(linear_generator(W, SHAPE), x, MATRIX, solver, z=start)
        errors.append(np.linalg.norm(result.z - truth, axis=1))
        assert (errors[-1] <= factor**steps * errors[0] * 1.001 + 1e-7).all()
    assert np.max(errors[-1]) < 1e-6


@pytest.mark.long
def test_penalty_leads_where_the_whole_objective_is_least():
    _, x = linear_signals()
    solver = ProjectedGradient(steps=80, inner=EXACT, tolerance=0)
    result = recovered(
        linear_generator(W, SHAPE), x, MATRIX, solver, latent_penalty=0.3
    )
    AW = MATRIX @ W
    y = x.reshape(5, -1) @ MATRIX.T
    expected = np.linalg.solve(AW.T @ AW + 0.3 * np.eye(4), AW.T @ y.T).T
    np.testing.assert_allclose(result.z, expected, atol=1e-6)


@pytest.mark.long
@pytest.mark.filterwarnings("ignore:`x` explains less")
def test_safe_step_size_is_exact_for_orthonormal_rows_and_descends_for_others():
    _, x = linear_signals()
    keep_all = gencs.layers.IdentityMeasurement(dtype="float64")
    one = ProjectedGradient(None, steps=1, inner=EXACT)
    result = recovered(linear_generator(W, SHAPE), x, keep_all, one)
    # 1 / ||A||^2, but for the margin of the power method.
    np.testing.assert_allclose(result.x, x, atol=0.1)
    errors = [
        recovered(
            linear_generator(W, SHAPE),
            x,
            100 * MATRIX,
            ProjectedGradient(None, steps=steps, inner=EXACT),
            z=np.zeros((5, 4)),
        ).measurement_error
        for steps in (1, 8)
    ]
    assert (errors[0] > 3 * errors[1]).all()


@pytest.mark.long
def test_reaches_signals_in_the_range_of_a_network():
    generator = random_generator()
    model = gencs.models.GenerativeModel(generator)
    x = model.generate(6, seed=1)
    solver = ProjectedGradient(steps=40, restarts=4, inner=LBFGS(steps=30))
    A = gencs.layers.GaussianMeasurement(24, seed=0)
    result = recovered(generator, x, A, solver, dtype="float32")
    assert np.max(np.mean((result.x - x) ** 2, axis=(1, 2, 3))) < 1e-6


@pytest.mark.long
@pytest.mark.filterwarnings("ignore:`x` explains less")
def test_converges_when_the_measurement_error_stalls():
    _, x = linear_signals()
    # Beside the range of G: the error ends above 0.
    x = x + 0.1 * np.random.default_rng(3).normal(size=x.shape)
    solver = ProjectedGradient(steps=100, inner=EXACT, tolerance=1e-3)
    result = recovered(linear_generator(W, SHAPE), x, MATRIX, solver)
    assert result.converged.all()
    assert (result.steps < 60).all()
    short = ProjectedGradient(steps=2, inner=EXACT, tolerance=1e-3)
    result = recovered(linear_generator(W, SHAPE), x, MATRIX, short, run_eagerly=True)
    assert not result.converged.any()


@pytest.mark.filterwarnings("ignore:`x` explains less")
def test_a_step_size_that_is_too_long_keeps_the_best_point_and_poisons_no_lane():
    _, x = linear_signals()
    x = np.concatenate([x, np.zeros((1, *SHAPE))])  # z = 0 is the fixed point
    start = np.concatenate([np.ones((5, 4)), np.zeros((1, 4))])
    solver = ProjectedGradient(1e30, steps=30, inner=Adam(0.1, steps=3))
    result = recovered(linear_generator(W, SHAPE), x, MATRIX, solver, z=start)
    residual = (start @ W.T - x.reshape(6, -1)) @ MATRIX.T
    at_start = np.sum(residual**2, axis=1)
    assert (result.measurement_error <= at_start * (1 + 1e-9)).all()
    np.testing.assert_array_equal(result.z[5], 0)


@pytest.mark.slow
def test_is_about_as_good_as_a_direct_search_of_as_many_steps_from_the_same_probes():
    """2 restarts of 20 x 25 inner steps against 2 of 500 at the paper's rate."""
    model = gencs.models.VAE.from_preset("mnist_vae")
    x = mnist_samples()[0][:10]
    A = gencs.layers.GaussianMeasurement(100, seed=0)
    shared = {"restarts": 2, "probes": 1000}
    errors = {}
    for solver in (
        ProjectedGradient(steps=20, inner=Adam(0.1, steps=25), **shared),
        Adam(0.01, steps=500, **shared),
    ):
        model.compile(solver=solver)
        x_hat = model.recover(A(x), A, seed=0, verbose=0)
        errors[type(solver)] = np.mean((x_hat - x) ** 2)
    assert errors[ProjectedGradient] <= 1.15 * errors[Adam]


def test_a_step_size_of_none_needs_one_linear_measurement():
    model = gencs.models.GenerativeModel(random_generator())
    model.compile(solver=ProjectedGradient(None))
    magnitudes = gencs.layers.MagnitudeMeasurement(
        gencs.layers.GaussianMeasurement(12, seed=0)
    )
    with pytest.raises(ValueError, match="`step_size` must be a number unless"):
        model.recover(np.ones((2, 12), "float32"), magnitudes, verbose=0)


@pytest.mark.parametrize(
    "kwargs",
    [
        {"step_size": 0},
        {"step_size": float("nan")},
        {"steps": 0},
        {"tolerance": -1},
    ],
)
def test_rejects_wrong_settings(kwargs):
    with pytest.raises(ValueError, match=f"`{next(iter(kwargs))}`"):
        ProjectedGradient(**kwargs)


def test_survives_its_config():
    solver = ProjectedGradient(None, steps=7, inner=LBFGS(3), probes=50, margin=2.0)
    clone = gencs.solvers.get(keras.saving.serialize_keras_object(solver))
    assert clone.get_config() == solver.get_config()
    assert isinstance(gencs.solvers.get("projected_gradient"), ProjectedGradient)
