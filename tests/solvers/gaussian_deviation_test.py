"""Signals that leave the generator's range by a Gaussian deviation."""

import keras
import numpy as np
import pytest

import tf_gencs as gencs
from tests.generators import linear_generator, random_generator

SHAPE = (8, 8, 1)
N = 64
GaussianDeviation = gencs.solvers.GaussianDeviation
LBFGS = gencs.solvers.LBFGS
DCT = gencs.bases.DCT()

# Coefficients fall off with their frequency.
SCALE = (0.3 / (1 + np.add.outer(np.arange(8), np.arange(8)) ** 2))[..., None]


def deviations(rng, count):
    c = SCALE * rng.normal(size=(count, *SHAPE))
    return DCT.synthesise(c).numpy()


def linear_model(rng, **kwargs):
    """G(z) = W z with its W, float64."""
    W = rng.normal(size=(N, 3))
    model = gencs.models.GenerativeModel(linear_generator(W, SHAPE))
    model.compile(**kwargs)
    return model, W


def covariance(A):
    """K without noise, as the class's docstring has it, and A B^T diag(scale^2) B."""
    matrix = A.to_dense().numpy()
    rows = DCT.analyse(matrix.reshape(-1, *SHAPE)).numpy()
    spread = DCT.synthesise(rows * SCALE**2).numpy().reshape(-1, N)
    return matrix @ spread.T, spread


@pytest.mark.long
@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_is_the_most_likely_signal(rng, noise):
    """With a linear G and a weight for z, search and deviation have closed forms."""
    A = gencs.layers.GaussianMeasurement(20, seed=0, dtype="float64")
    solver = GaussianDeviation(
        LBFGS(200, 1, tolerance=1e-12), scale=SCALE, tolerance=1e-9, iterations=500
    )
    model, W = linear_model(
        rng,
        solver=solver,
        noise=noise,
        latent_penalty=0.5,
        estimate="best",
        run_eagerly=True,
    )
    x = model.generate(5, seed=0) + deviations(rng, 5)
    y = A(x).numpy() + noise * rng.normal(size=(5, 20))
    result = model.recover(y, A, seed=0, verbose=0, return_result=True)

    K, spread = covariance(A)
    size = np.trace(K) / len(K)
    # Without noise the search keeps a little, for its own sake.
    searched = K + max(noise**2, 1e-4 * size) * np.eye(20)
    mean = np.trace(searched) / len(K)
    design = A.to_dense().numpy() @ W
    inverse = np.linalg.inv(searched)
    normal = mean * design.T @ inverse @ design + 0.5 * np.eye(3)
    z = np.linalg.solve(normal, mean * design.T @ inverse @ y.T).T
    np.testing.assert_allclose(result.z, z, rtol=1e-4, atol=1e-5)

    x0 = model.generate(z=result.z)
    residual = y - A(x0).numpy()
    shift = np.linalg.solve(K + noise**2 * np.eye(20), residual.T).T @ spread
    np.testing.assert_allclose(result.x, x0 + shift.reshape(x.shape), atol=1e-4)


def test_explains_all_of_y_where_there_is_no_noise(rng):
    A = gencs.layers.GaussianMeasurement(20, seed=0)
    solver = GaussianDeviation(LBFGS(60, 4), scale=SCALE, tolerance=1e-6)
    model = gencs.models.GenerativeModel(random_generator(4, SHAPE))
    model.compile(solver=solver, noise=0.0, run_eagerly=True)
    x = model.generate(4, seed=0) + deviations(rng, 4).astype("float32")
    result = model.recover(A(x), A, seed=0, verbose=0, return_result=True)
    assert (result.measurement_error < 1e-6).all()


def errors(x, A, **solvers):
    """MSE of each solver on signals near the range of a random generator."""
    found = {}
    for name, solver in solvers.items():
        model = gencs.models.GenerativeModel(random_generator(4, SHAPE))
        model.compile(solver=solver, latent_penalty=0.0, run_eagerly=True)
        x_hat = model.recover(A(x), A, seed=0, verbose=0)
        found[name] = np.mean((x_hat - x) ** 2)
    return found


@pytest.mark.long
@pytest.mark.parametrize(
    "A",
    [
        gencs.layers.GaussianMeasurement(24, seed=0),
        gencs.layers.BlurDownsample(2),
    ],
    ids=lambda A: A.name,
)
def test_beats_the_range_and_sparse_deviations_where_it_holds(rng, A):
    generator = gencs.models.GenerativeModel(random_generator(4, SHAPE))
    x = generator.generate(20, seed=0) + deviations(rng, 20).astype("float32")
    search = LBFGS(60, 6)
    found = errors(
        x,
        A,
        search=search,
        sparse=gencs.solvers.SparseDeviation(search, "dct"),
        gaussian=GaussianDeviation(search, scale=SCALE),
    )
    assert found["gaussian"] < 0.5 * found["search"]
    assert found["gaussian"] < 0.8 * found["sparse"]


@pytest.mark.long
def test_searches_by_what_deviations_seldom_do(rng, monkeypatch):
    """The search that weighs residuals finds better z than one of plain squares."""
    A = gencs.layers.GaussianMeasurement(24, seed=0)
    model = gencs.models.GenerativeModel(random_generator(4, SHAPE))
    x = model.generate(40, seed=0)
    near = x + deviations(rng, 40).astype("float32")
    solver = GaussianDeviation(LBFGS(60, 6), scale=SCALE)

    def misses():
        model.compile(solver=solver, run_eagerly=True)
        result = model.recover(A(near), A, seed=0, verbose=0, return_result=True)
        return np.mean((model.generate(z=result.z) - x) ** 2)

    weighed = misses()
    monkeypatch.setattr(GaussianDeviation, "_LARGEST_MATRIX", 0)
    assert weighed < 0.8 * misses()


def test_every_signal_may_have_measurements_of_its_own(rng):
    masks = np.stack([rng.permutation(N).reshape(8, 8) < 30 for _ in range(4)])
    A = gencs.layers.MaskMeasurement(masks, signals=4)
    model = gencs.models.GenerativeModel(random_generator(4, SHAPE))
    x = model.generate(4, seed=0) + deviations(rng, 4).astype("float32")
    found = errors(
        x, A, search=LBFGS(60, 4), gaussian=GaussianDeviation(LBFGS(60, 4), scale=SCALE)
    )
    assert found["gaussian"] < 0.7 * found["search"]


@pytest.mark.long
def test_noise_that_shows_itself_is_not_explained(rng):
    A = gencs.layers.GaussianMeasurement(40, seed=0)
    model = gencs.models.GenerativeModel(
        random_generator(4, SHAPE), representation_error=float(np.mean(SCALE**2))
    )
    x = model.generate(20, seed=0) + deviations(rng, 20).astype("float32")
    noise = 0.3
    y = A(x).numpy() + noise * rng.normal(size=(20, 40)).astype("float32")
    mse = {}
    for told in (None, noise, 0.0):
        solver = GaussianDeviation(LBFGS(30, 4), scale=SCALE)
        model.compile(solver=solver, noise=told, run_eagerly=True)
        mse[told] = np.mean((model.recover(y, A, seed=0, verbose=0) - x) ** 2)
    assert mse[noise] < mse[None] < 3 * mse[noise]
    assert mse[None] < 0.2 * mse[0.0]


@pytest.mark.long
@pytest.mark.parametrize(
    ("known", "factor"), [(None, 30.0), (float(np.mean(SCALE**2)), 1.0)]
)
def test_takes_no_deviation_for_noise(rng, known, factor):
    """Whatever the size of A, and whether the representation error is known or not."""
    matrix = factor * gencs.layers.GaussianMeasurement(24, seed=0, dtype="float64")
    model = gencs.models.GenerativeModel(
        random_generator(4, SHAPE), representation_error=known
    )
    x = model.generate(20, seed=0) + deviations(rng, 20).astype("float32")
    y = matrix(x).numpy().astype("float32")
    mse = []
    for noise in (None, 0.0):
        solver = GaussianDeviation(LBFGS(60, 4), scale=SCALE)
        model.compile(solver=solver, noise=noise, run_eagerly=True)
        x_hat = model.recover(y, matrix, seed=0, verbose=0)
        mse.append(np.mean((x_hat - x) ** 2))
    assert mse[0] < 2 * mse[1]  # the search allows for some noise


@pytest.mark.long
def test_what_a_signal_comes_to_is_its_own(rng):
    """Neither a huge signal beside it nor the cut into batches changes it."""
    A = gencs.layers.GaussianMeasurement(24, seed=0)
    model = gencs.models.GenerativeModel(random_generator(4, SHAPE))
    model.compile(solver=GaussianDeviation(LBFGS(300, 4, tolerance=0), scale=SCALE))
    y = A(model.generate(6, seed=0) + deviations(rng, 6).astype("float32")).numpy()
    together = model.recover(y, A, seed=0, verbose=0)
    apart = model.recover(y, A, seed=0, verbose=0, batch_size=1)
    np.testing.assert_allclose(apart, together, atol=1e-3)
    y[2] *= 1e9
    beside = model.recover(y, A, seed=0, verbose=0)
    assert np.isfinite(beside).all()
    others = [0, 1, 3, 4, 5]
    np.testing.assert_allclose(beside[others], together[others], atol=1e-3)


@pytest.mark.long
@pytest.mark.parametrize(
    "search",
    [
        gencs.solvers.ProjectedGradient(None, steps=10, restarts=2, inner=LBFGS(8)),
        gencs.solvers.LevenbergMarquardt(steps=10, restarts=4),
    ],
    ids=["pgd", "lm"],
)
def test_follows_any_search(rng, search):
    A = gencs.layers.GaussianMeasurement(24, seed=0)
    model = gencs.models.GenerativeModel(random_generator(4, SHAPE))
    x = model.generate(10, seed=0) + deviations(rng, 10).astype("float32")
    found = errors(x, A, search=search, gaussian=GaussianDeviation(search, scale=SCALE))
    assert found["gaussian"] < 0.7 * found["search"]


@pytest.mark.long
def test_weighs_in_the_precision_of_the_model(rng):
    """Also where A has its matrix, and measures, in a lesser one."""
    A = gencs.layers.GaussianMeasurement(24, seed=0)
    solver = GaussianDeviation(LBFGS(60, 1, tolerance=0), scale=SCALE)
    model, _ = linear_model(rng, solver=solver, run_eagerly=True)
    assert model.recovery_dtype == "float64"
    A.build((None, *SHAPE))
    wide = gencs.layers.MatrixMeasurement(A.to_dense(), dtype="float64")
    y = wide(model.generate(2, seed=0) + deviations(rng, 2)).numpy()
    found, expected = (
        model.recover(y, B, seed=0, verbose=0, return_result=True) for B in (A, wide)
    )
    np.testing.assert_allclose(found.z, expected.z, rtol=1e-12)
    np.testing.assert_allclose(found.x, expected.x, atol=1e-3)


@pytest.mark.filterwarnings("ignore:`x` explains less")
def test_stays_within_the_value_range(rng):
    A = gencs.layers.GaussianMeasurement(40, seed=0)
    model = gencs.models.GenerativeModel(random_generator(4, SHAPE), value_range=(0, 1))
    solver = GaussianDeviation(LBFGS(20, 4), scale=SCALE)
    model.compile(solver=solver, run_eagerly=True)
    x_hat = model.recover(A(3 * rng.normal(size=(3, *SHAPE))), A, seed=0, verbose=0)
    assert x_hat.min() == 0
    assert x_hat.max() <= 1


def test_nothing_deviates_where_the_scale_is_0(rng):
    A = gencs.layers.GaussianMeasurement(40, seed=0)
    model = gencs.models.GenerativeModel(random_generator(4, SHAPE))
    x = model.generate(3, seed=0) + deviations(rng, 3).astype("float32")
    solver = GaussianDeviation(LBFGS(20, 4), scale=0.0)
    model.compile(solver=solver, run_eagerly=True)
    result = model.recover(A(x), A, seed=0, verbose=0, return_result=True)
    np.testing.assert_allclose(result.x, model.generate(z=result.z), atol=1e-6)


def test_an_inversion_stays_within_the_range(rng):
    model = gencs.models.GenerativeModel(random_generator(4, SHAPE))
    solver = GaussianDeviation(LBFGS(20, 4), scale=SCALE)
    model.compile(solver=solver, run_eagerly=True)
    x = model.generate(3, seed=0) + deviations(rng, 3).astype("float32")
    result = model.invert(x, seed=0, verbose=0)
    np.testing.assert_allclose(result.x, model.generate(z=result.z), atol=1e-6)


@pytest.mark.parametrize("scale", [0.5, SCALE])
def test_config_keeps_every_bit(scale):
    solver = GaussianDeviation(
        LBFGS(7, 2), "wavelet", scale=scale, iterations=30, tolerance=1e-2
    )
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(solver)
    )
    np.testing.assert_array_equal(again.scale, np.float32(scale))
    assert isinstance(again.basis, gencs.bases.Wavelet)
    assert (again.iterations, again.tolerance) == (30, 1e-2)
    assert again.solver.steps == 7


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"scale": -1.0}, "`scale` must hold numbers of at least 0"),
        ({"scale": [np.nan]}, "`scale` must hold numbers of at least 0"),
        ({"scale": 1e20}, "`scale` must hold numbers of at least 0 and below 1e12"),
        ({"scale": "0.5"}, "`scale` must be an array"),
        ({"scale": True}, "`scale` must hold numbers"),
        ({"scale": [[1.0], [1.0, 2.0]]}, "`scale` must be .* rows of equal lengths"),
        ({"basis": "fourier"}, "`basis` must be"),
        ({"iterations": 0}, "`iterations` must be"),
        ({"tolerance": -1}, "`tolerance` must be"),
    ],
)
def test_rejects_wrong_arguments(kwargs, message):
    with pytest.raises((TypeError, ValueError), match=message):
        GaussianDeviation(**{"scale": 1.0, **kwargs})


def test_rejects_what_it_cannot_work_on():
    model = gencs.models.GenerativeModel(random_generator(4, SHAPE))
    A = gencs.layers.GaussianMeasurement(10, seed=0)
    y = np.zeros((1, 10), "float32")
    model.compile(solver=GaussianDeviation(scale=np.ones((8, 8, 3))))
    with pytest.raises(ValueError, match="`scale` must be a number or have the sig"):
        model.recover(y, A)
    model.compile(solver=GaussianDeviation(scale=1.0), loss=gencs.losses.Huber(1.0))
    with pytest.raises(ValueError, match="needs the loss 'sse'"):
        model.recover(y, A)
    model.compile(solver=GaussianDeviation(scale=1.0))
    with pytest.raises(ValueError, match="needs one linear measurement"):
        model.recover(y, gencs.layers.MagnitudeMeasurement(A))
