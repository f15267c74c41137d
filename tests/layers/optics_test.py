"""Magnitude, grayscale and projection: what each promises beyond the battery."""

import numpy as np
import pytest
import tensorflow as tf

from tf_gencs import layers


def test_magnitude_is_blind_to_the_sign():
    A = layers.MagnitudeMeasurement(layers.GaussianMeasurement(9, seed=0))
    x = tf.random.stateless_normal((2, 4, 4, 1), (0, 0))
    assert (A(x).numpy() >= 0).all()
    np.testing.assert_array_equal(A(x), A(-x))
    np.testing.assert_allclose(A(x), tf.abs(A.measurement(x)))


def test_magnitude_of_complex_pairs_is_that_of_the_complex_number():
    mask = np.ones((4, 4), bool)
    pairs = layers.FourierMeasurement(mask, coils=2)
    A = layers.MagnitudeMeasurement(pairs)
    x = tf.random.stateless_normal((2, 4, 4, 2), (0, 0))
    y = A(x)
    assert y.shape == (2, 32)
    real, imaginary = np.split(pairs(x).numpy(), 2, axis=-1)
    np.testing.assert_allclose(y, np.hypot(real, imaginary), rtol=1e-5)


@pytest.mark.parametrize(
    "part",
    [
        layers.GaussianMeasurement(9, seed=0),
        layers.FourierMeasurement(np.ones((4, 4), bool)),
    ],
)
def test_magnitude_has_a_gradient_of_zero_at_zero(part):
    A = layers.MagnitudeMeasurement(part)
    x = tf.zeros((1, 4, 4, 1))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = A(x)
    np.testing.assert_array_equal(tape.gradient(y, x), 0)


def test_magnitude_needs_a_linear_measurement():
    with pytest.raises(TypeError, match="`measurement` must be linear"):
        layers.MagnitudeMeasurement(layers.FunctionMeasurement(tf.sin))
    scan = layers.FourierMeasurement(np.ones((4, 4), bool), complex_signals=True)
    with pytest.raises(TypeError, match="must be linear and measure real signals"):
        layers.MagnitudeMeasurement(scan)


def test_grayscale_is_that_of_tensorflow():
    x = tf.random.stateless_uniform((2, 5, 4, 3), (0, 0))
    gray = tf.image.rgb_to_grayscale(x)
    A = layers.GrayscaleMeasurement()
    np.testing.assert_allclose(tf.reshape(A(x), gray.shape), gray, atol=1e-6)
    assert A.measurement_shape == (5, 4, 1)


def test_grayscale_of_other_channels_is_their_mean_or_what_weights_say():
    x = tf.random.stateless_uniform((2, 5, 4, 2), (0, 0))
    mean = tf.reshape(tf.reduce_mean(x, -1), (2, 20))
    np.testing.assert_allclose(layers.GrayscaleMeasurement()(x), mean, rtol=1e-6)
    first = layers.GrayscaleMeasurement(weights=(1, 0))(x)
    np.testing.assert_allclose(first, tf.reshape(x[..., 0], (2, 20)))


@pytest.mark.parametrize("weights", [(1, 2), (1, 2, "a"), (1, 2, float("inf")), 3])
def test_grayscale_rejects_wrong_weights(weights):
    with pytest.raises(ValueError, match="`weights` must"):
        layers.GrayscaleMeasurement(weights).build((None, 4, 4, 3))


def sinogram(angles, x):
    A = layers.ProjectionMeasurement(angles, dtype="float64")
    return tf.reshape(A(x), (-1, *A.measurement_shape)).numpy(), A


def test_projection_at_right_angles_sums_columns_and_rows():
    x = np.random.default_rng(0).random((1, 6, 6, 2))
    found, A = sinogram([0, 90, 180], x)
    side = A.measurement_shape[1]
    assert side == 9  # ceil(6 * sqrt(2))
    # The image lies half a place off the middle of an odd square: bilinear halves.
    columns, rows = x.sum(axis=1), x.sum(axis=2)

    def padded(sums):
        wide = np.pad(sums, ((0, 0), (2, 2), (0, 0)))
        return (wide[:, 1:] + wide[:, :-1]) / 2

    np.testing.assert_allclose(found[:, 0], padded(columns), atol=1e-12)
    np.testing.assert_allclose(found[:, 2], padded(columns)[:, ::-1], atol=1e-12)
    np.testing.assert_allclose(
        np.sort(found[:, 1], axis=1), np.sort(padded(rows), axis=1), atol=1e-12
    )


def test_projection_turns_the_image_counterclockwise():
    x = np.zeros((1, 5, 5, 1))
    x[0, 2, 4] = 1  # on the right
    found, A = sinogram([0, 90], x)
    middle = (A.measurement_shape[1] - 1) / 2
    place = (found[0, :, :, 0] @ np.arange(A.measurement_shape[1])) - middle
    np.testing.assert_allclose(place, [2, 0], atol=1e-12)
    x = np.zeros((1, 5, 5, 1))
    x[0, 0, 2] = 1  # above: turned by 90 degrees it lies on the left
    found, _ = sinogram([90], x)
    place = found[0, 0, :, 0] @ np.arange(A.measurement_shape[1]) - middle
    np.testing.assert_allclose(place, -2, atol=1e-12)


def test_projection_keeps_the_mass_of_what_lies_inside():
    x = np.zeros((1, 15, 11, 1))
    x[0, 3:12, 2:9] = np.random.default_rng(0).random((9, 7, 1))
    found, _ = sinogram(13, x)
    # Bilinear weights of a turned grid sum to 1 only on average.
    np.testing.assert_allclose(found.sum(axis=2)[0, :, 0], x.sum(), rtol=0.03)


def test_projection_spreads_angles_evenly():
    assert layers.ProjectionMeasurement(4).angles == (0, 45, 90, 135)


@pytest.mark.parametrize("angles", [0, -3, [], [float("nan")], 2.5])
def test_projection_rejects_wrong_angles(angles):
    with pytest.raises(ValueError, match="`angles` must"):
        layers.ProjectionMeasurement(angles)


@pytest.mark.parametrize(
    "A",
    [
        layers.GrayscaleMeasurement(),
        layers.ProjectionMeasurement(3),
        layers.FourierMeasurement("random", acceleration=2),
        layers.CosineMeasurement(2),
    ],
    ids=lambda A: A.name,
)
def test_measurements_of_images_reject_other_signals(A):
    with pytest.raises(ValueError, match=r"\(height, width, channels\)"):
        A.build((None, 16))
