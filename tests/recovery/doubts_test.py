"""A good answer is told from a bad one."""

import warnings

import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs
from tests.generators import linear_generator, random_generator
from tf_gencs import layers, solvers
from tf_gencs.recovery.problem import DataTerms
from tf_gencs.recovery.search.evenness import even_measurements

SHAPE, N, K, M = (6, 6, 1), 36, 4, 12
ARGUMENTS = {"seed": 0, "verbose": 0, "return_result": True}


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def model(rng):
    model = gencs.models.GenerativeModel(
        linear_generator(rng.normal(size=(N, K)), SHAPE, "float32")
    )
    model.compile(solver=solvers.LBFGS(100, 2), latent_penalty=0)
    return model


@pytest.fixture
def A():
    return layers.GaussianMeasurement(M, seed=0)


@pytest.mark.long
def test_a_result_says_what_share_of_y_is_explained(model, A, rng):
    y = A(model.generate(4, seed=1)).numpy()
    y += np.float32([[0], [0], [0.5], [0.5]]) * rng.normal(size=y.shape)
    y = np.float32(y)
    result = model.recover(y, A, **ARGUMENTS)
    left = np.sum((A(result.x).numpy() - y) ** 2, axis=1) / np.sum(y**2, axis=1)
    np.testing.assert_allclose(result.explained, 1 - left, atol=1e-5)
    assert result.explained[:2].min() > 0.9999 > result.explained[2:].max()


def test_one_warning_where_most_signals_are_not_explained(model, A, rng):
    y = np.float32(rng.normal(size=(5, M)))
    y[:, :K] *= 0.1
    with pytest.warns(RuntimeWarning, match="less than half of `y` for") as caught:
        result = model.recover(y, A, batch_size=2, **ARGUMENTS)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert np.median(result.explained) < 0.5
    assert f"for {np.sum(result.explained < 0.5)} of 5" in str(caught[0].message)


@pytest.mark.long
def test_no_warning_where_few_signals_are_not_explained_or_noise_is_told(model, A, rng):
    noise = np.float32(rng.normal(size=(5, M)))
    y = A(model.generate(5, seed=1)).numpy()
    basis = np.linalg.qr(A(model.generate(M, seed=2)).numpy().T)[0][:, :K]
    y[0] = noise[0] - basis @ (basis.T @ noise[0])
    bent = gencs.models.GenerativeModel(random_generator())  # it makes no zeros
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert model.recover(y, A, **ARGUMENTS).explained[0] < 0.5
        bent.compile(solver=solvers.LBFGS(2, 1))
        nothing = bent.recover(np.zeros((3, M), "float32"), A, **ARGUMENTS)
        assert np.isneginf(nothing.explained).all()
        model.compile(solver=solvers.LBFGS(5, 1), loss="l1", latent_penalty=0)
        assert model.recover(y[:1], A, **ARGUMENTS).explained[0] < 0.5
        model.compile(solver=solvers.LBFGS(100, 2), latent_penalty=0)
        model.recover(np.zeros((3, M), "float32"), A, **ARGUMENTS)
        model.compile(solver=solvers.LBFGS(100, 2), noise=1.0)
        model.recover(noise, A, **ARGUMENTS)


@pytest.mark.parametrize("m", [20, 100])
def test_random_measurements_see_as_evenly_as_their_number_says(m):
    even = evenness(layers.GaussianMeasurement(m, seed=0))
    assert 0.75 * m < even < 1.3 * m


@pytest.mark.parametrize(
    ("make", "share"),
    [(lambda s: layers.MaskMeasurement(keep=s, seed=0), s) for s in (0.2, 0.5, 0.8)],
)
def test_masks_see_as_unevenly_as_few_random_measurements(make, share):
    # A mask's squares are 1 for a share s of values, else 0: 2 s / (1 - s).
    even = evenness(make(share))
    assert 0.6 < even / (2 * share / (1 - share)) < 1.6


def test_what_sees_all_values_alike_is_even():
    assert evenness(layers.HadamardMeasurement(100, seed=0)) > 1e4
    assert evenness(3 * layers.IdentityMeasurement()) > 1e4


@pytest.mark.long
def test_what_a_mask_hides_is_left_to_the_prior(monkeypatch):
    x = gencs.datasets.mnist_samples()[0][:30]
    half = np.zeros(x.shape[1:3], bool)
    half[:14] = True
    A = layers.MaskMeasurement(half)
    y, errors = A(x), []
    for uneven in (True, False):
        if not uneven:  # as if A saw like m random measurements
            monkeypatch.setattr(
                "tf_gencs.recovery.search.program.even_measurements",
                lambda data: tf.constant(data.measurements, data.dtype),
            )
        model = gencs.models.VAE.from_preset("mnist_vae")
        errors.append(np.mean((model.recover(y, A, seed=0, verbose=0) - x) ** 2))
    assert errors[0] < 0.95 * errors[1]


def test_an_inversion_need_explain_nothing(model, rng):
    x = np.float32(rng.normal(size=(3, *SHAPE)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = model.invert(x, seed=0, verbose=0)
    assert result.explained.max() < 0.5


def test_a_result_prints_shapes(model, A):
    result = model.recover(A(model.generate(2, seed=1)), A, **ARGUMENTS)
    assert repr(result).startswith(
        "RecoveryResult(x: (2, 6, 6, 1), measurement_error: (2,)"
    )
    assert len(repr(result)) < 400


def evenness(A):
    A.build((None, 28, 28, 1))
    settings = gencs.recovery.RecoverySettings()
    data = settings.data({"y": A}, "float32", gencs.recovery.Facts())
    assert isinstance(data, DataTerms)
    derived = data.derive(data.values())
    return float(even_measurements(data.bind({"y": {}}, derived)))
