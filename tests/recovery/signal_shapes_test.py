"""Recovery of lines, images, volumes and vectors, and of y in its own shape."""

import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs
from tests.generators import random_generator
from tf_gencs import layers

SHAPES = [(24,), (4, 6, 4, 1), (24, 2), (6, 6, 1)]
SEARCH = gencs.solvers.LBFGS(steps=40, restarts=4)
BETWEEN = {"marks": pytest.mark.slow}  # the line and the volume, which run always


def model_of(shape, **kwargs):
    generator = random_generator(signal_shape=shape)
    model = gencs.models.GenerativeModel(generator, value_range=(0, 1), **kwargs)
    model.compile(solver=SEARCH)
    return model


def distance(x_hat, x):
    return float(np.mean((x_hat - x) ** 2) / np.var(x))


@pytest.mark.long
@pytest.mark.parametrize(
    "shape", [*SHAPES[:2], *(pytest.param(s, **BETWEEN) for s in SHAPES[2:])], ids=str
)
def test_signals_of_every_shape_are_recovered_and_inverted(shape):
    model = model_of(shape)
    x = model.generate(2, seed=1)
    matrix = np.random.default_rng(0).normal(size=(16, np.prod(shape))) / 4
    for A in (
        matrix,
        lambda x: tf.nn.tanh(x[:, ::2]),
        layers.FunctionMeasurement(lambda x: x[:, ::2], linear=True),
    ):
        y = layers.as_measurement(A, shape)(x)
        x_hat = model.recover(y, A, seed=0, verbose=0)
        assert x_hat.shape == x.shape
        assert distance(x_hat, x) < 1e-3
    assert distance(model.invert(x, seed=0, verbose=0).x, x) < 1e-3


@pytest.mark.long
@pytest.mark.parametrize(
    ("shape", "basis"),
    [
        (SHAPES[0], "wavelet"),
        (SHAPES[1], "dct"),
        pytest.param(SHAPES[2], "pixel", **BETWEEN),
        pytest.param(SHAPES[3], "dct", **BETWEEN),
    ],
)
def test_deviations_of_every_shape_are_found(shape, basis):
    model = model_of(shape)
    inside = model.generate(2, seed=1)
    c = np.zeros((2, *shape), "float32")
    c.reshape(2, -1)[:, [1, 5]] = 0.6
    x = inside + gencs.bases.get(basis).synthesise(c, len(shape)).numpy()
    A = layers.IdentityMeasurement()
    for deviation in (
        gencs.solvers.SparseDeviation(SEARCH, basis=basis),
        gencs.solvers.GaussianDeviation(SEARCH, basis=basis, scale=0.1),
    ):
        model.compile(solver=deviation, noise=1e-3)
        x_hat = model.recover(x.reshape(2, -1), A, seed=0, verbose=0)
        assert distance(x_hat, x) < 0.3 * distance(inside, x)


def small(x):
    """(batch, 6, 6, 1) -> (batch, 3, 3): an image without channels."""
    return tf.nn.avg_pool2d(x, 2, 2, "VALID")[..., 0]


@pytest.mark.long
@pytest.mark.parametrize("linear", [False, True])
def test_y_may_have_the_shape_of_an_own_function_or_be_flat(linear):
    model = model_of((6, 6, 1))
    x = model.generate(2, seed=1)
    A = layers.FunctionMeasurement(small, linear=linear)
    y = small(x).numpy()
    expected = model.recover(y.reshape(2, 9), A, seed=0, verbose=0)
    for given in (y, y[..., None], tf.constant(y), y.tolist()):
        given = np.asarray(given, "float32")
        x_hat = model.recover(given, A, seed=0, verbose=0)
        np.testing.assert_array_equal(x_hat, expected)
    np.testing.assert_array_equal(
        model.recover(y, small, seed=0, verbose=0).shape, x.shape
    )


@pytest.mark.long
def test_y_of_layers_and_of_mixtures_may_be_images():
    model = model_of((6, 6, 1))
    x = model.generate(2, seed=1)
    A = layers.BlurDownsample(2)
    y = tf.reshape(A(x), (2, 3, 3, 1))
    expected = model.recover(A(x), A, seed=0, verbose=0)
    np.testing.assert_array_equal(model.recover(y, A, seed=0, verbose=0), expected)
    mixture = {"small": A, "own": small}
    flat = model.recover(
        {"small": A(x), "own": small(x).numpy().reshape(2, 9)},
        mixture,
        seed=0,
        verbose=0,
    )
    shaped = model.recover(
        {"small": y, "own": small(x).numpy()}, mixture, seed=0, verbose=0
    )
    np.testing.assert_array_equal(shaped, flat)


@pytest.mark.parametrize("shape", [(2, 3, 4), (2, 8), (3, 3, 1), (2, 3, 3, 2)])
def test_refuses_y_that_is_neither_flat_nor_of_its_own_shape(shape):
    model, A = model_of((6, 6, 1)), layers.BlurDownsample(2)
    message = r"`y` must have shape \(batch, 9\), or \(batch, 3, 3, 1\)"
    with pytest.raises(ValueError, match=message):
        model.recover(np.zeros(shape, "float32"), A, verbose=0)
    with pytest.raises(ValueError, match=message):
        A.squared_error(tf.zeros((2, 6, 6, 1)), tf.zeros(shape))


@pytest.mark.long
def test_a_linear_function_recovers_as_well_as_the_layer_of_its_kernel():
    model = model_of((6, 6, 1), representation_error=1e-4)
    x = model.generate(4, seed=1)

    def motion(x):
        return sum(tf.roll(x, (i, i), (1, 2)) for i in range(-1, 2)) / 3

    layer = layers.BlurDownsample(1, np.eye(3) / 3, border="circular")
    noise = layers.AdditiveNoise(0.01, seed=0)
    y = noise(layer(x))
    found = [
        model.recover(y, A, seed=0, verbose=0)
        for A in (layer, layers.FunctionMeasurement(motion, linear=True))
    ]
    np.testing.assert_allclose(found[1], found[0], atol=1e-4)
