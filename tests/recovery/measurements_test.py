"""Recovery through every kind of measurement."""

import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs
from tests.generators import random_generator
from tf_gencs import layers

SHAPE = (6, 6, 2)
MEASUREMENTS = {
    "seeded gaussian": lambda: layers.GaussianMeasurement(20, storage="seed", seed=0),
    "rademacher": lambda: layers.RademacherMeasurement(20, seed=0),
    "hadamard": lambda: layers.HadamardMeasurement(20, seed=0),
    "cosine": lambda: layers.CosineMeasurement(20, seed=0),
    "circulant": lambda: layers.CirculantMeasurement(20, seed=0),
    "a mask for each": lambda: layers.MaskMeasurement(keep=0.5, signals=3, seed=0),
    "magnitudes of a mask for each": lambda: layers.MagnitudeMeasurement(
        layers.MaskMeasurement(keep=0.5, signals=3, seed=0)
    ),
    "small images": lambda: layers.BlurDownsample(2),
    "scan": lambda: layers.FourierMeasurement("random", acceleration=2, seed=0),
    "gray": lambda: layers.GrayscaleMeasurement(),
    "projections": lambda: layers.ProjectionMeasurement(4),
    "stack": lambda: layers.Stack(
        [layers.GrayscaleMeasurement(), layers.HadamardMeasurement(9, seed=0)]
    ),
    "product": lambda: (
        2 * layers.CosineMeasurement(20, seed=0) @ layers.GrayscaleMeasurement()
    ),
}


@pytest.fixture(scope="module")
def model():
    model = gencs.models.GenerativeModel(random_generator(3, SHAPE))
    model.compile(solver=gencs.solvers.LBFGS(steps=100, restarts=4), latent_penalty=0)
    return model


@pytest.fixture(scope="module")
def x(model):
    return model.generate(3, seed=0)


@pytest.mark.parametrize("name", MEASUREMENTS)
def test_recovers_signals_in_the_range(name, model, x):
    A = MEASUREMENTS[name]()
    x_hat = model.recover(A(x), A, seed=1, verbose=0)
    np.testing.assert_allclose(x_hat, x, atol=1e-2)


@pytest.mark.long
def test_recovers_from_magnitudes_without_the_sign(model, x):
    A = layers.MagnitudeMeasurement(layers.GaussianMeasurement(40, seed=0))
    result = model.recover(A(x), A, seed=1, verbose=0, return_result=True)
    # Images in [0, 1] have one sign only, so nothing stays open.
    np.testing.assert_allclose(result.x, x, atol=2e-2)


def test_each_signal_is_recovered_through_its_own_mask(model, x):
    A = MEASUREMENTS["a mask for each"]()
    y = A(x)
    rows = np.asarray(A.rows)
    for i in range(3):
        np.testing.assert_array_equal(y[i], x[i].ravel()[rows[i]])
    result = model.recover(y, A, seed=1, verbose=0, return_result=True)
    errors = tf.reduce_sum((A(result.x) - y) ** 2, axis=1)
    np.testing.assert_allclose(result.measurement_error, errors, atol=1e-6)


@pytest.mark.long
def test_fused_residual_gives_what_the_dense_matrix_gives(model, x):
    hadamard = MEASUREMENTS["hadamard"]()
    y = hadamard(x)
    dense = hadamard.to_dense()
    fused = model.recover(y, hadamard, seed=1, verbose=0)
    np.testing.assert_allclose(
        fused, model.recover(y, dense, seed=1, verbose=0), atol=1e-2
    )


def test_masks_of_their_own_go_with_their_signals(model, x):
    """Chunks, races and probes: a signal gets what its mask alone would give it."""
    A = MEASUREMENTS["a mask for each"]()
    y = A(x).numpy()
    whole = model.recover(y, A, seed=1, verbose=0)
    for batch_size in (1, 2):
        cut = model.recover(y, A, seed=1, verbose=0, batch_size=batch_size)
        np.testing.assert_allclose(cut, whole, atol=1e-3)
    mask = np.zeros(x[0].size, bool)
    mask[np.asarray(A.rows)[0]] = True
    alone = layers.MaskMeasurement(mask.reshape(SHAPE))
    np.testing.assert_allclose(
        model.recover(y[:1], alone, seed=1, verbose=0), whole[:1], atol=1e-3
    )


def test_rejects_a_batch_that_does_not_fit_the_masks(model):
    A = MEASUREMENTS["a mask for each"]()
    A.build((None, *SHAPE))
    with pytest.raises(ValueError, match="`y` must hold 3 signals"):
        model.recover(np.zeros((2, A.measurements), "float32"), A)
