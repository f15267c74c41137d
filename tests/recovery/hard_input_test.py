"""Input that is legal, and bad."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs
from tests.generators import random_generator

SHAPE = (6, 6, 1)


@pytest.fixture(scope="module")
def model():
    return model_with()


def model_with(value_range=(0, 1), basis="pixel", **kwargs):
    model = gencs.models.GenerativeModel(
        random_generator(),
        value_range=value_range,
        deviation_basis=basis,
        representation_error=0.01,
    )
    if kwargs:
        model.compile(**kwargs)
    return model


def matrix(m, seed=0):
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(m, 36)) / np.sqrt(m)).astype("float32")


@pytest.mark.parametrize(
    ("m", "basis"), [(1, "pixel"), (1, None), (3, None), (36, None), (200, "pixel")]
)
def test_fewer_measurements_than_latents_and_more_than_pixels(m, basis):
    model = model_with(basis=basis, run_eagerly=True)
    x = model.generate(3, seed=0)
    A = matrix(m)
    result = model.recover(
        x.reshape(3, 36) @ A.T, A, seed=0, verbose=0, return_result=True
    )
    assert np.isfinite(result.x).all()
    if m >= 36:
        assert np.mean((result.x - x) ** 2) < 1e-3


@pytest.mark.long
def test_constant_y(model):
    y = np.repeat(np.float32([[0.0], [1.0], [-3.0], [1e6], [1e-20]]), 12, axis=1)
    with pytest.warns(RuntimeWarning, match="less than half of `y` for 3 of 5"):
        result = model.recover(y, matrix(12), seed=0, verbose=0, return_result=True)
    assert np.isfinite(result.x).all()
    assert result.x.min() >= 0
    assert result.x.max() <= 1


@pytest.mark.long
def test_constant_signals():
    x = np.ones((3, *SHAPE), "float32") * np.float32([0, 0.5, 1])[:, None, None, None]
    A = gencs.layers.GaussianMeasurement(30, seed=0)
    # So far from G's range, y would pass for noise: say that there is none.
    x_hat = model_with(noise=0.0).recover(A(x), A, seed=0, verbose=0)
    assert np.mean((x_hat - x) ** 2, axis=(1, 2, 3)).max() < 0.03


def test_repeated_rows_tell_nothing_new_and_do_no_harm():
    solver = gencs.solvers.LBFGS(80, 4)
    model = model_with(solver=solver, latent_penalty=0.0, run_eagerly=True)
    x = model.generate(3, seed=0)
    A = matrix(12)
    twice = np.concatenate([A, A])
    x_hat = model.recover(x.reshape(3, 36) @ twice.T, twice, seed=0, verbose=0)
    np.testing.assert_allclose(x_hat, x, atol=1e-2)


@pytest.mark.long
def test_rows_and_columns_of_zeros(model):
    A = matrix(12)
    A[3] = A[:, 7] = 0
    x_hat = model.recover(np.zeros((2, 12), "float32"), A, seed=0, verbose=0)
    assert np.isfinite(x_hat).all()


@pytest.mark.parametrize("restarts", [1, 3000])
def test_one_restart_and_thousands(restarts):
    solver = gencs.solvers.LBFGS(steps=5, restarts=restarts, margin=8.0)
    for estimate in ("best", "mean"):
        model = model_with(solver=solver, estimate=estimate, run_eagerly=True)
        x = model.generate(2, seed=0)
        A = matrix(12)
        result = model.recover(
            x.reshape(2, 36) @ A.T, A, seed=0, verbose=0, return_result=True
        )
        assert result.restart_errors.shape == (2, restarts)
        assert np.isfinite(result.x).all()


class Cliff(keras.layers.Layer):
    """Gives NaN where the first latent value is above 0."""

    def call(self, z):
        bad = tf.where(z[:, :1] > 0, np.nan, 0.0)
        return tf.reshape(tf.sigmoid(tf.tile(z, [1, 18])) + bad, (-1, *SHAPE))


@pytest.mark.parametrize(
    ("solver", "estimate"),
    [
        (gencs.solvers.LBFGS(20, 6, margin=8.0), "best"),
        (gencs.solvers.LBFGS(20, 6, margin=8.0), "mean"),
        (gencs.solvers.Adam(0.05, steps=60, restarts=6), "best"),
        (gencs.solvers.SparseDeviation(gencs.solvers.LBFGS(20, 6)), "mean"),
        (
            gencs.solvers.GaussianDeviation(gencs.solvers.LBFGS(20, 6), scale=0.01),
            "best",
        ),
    ],
    ids=["lbfgs", "mean", "adam", "sparse deviation", "gaussian deviation"],
)
def test_a_generator_that_gives_nan_here_and_there(solver, estimate):
    model = gencs.models.GenerativeModel(
        Cliff(), latent_dim=2, value_range=(0, 1), name="cliff"
    )
    model.compile(
        solver=solver, estimate=estimate, latent_penalty=0.0, run_eagerly=True
    )
    z = np.array([[-1.0, 1.0], [-0.5, -1.0]], "float32")
    x = model.generate(z=z)
    A = gencs.layers.GaussianMeasurement(12, seed=0)
    with pytest.warns(RuntimeWarning, match="of 12 restarts met NaN"):
        result = model.recover(A(x), A, seed=1, verbose=0, return_result=True)
    assert np.isfinite(result.x).all()
    np.testing.assert_allclose(result.x, x, atol=2e-2)


def test_a_generator_that_was_lost_to_nan_is_told_and_returns():
    generator = random_generator()
    model = gencs.models.GenerativeModel(generator)
    model.compile(run_eagerly=True)
    generator.set_weights([w * np.nan for w in generator.get_weights()])
    A = gencs.layers.GaussianMeasurement(12, seed=0)
    with pytest.warns(RuntimeWarning, match=r"2 of 2 signals.*`model\.generate\(1\)`"):
        result = model.recover(
            np.zeros((2, 12), "float32"), A, seed=1, verbose=0, return_result=True
        )
    assert not result.converged.any()
    assert np.isinf(result.restart_errors).all()


def test_probes_step_around_nan():
    """Where other starts are to be had, none is wasted on NaN."""
    model = gencs.models.GenerativeModel(Cliff(), latent_dim=2)
    solver = gencs.solvers.LBFGS(20, 6, probes=50)
    model.compile(solver=solver, latent_penalty=0.0, run_eagerly=True)
    x = model.generate(z=np.array([[-1.0, 1.0]], "float32"))
    A = gencs.layers.GaussianMeasurement(12, seed=0)
    result = model.recover(A(x), A, seed=1, verbose=0, return_result=True)
    assert np.isfinite(result.restart_errors).all()
