"""Signals that leave the generator's range in few places."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs
from tests.generators import random_generator

SHAPE = (8, 8, 1)
SparseDeviation = gencs.solvers.SparseDeviation
LBFGS = gencs.solvers.LBFGS


def model_with(value_range=(0.0, 1.0), **kwargs):
    model = gencs.models.GenerativeModel(
        random_generator(4, SHAPE), value_range=value_range
    )
    model.compile(latent_penalty=0.0, **kwargs)
    return model


def in_range(count=5):
    return model_with().generate(count, seed=1)


def spiked(rng, x, spikes=3):
    """x with a few pixels of each signal moved far, to 0 or 1."""
    x = x.copy().reshape(len(x), -1)
    for row in x:
        where = rng.choice(x.shape[1], spikes, replace=False)
        row[where] = np.where(row[where] > 0.5, 0.0, 1.0)
    return x.reshape(-1, *SHAPE)


@pytest.mark.long
@pytest.mark.parametrize("loss", ["sse", gencs.losses.Huber(1.0)], ids=["sse", "huber"])
def test_finds_signals_that_deviate_in_few_pixels(rng, loss):
    x = spiked(rng, in_range(), spikes=2)
    A = gencs.layers.GaussianMeasurement(56, seed=0)
    searched = model_with(solver=LBFGS(60, 6), loss=loss).recover(A(x), A, seed=0)
    solver = SparseDeviation(LBFGS(60, 6), iterations=400)
    x_hat = model_with(solver=solver, loss=loss).recover(A(x), A, seed=0)
    assert np.mean((x_hat - x) ** 2) < 0.2 * np.mean((searched - x) ** 2)


@pytest.mark.long
def test_deviation_is_exactly_sparse(rng):
    x = spiked(rng, in_range())
    A = gencs.layers.GaussianMeasurement(40, seed=0)
    model = model_with(solver=SparseDeviation(LBFGS(60, 6), penalty=0.5))
    result = model.recover(A(x), A, seed=0, return_result=True)
    deviation = result.x - model.generate(z=result.z)
    changed = np.count_nonzero(np.abs(deviation) > 1e-6, axis=(1, 2, 3))
    assert (changed >= 1).all()
    assert (changed < 64).all()
    kept = np.count_nonzero(np.abs(deviation) < 1e-6) / deviation.size
    assert kept > 0.25  # whole pixels, not small values


@pytest.mark.long
def test_is_the_minimum_of_what_it_says(rng):
    """No small step lowers the objective at the penalty that its residual sets."""
    x = spiked(rng, in_range(2))
    A = gencs.layers.GaussianMeasurement(30, seed=0)
    y = A(x).numpy() + 0.01 * rng.normal(size=(2, 30)).astype("float32")
    penalty = 0.4
    solver = SparseDeviation(LBFGS(40, 3), penalty=penalty, iterations=3000)
    model = model_with(solver=solver, value_range=None)
    result = model.recover(y, A, seed=0, return_result=True)
    x0 = model.generate(z=result.z)
    scale = penalty * np.sqrt(result.measurement_error / 30)

    def value(x):
        residual = A(x).numpy() - y
        l1 = np.abs(x - x0).sum(axis=(1, 2, 3))
        return 0.5 * np.sum(residual**2, axis=1) + scale * l1

    at_minimum = value(result.x)
    for _ in range(50):
        direction = rng.normal(size=x.shape).astype("float32")
        for size in (1e-1, 1e-2, 1e-3):
            assert (value(result.x + size * direction) > at_minimum - 1e-6).all()


@pytest.mark.long
def test_stays_within_the_value_range(rng):
    x = spiked(rng, in_range())
    A = gencs.layers.GaussianMeasurement(20, seed=0)
    for basis in ("pixel", "dct", "wavelet"):
        solver = SparseDeviation(LBFGS(10, 2), basis, penalty=1e-3, iterations=20)
        model = model_with(solver=solver, run_eagerly=True)
        x_hat = model.recover(A(x), A, seed=0, verbose=0)
        assert x_hat.min() >= 0
        assert x_hat.max() <= 1


@pytest.mark.long
def test_finds_deviations_that_are_sparse_in_another_basis(rng):
    basis = gencs.bases.DCT()
    coefficients = np.zeros((4, *SHAPE), "float32")
    for row in coefficients.reshape(4, -1):
        row[rng.choice(64, 2, replace=False)] = [0.8, -0.8]
    x = in_range(4) + basis.synthesise(coefficients).numpy()
    A = gencs.layers.GaussianMeasurement(52, seed=0)
    errors = {}
    for name in ("pixel", "dct"):
        solver = SparseDeviation(LBFGS(80, 6), basis=name, iterations=300)
        x_hat = model_with(solver=solver, value_range=None).recover(A(x), A, seed=0)
        errors[name] = np.mean((x_hat - x) ** 2)
    assert errors["dct"] < 0.7 * errors["pixel"]


@pytest.mark.long
def test_penalty_by_itself_tells_a_deviation_from_what_it_leaves_open(rng):
    """Far fewer measurements than coefficients need more than a weak penalty."""
    coefficients = np.zeros((8, *SHAPE), "float32")
    for row in coefficients.reshape(8, -1):
        row[rng.choice(64, 2, replace=False)] = [1.5, -1.5]
    x = in_range(8) + gencs.bases.DCT().synthesise(coefficients).numpy()
    A = gencs.layers.GaussianMeasurement(28, seed=0)
    errors = {}
    for penalty in ("auto", 0.1):
        solver = SparseDeviation(LBFGS(60, 6), "dct", penalty, iterations=300)
        x_hat = model_with(solver=solver, value_range=None).recover(A(x), A, seed=0)
        errors[penalty] = np.mean((x_hat - x) ** 2)
    assert errors["auto"] < 0.8 * errors[0.1]


@pytest.mark.long
def test_signals_in_the_range_stay_there():
    x = in_range()
    A = gencs.layers.GaussianMeasurement(20, seed=0)
    x_hat = model_with(solver=SparseDeviation(LBFGS(150, 6))).recover(A(x), A, seed=0)
    assert np.mean((x_hat - x) ** 2) < 1e-7


def test_each_signal_has_its_own_noise_level(rng):
    """A loud signal in the batch must not change what happens to a quiet one."""
    x = spiked(rng, in_range(2))
    A = gencs.layers.GaussianMeasurement(30, seed=0)
    y = A(x).numpy()
    loud = y.copy()
    loud[1] += 0.5 * rng.normal(size=30)
    model = model_with(solver=SparseDeviation(LBFGS(60, 4)))
    quiet, beside = (model.recover(v, A, seed=0) for v in (y, loud))
    np.testing.assert_allclose(quiet[0], beside[0], atol=1e-3)


@pytest.mark.long
def test_a_generator_that_saturates_is_trusted_there(rng):
    """Pixels that G is sure of cost more to change than those it is not sure of."""
    generator = keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.Dense(64, activation="sigmoid"),
            keras.layers.Reshape(SHAPE),
        ]
    )
    bias = np.where(np.arange(64) < 32, -9.0, 0.0)  # half sure, half not
    generator.set_weights([1e-3 * rng.normal(size=(2, 64)), bias])
    model = gencs.models.GenerativeModel(generator, value_range=(0, 1))
    model.compile(solver=SparseDeviation(LBFGS(10, 1)), latent_penalty=0.1)
    x = model.generate(8, seed=0)
    x.reshape(8, 64)[:, 32:36] = 1.0
    A = gencs.layers.GaussianMeasurement(16, seed=0)
    deviation = np.abs(model.recover(A(x), A, seed=0) - x).reshape(8, 64)
    assert deviation[:, :32].mean() < 0.3 * deviation[:, 32:].mean()


def digits(m, noise, count=20):
    """Digits, and what 1 / sqrt(m) Gaussian measurements with noise see of them."""
    images, _ = gencs.datasets.mnist_samples()
    A = gencs.layers.GaussianMeasurement(m, seed=0)
    y = A(images[:count]).numpy()
    y += noise * np.random.default_rng(0).normal(size=y.shape).astype("float32")
    return images[:count], A, y


@pytest.fixture(scope="module")
def vae():
    return gencs.models.VAE.from_preset("mnist_vae")


def error(vae, x, A, y, **kwargs):
    vae.compile(**kwargs)
    return np.mean((vae.recover(y, A, seed=0, verbose=0) - x) ** 2)


@pytest.mark.long
def test_strong_noise_is_not_taken_for_a_deviation(vae):
    x, A, y = digits(100, noise=0.5)
    search = LBFGS(steps=60, restarts=3, probes=500)
    in_range = error(vae, x, A, y, solver=search)
    assert error(vae, x, A, y, solver=SparseDeviation(search)) < 1.3 * in_range
    assert error(vae, x, A, y, solver=SparseDeviation(search), noise=0.5) < in_range


@pytest.mark.long
def test_told_noise_leaves_the_deviations_that_stand_out_of_it(vae):
    x, A, y = digits(100, noise=0.1)
    search = LBFGS(steps=60, restarts=3, probes=500)
    in_range, sparse = (
        error(vae, x, A, y, solver=solver, noise=0.1)
        for solver in (search, SparseDeviation(search))
    )
    assert sparse < 0.8 * in_range


@pytest.mark.long
def test_weak_noise_leaves_every_deviation(vae):
    """Signals far from the range must not pass for noisy ones."""
    x, A, y = digits(500, noise=0.1 / np.sqrt(500))
    search = LBFGS(steps=60, restarts=3, probes=500)
    assert error(vae, x, A, y, solver=SparseDeviation(search)) < 1e-4


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:`x` explains less")
def test_outliers_hardly_matter_to_huber(vae):
    x, A, y = digits(100, noise=0.01, count=30)
    rng = np.random.default_rng(1)
    dirty = np.where(rng.random(y.shape) < 0.05, 10 * rng.normal(size=y.shape), y)
    dirty = dirty.astype("float32")
    huber = gencs.losses.Huber(0.1)
    clean, robust = (error(vae, x, A, v, loss=huber) for v in (y, dirty))
    assert robust < 1.4 * clean
    assert robust < 0.1 * error(vae, x, A, dirty, loss="sse")


def test_inversion_keeps_to_the_range():
    model = model_with(solver=SparseDeviation(LBFGS(20, 2)), run_eagerly=True)
    x = np.full((2, *SHAPE), 0.25, "float32")
    result = model.invert(x, seed=0, verbose=0)
    np.testing.assert_allclose(result.x, model.generate(z=result.z), atol=1e-6)


def test_rejects_what_it_cannot_measure_linearly():
    model = model_with(solver=SparseDeviation())
    with pytest.raises(ValueError, match="needs one linear measurement"):
        model.recover(np.zeros((1, 1), "float32"), lambda x: tf.reduce_max(x, (1, 2)))
    A = gencs.layers.GaussianMeasurement(5, seed=0)
    model = model_with(solver=SparseDeviation(), loss="l1")
    with pytest.raises(ValueError, match="needs the loss 'sse' or `Huber`"):
        model.recover(np.zeros((1, 5), "float32"), A)


@pytest.mark.parametrize(
    ("kwargs", "error"),
    [
        ({"penalty": 0}, ValueError),
        ({"penalty": "strong"}, ValueError),
        ({"iterations": 0}, ValueError),
        ({"basis": "fourier"}, ValueError),
        ({"basis": 3}, TypeError),
        ({"solver": 3}, TypeError),
        ({"solver": "newton"}, ValueError),
    ],
)
def test_rejects_wrong_settings(kwargs, error):
    with pytest.raises(error, match=f"`{next(iter(kwargs))}`"):
        SparseDeviation(**kwargs)


def test_survives_its_config():
    solver = SparseDeviation(LBFGS(7, 3), basis=gencs.bases.Wavelet("db2"), penalty=0.3)
    clone = gencs.solvers.get(keras.saving.serialize_keras_object(solver))
    assert clone.solver.get_config() == solver.solver.get_config()
    assert clone.get_config() == solver.get_config()
    assert clone.search.restarts == 3


@pytest.mark.long
def test_the_weight_of_the_only_term_changes_nothing(rng):
    x = spiked(rng, in_range(2), spikes=2)
    A = gencs.layers.GaussianMeasurement(56, seed=0)
    found = []
    for weight in (1.0, 30.0):
        model = model_with(
            solver=SparseDeviation(LBFGS(60, 3)),
            loss={"a": "sse"},
            loss_weights={"a": weight},
        )
        found.append(model.recover({"a": A(x)}, {"a": A}, seed=0, verbose=0))
    np.testing.assert_allclose(found[0], found[1], atol=1e-2)
    nothing = model_with(
        solver="sparse_deviation", loss={"a": "sse"}, loss_weights={"a": 0.0}
    )
    with pytest.raises(ValueError, match="needs a weight above 0"):
        nothing.recover({"a": A(x)}, {"a": A})


def test_rejects_a_solver_that_samples():
    with pytest.raises(ValueError, match="`solver` must search for one z"):
        SparseDeviation(gencs.solvers.Langevin(noise=0.1))
