"""PSNR and SSIM, in any range of values."""

import keras
import numpy as np
import pytest

import tf_gencs as gencs


@pytest.fixture
def images(rng):
    return rng.uniform(0, 0.9, size=(4, 16, 12, 3)).astype("float32")


def test_psnr_of_a_constant_error_is_known(images):
    metric = gencs.metrics.PSNR()
    np.testing.assert_allclose(metric(images, images + 0.1), 20, rtol=1e-4)
    assert np.isinf(gencs.metrics.PSNR()(images, images))


def test_psnr_is_the_mean_over_images_of_all_calls(images):
    metric = gencs.metrics.PSNR()
    metric.update_state(images[:3], images[:3] + 0.1)
    metric.update_state(images[3:], images[3:] + 0.01)
    np.testing.assert_allclose(metric.result(), (3 * 20 + 40) / 4, rtol=1e-4)


def test_weights_weigh_images(images):
    errors = np.array([0.1, 0.01, 0.1, 0.01], "float32")[:, None, None, None]
    metric = gencs.metrics.PSNR()
    metric.update_state(images, images + errors, sample_weight=[1, 0, 1, 0])
    np.testing.assert_allclose(metric.result(), 20, rtol=1e-4)


@pytest.mark.parametrize("metric", [gencs.metrics.PSNR, gencs.metrics.SSIM])
def test_is_the_same_in_every_range(metric, images, rng):
    noisy = images + 0.1 * rng.normal(size=images.shape).astype("float32")
    unit, signed = metric(), metric(value_range=(-1, 1))
    expected = unit(images, noisy)
    np.testing.assert_allclose(
        signed(2 * images - 1, 2 * noisy - 1), expected, rtol=1e-4
    )


def test_ssim_of_constant_images_is_the_luminance_term():
    """For flat images a, b: (2 a b + C) / (a^2 + b^2 + C), C = (0.01 x range)^2."""
    a, b = 0.5, 0.8
    flat = np.ones((2, 16, 16, 1), "float32")
    expected = (2 * a * b + 1e-4) / (a**2 + b**2 + 1e-4)
    result = gencs.metrics.SSIM()(a * flat, b * flat)
    np.testing.assert_allclose(result, expected, rtol=1e-3)


def test_ssim_is_one_for_equal_images_and_near_zero_for_unrelated(images, rng):
    assert abs(gencs.metrics.SSIM()(images, images) - 1) < 1e-6
    unrelated = rng.uniform(size=images.shape).astype("float32")
    assert abs(gencs.metrics.SSIM()(images, unrelated)) < 0.3


@pytest.mark.parametrize("metric", [gencs.metrics.PSNR, gencs.metrics.SSIM])
def test_serves_in_evaluate_and_comes_back_from_its_config(metric, images):
    measure = metric(value_range=(-1, 1), name="mine")
    copy = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(measure)
    )
    assert copy.get_config() == measure.get_config()
    assert copy.value_range == (-1, 1)
    model = keras.Sequential([keras.Input((16, 12, 3)), keras.layers.Rescaling(0.9)])
    model.compile(loss="mse", metrics=[measure])
    images = 2 * images - 1
    result = model.evaluate(images, images, verbose=0, return_dict=True)["mine"]
    np.testing.assert_allclose(copy(images, 0.9 * images), result, rtol=1e-4)


@pytest.mark.parametrize("value_range", [None, (1, 0), (0, np.inf), 3])
def test_refuses_a_bad_range(value_range):
    with pytest.raises(ValueError, match="`value_range` must be"):
        gencs.metrics.PSNR(value_range=value_range)


def test_refuses_images_of_another_shape(images):
    with pytest.raises(ValueError, match="`y_pred` must have the shape of `y_true`"):
        gencs.metrics.PSNR()(images, images[:, :5])
    with pytest.raises(ValueError, match="at least 11 x 11 pixels"):
        gencs.metrics.SSIM()(images[:, :10], images[:, :10])


@pytest.mark.parametrize("shape", [(24,), (24, 2), (5, 5), (4, 6, 5, 1)])
def test_psnr_takes_signals_of_any_shape_and_ssim_images_only(rng, shape):
    x = rng.uniform(size=(3, *shape)).astype("float32")
    y = x + 0.1 * rng.normal(size=x.shape).astype("float32")
    errors = np.mean((y - x).reshape(3, -1) ** 2, axis=1)
    psnr = gencs.metrics.PSNR()(x, y)
    np.testing.assert_allclose(psnr, np.mean(-10 * np.log10(errors)), rtol=1e-4)
    if len(shape) != 3:
        with pytest.raises(ValueError, match="`ssim` compares images"):
            gencs.metrics.SSIM()(x, y)
    with pytest.raises(ValueError, match="must be signals"):
        gencs.metrics.PSNR()(x.ravel(), y.ravel())
