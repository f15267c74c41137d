"""Gradient and Gauss-Newton matrix against finite differences."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs
from tests.generators import random_generator
from tests.lanes import bound, make_lanes
from tf_gencs import layers
from tf_gencs.recovery import Objective, Term

K, SHAPE, LANES = 3, (6, 6, 2), 6
GENERATOR = random_generator(K, SHAPE, dtype="float64")
RNG = np.random.default_rng(0)
Z = RNG.normal(size=(LANES, K))


def signals(z):
    return GENERATOR(tf.constant(z), training=False)


def differences(function, z, step=1e-5):
    """Central differences of function(z) (lanes, ...) by every z: (lanes, k, ...)."""
    columns = []
    for unit in step * np.eye(z.shape[1]):
        change = np.asarray(function(z + unit)) - np.asarray(function(z - unit))
        columns.append(change / (2 * step))
    return np.stack(columns, axis=1)


def quadratic_model(lanes, z=Z):
    return [part.numpy() for part in lanes.quadratic_model(tf.constant(z))]


MEASUREMENTS = {
    "gaussian": lambda: layers.GaussianMeasurement(20, seed=0, dtype="float64"),
    "seeded": lambda: layers.GaussianMeasurement(
        20, storage="seed", seed=0, dtype="float64"
    ),
    "hadamard": lambda: layers.HadamardMeasurement(20, seed=0, dtype="float64"),
    "cosine": lambda: layers.CosineMeasurement(20, seed=0, dtype="float64"),
    "circulant": lambda: layers.CirculantMeasurement(20, seed=0, dtype="float64"),
    "mask": lambda: layers.MaskMeasurement(keep=0.5, seed=0, dtype="float64"),
    "a mask for each": lambda: layers.MaskMeasurement(
        keep=0.5, signals=3, seed=0, dtype="float64"
    ),
    "blur": lambda: layers.BlurDownsample(2, dtype="float64"),
    "scan": lambda: layers.FourierMeasurement(
        "random", acceleration=2, seed=0, dtype="float64"
    ),
    "projections": lambda: layers.ProjectionMeasurement(4, dtype="float64"),
    "magnitudes": lambda: layers.MagnitudeMeasurement(
        layers.HadamardMeasurement(20, seed=0, dtype="float64"), dtype="float64"
    ),
    "function": lambda: lambda x: tf.tanh(3 * tf.reshape(x, (-1, 72))[:, :30]),
}


@pytest.mark.parametrize("name", MEASUREMENTS)
def test_matches_finite_differences_through_every_measurement(name):
    A = layers.as_measurement(MEASUREMENTS[name](), SHAPE, dtype="float64")
    y = A(signals(Z)).numpy() + 0.1 * RNG.normal(size=(LANES, A.measurements))
    lanes = make_lanes(GENERATOR, y, A, weight=0.7, penalty=0.3)
    value, gradient, normal = quadratic_model(lanes)
    np.testing.assert_allclose(value, lanes.value(tf.constant(Z)), rtol=1e-10)
    by_differences = differences(lambda z: lanes.value(tf.constant(z)), Z)
    np.testing.assert_allclose(gradient, by_differences, rtol=1e-5, atol=1e-6)
    J = differences(lambda z: A(signals(z)), Z)
    expected = 2 * 0.7 * J @ np.swapaxes(J, 1, 2) + 2 * 0.3 * np.eye(K)
    np.testing.assert_allclose(normal, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(normal, np.swapaxes(normal, 1, 2))


LOSSES = {
    "huber": gencs.losses.Huber(0.05),
    "l1": "l1",
    "poisson": gencs.losses.Poisson(photons=100),
    "amplitude": "amplitude",
    "cross entropy": "cross_entropy",
}


@pytest.mark.parametrize("name", LOSSES)
def test_weighs_the_jacobian_by_the_curvature_of_the_loss(name):
    y = signals(Z).numpy().reshape(LANES, -1)
    y = np.maximum(y + RNG.normal(0, 0.1, y.shape), 0)
    lanes = make_lanes(GENERATOR, y, loss=LOSSES[name])
    value, gradient, normal = quadratic_model(lanes)
    exact_value, exact_gradient = lanes.value_and_gradient(tf.constant(Z))
    np.testing.assert_allclose(value, exact_value, rtol=1e-10)
    np.testing.assert_allclose(gradient, exact_gradient, rtol=1e-7, atol=1e-9)
    J = differences(lambda z: tf.reshape(signals(z), (LANES, -1)), Z)
    y_hat = tf.reshape(signals(Z), (LANES, -1))
    curvature = lanes.data.terms["y"].loss.curvature(y, y_hat).numpy()
    expected = (J * curvature[:, None]) @ np.swapaxes(J, 1, 2)
    np.testing.assert_allclose(normal, expected, rtol=1e-5)


@pytest.mark.parametrize("prior", ["normal", "uniform", "spherical"])
def test_adds_the_hessian_of_every_prior(prior):
    z = 3 * Z  # outside of the box as well
    y = signals(z).numpy().reshape(LANES, -1)
    with_prior = quadratic_model(make_lanes(GENERATOR, y, prior=prior, penalty=0.5), z)
    without = quadratic_model(make_lanes(GENERATOR, y), z)
    penalty = gencs.priors.get(prior).penalty

    def slope(z):
        return differences(lambda z: penalty(tf.constant(z)), z)

    np.testing.assert_allclose(
        with_prior[2] - without[2], 0.5 * differences(slope, z, 1e-4), atol=1e-4
    )


def test_adds_up_terms_and_takes_no_curvature_from_a_negative_weight():
    A = layers.GaussianMeasurement(10, seed=0, dtype="float64")
    A.build((None, *SHAPE))
    detector = layers.as_measurement(
        lambda x: tf.reduce_sum(x, (1, 2, 3))[:, None] ** 2, SHAPE, dtype="float64"
    )
    terms = {
        "data": Term(A, gencs.losses.SumSquaredError()),
        "more": Term(detector, gencs.losses.Maximize(), 0.01),
        "far": Term(A, gencs.losses.SumSquaredError(), -0.2),
    }
    y = {"data": tf.zeros((LANES, 10), "float64"), "far": A(signals(Z[::-1]))}
    data = bound(terms, y, "float64")
    lanes = Objective(GENERATOR, gencs.priors.NormalPrior(), 0.0, data)
    value, gradient, normal = quadratic_model(lanes)
    exact_value, exact_gradient = lanes.value_and_gradient(tf.constant(Z))
    np.testing.assert_allclose(value, exact_value, rtol=1e-10)
    np.testing.assert_allclose(gradient, exact_gradient, rtol=1e-8, atol=1e-10)
    alone = make_lanes(GENERATOR, y["data"], A)
    np.testing.assert_allclose(normal, quadratic_model(alone)[2], rtol=1e-10)


def test_products_are_those_of_the_matrix():
    lanes = make_lanes(GENERATOR, np.zeros((LANES, 72)), penalty=0.3)
    v = RNG.normal(size=Z.shape)
    near = lanes.linearise(tf.constant(Z))
    expected = np.einsum("lij,lj->li", near.normal(), v)
    np.testing.assert_allclose(near.product(tf.constant(v)), expected, rtol=1e-10)


def test_takes_convolutions_and_batch_normalisation():
    generator = keras.Sequential(
        [
            keras.Input((K,)),
            keras.layers.Dense(18),
            keras.layers.BatchNormalization(),
            keras.layers.ReLU(),
            keras.layers.Reshape((3, 3, 2)),
            keras.layers.Conv2DTranspose(4, 3, strides=2, padding="same"),
            keras.layers.LeakyReLU(),
            keras.layers.UpSampling2D(),
            keras.layers.Conv2D(1, 3, padding="same", activation="tanh"),
        ]
    )
    z = tf.constant(Z, "float32")
    lanes = make_lanes(generator, np.zeros((LANES, 144), "float32"))
    _, gradient, normal = tf.function(lanes.quadratic_model)(z)
    with tf.GradientTape() as tape:
        tape.watch(z)
        x = tf.reshape(generator(z, training=False), (LANES, -1))
    J = np.swapaxes(tape.batch_jacobian(x, z), 1, 2)
    np.testing.assert_allclose(normal, 2 * J @ np.swapaxes(J, 1, 2), atol=1e-5)
    expected = 2 * np.einsum("lkm,lm->lk", J, x)
    np.testing.assert_allclose(gradient, expected, atol=1e-5)


def test_a_lane_of_nan_leaves_the_others_bit_for_bit():
    A = layers.HadamardMeasurement(20, seed=0, dtype="float64")
    lanes = make_lanes(GENERATOR, np.zeros((LANES, 20)), A, penalty=0.3)
    poisoned = Z.copy()
    poisoned[2] = np.nan
    others = np.arange(LANES) != 2
    clean, bad = quadratic_model(lanes), quadratic_model(lanes, poisoned)
    for one, other in zip(clean, bad, strict=True):
        np.testing.assert_array_equal(one[others], other[others])
        assert np.isnan(other[2]).any()
