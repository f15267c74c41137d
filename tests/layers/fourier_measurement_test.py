"""MRI: the transform, its masks and its coils."""

import json

import numpy as np
import pytest
import tensorflow as tf

from tf_gencs import layers

KINDS = ["equispaced", "random", "variable_density", "poisson_disc", "radial"]


FULL = np.ones((6, 5), bool)


def centred_fft(image):
    shifted = np.fft.ifftshift(image, axes=(-2, -1))
    return np.fft.fftshift(np.fft.fft2(shifted, norm="ortho"), axes=(-2, -1))


@pytest.fixture
def image(rng):
    return rng.normal(size=(2, 6, 5)) + 1j * rng.normal(size=(2, 6, 5))


@pytest.fixture
def mask(rng):
    return rng.random((6, 5)) < 0.5


def as_channels(image):
    return np.stack([image.real, image.imag], axis=-1)


def test_samples_the_centred_orthonormal_transform(image, mask):
    kept = centred_fft(image)[:, mask]
    A = layers.FourierMeasurement(mask, dtype="float64")
    y = A(as_channels(image))
    np.testing.assert_allclose(y, np.concatenate([kept.real, kept.imag], 1), atol=1e-12)

    A = layers.FourierMeasurement(mask, complex_signals=True, dtype="float64")
    y = A(image[..., None])
    assert y.dtype == tf.complex128
    np.testing.assert_allclose(y, kept, atol=1e-12)

    A = layers.FourierMeasurement(mask, dtype="float64")
    kept = centred_fft(image.real)[:, mask]
    y = A(image.real[..., None])
    np.testing.assert_allclose(y, np.concatenate([kept.real, kept.imag], 1), atol=1e-12)


def test_coils_weigh_the_image_first(image, mask, rng):
    maps = rng.normal(size=(3, 6, 5)) + 1j * rng.normal(size=(3, 6, 5))
    A = layers.FourierMeasurement(mask, coils=maps, dtype="float64")
    y = tf.reshape(A(as_channels(image)), (2, *A.measurement_shape))
    assert A.measurement_shape == (2, 3, mask.sum())
    for coil in range(3):
        kept = centred_fft(maps[coil] * image)[:, mask]
        np.testing.assert_allclose(y[:, 0, coil], kept.real, atol=1e-12)
        np.testing.assert_allclose(y[:, 1, coil], kept.imag, atol=1e-12)


@pytest.mark.parametrize("coils", [None, 1, 5])
def test_full_sampling_keeps_lengths(image, coils):
    A = layers.FourierMeasurement(FULL, coils=coils, dtype="float64")
    x = as_channels(image)
    np.testing.assert_allclose(tf.norm(A(x)), np.linalg.norm(x), rtol=1e-12)
    np.testing.assert_allclose(A.adjoint(A(x)), x, atol=1e-12)


def test_synthetic_coils_see_different_sides():
    maps = layers.coil_sensitivities(4, (20, 30))
    np.testing.assert_allclose(np.sum(np.abs(maps) ** 2, axis=0), 1)
    strongest = np.argmax(np.abs(maps), axis=0)
    sides = [strongest[0, 15], strongest[19, 15], strongest[10, 0], strongest[10, 29]]
    assert sorted(sides) == [0, 1, 2, 3]


def test_coils_of_a_config_of_0_1_0_are_nan_until_weights_come(image, mask):
    maps = layers.coil_sensitivities(2, (6, 5))
    A = layers.FourierMeasurement(mask, coils=maps)
    x = as_channels(image).astype("float32")
    y = A(x)
    config = {**A.get_config(), "coils": {"shape": [2, 6, 5]}}
    clone = layers.FourierMeasurement.from_config(config)
    assert np.isnan(clone(x)).all()
    clone.set_weights(A.get_weights())
    np.testing.assert_array_equal(clone(x), y)


@pytest.mark.parametrize("kind", KINDS[:3])
@pytest.mark.parametrize("width", [31, 32])
def test_column_masks_take_the_exact_number_with_the_middle(kind, width):
    mask = layers.fourier_mask(kind, (10, width), 4, center_lines=4, seed=0)
    assert mask.dtype == bool
    assert (mask == mask[0]).all()
    assert mask[0].sum() == 8
    middle = (width - 4 + 1) // 2
    assert mask[0, middle : middle + 4].all()
    assert mask[0, width // 2]  # the zero frequency


def test_equispaced_columns_are_evenly_spread():
    mask = layers.fourier_mask("equispaced", (4, 64), 4, seed=3)
    assert set(np.diff(np.flatnonzero(mask[0]))) == {4}


def test_variable_density_prefers_the_centre():
    counts = sum(
        layers.fourier_mask("variable_density", (1, 64), 4, seed=seed)[0].astype(int)
        for seed in range(200)
    )
    middle, ends = counts[24:40].mean(), np.r_[counts[:8], counts[-8:]].mean()
    assert middle > 5 * ends


def test_poisson_disc_points_keep_their_distance():
    mask = layers.fourier_mask("poisson_disc", (48, 48), 6, center_lines=6, seed=0)
    assert mask.sum() == 384
    assert mask[21:27, 21:27].all()
    uniform = np.random.default_rng(0).random((48, 48)) < 1 / 6
    outside = np.ones((48, 48), bool)
    outside[16:32, 16:32] = False

    def neighbours(mask):
        mask = mask & outside
        return (mask[1:] & mask[:-1]).sum() + (mask[:, 1:] & mask[:, :-1]).sum()

    assert neighbours(mask) == 0 < neighbours(uniform)


def test_radial_spokes_cross_the_centre():
    mask = layers.fourier_mask("radial", (40, 60), 8, seed=0)
    assert mask[20, 30]
    assert abs(mask.sum() - 300) < 60
    # One spoke more or less; every ring holds the same number of crossings.
    assert mask[18:23, 28:33].mean() > 0.8 > 0.2 > mask[:5].mean()


@pytest.mark.parametrize("kind", KINDS)
def test_seeds_decide_masks(kind):
    def make(seed):
        return layers.fourier_mask(kind, (24, 32), 3, seed=seed)

    np.testing.assert_array_equal(make(1), make(1))
    assert (make(1) != make(2)).any()
    drawn = layers.FourierMeasurement(kind, acceleration=3)
    drawn.build((None, 24, 32, 1))
    np.testing.assert_array_equal(
        np.asarray(drawn.rows), np.flatnonzero(make(drawn.get_config()["seed"]))
    )


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (2, 2)])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("acceleration", [1, 1.5, 100])
def test_masks_of_tiny_images_keep_something(kind, shape, acceleration):
    assert layers.fourier_mask(kind, shape, acceleration, seed=0).any()


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({"mask": np.ones((6, 5))}, TypeError, "`mask` must hold bool"),
        ({"mask": np.zeros((6, 5), bool)}, ValueError, "keep at least one"),
        ({"mask": np.ones((6, 5, 1, 1), bool)}, ValueError, "`mask` must have rank"),
        ({"mask": np.ones((5, 5), bool)}, ValueError, r"shape \(6, 5\) to match"),
        ({"mask": "spiral", "acceleration": 2}, ValueError, "or one of"),
        ({"mask": "random"}, ValueError, "`acceleration` must be given"),
        ({"mask": FULL, "acceleration": 2}, ValueError, "`acceleration` must be None"),
        ({"mask": FULL, "center_lines": 2}, ValueError, "`center_lines` must be None"),
        ({"mask": FULL, "seed": 2}, ValueError, "`seed` must be None"),
        ({"mask": "random", "acceleration": 0.5}, ValueError, "at least 1"),
        (
            {"mask": "random", "acceleration": 2, "center_lines": 9},
            ValueError,
            "`center_lines` must be at most",
        ),
        (
            {"mask": "radial", "acceleration": 2, "center_lines": 1},
            ValueError,
            "must be 0 for a radial mask",
        ),
        ({"mask": FULL, "coils": 0}, ValueError, "`coils` must be"),
        (
            {"mask": FULL, "coils": np.ones((2, 5, 5))},
            ValueError,
            r"`coils` must have shape \(coils, 6, 5\)",
        ),
        (
            {"mask": FULL, "coils": np.full((2, 6, 5), np.nan)},
            ValueError,
            "`coils` must be finite",
        ),
        (
            {"mask": FULL, "coils": [["a"]]},
            TypeError,
            "`coils` must hold numbers",
        ),
    ],
)
def test_rejects(arguments, error, match):
    with pytest.raises(error, match=match):
        layers.FourierMeasurement(**arguments).build((None, 6, 5, 1))


def test_takes_numbers_of_numpy():
    A = layers.FourierMeasurement(
        "random", acceleration=np.float32(2), coils=np.int64(2), seed=np.int64(1)
    )
    json.dumps(A.get_config())
    assert A(np.ones((1, 6, 5, 1), "float32")).shape == (1, A.measurements)


def test_refuses_sizes_that_are_no_image():
    with pytest.raises(ValueError, match="`shape` must hold 2 integers"):
        layers.coil_sensitivities(2, (4,))
    with pytest.raises(ValueError, match=r"`shape` must be \(height, width\) for"):
        layers.fourier_mask("radial", (4,), 2)
    with pytest.raises(ValueError, match=r"`shape` must be \(height, width\) for"):
        layers.fourier_mask("random", (4, 4, 4), 2)


@pytest.mark.parametrize(("channels", "is_complex"), [(3, False), (2, True)])
def test_rejects_other_channels(channels, is_complex):
    A = layers.FourierMeasurement(FULL, complex_signals=is_complex)
    with pytest.raises(ValueError, match="must be built on images with"):
        A.build((None, 6, 5, channels))


def test_complex_measurements_cannot_be_recovered_from():
    A = layers.FourierMeasurement(FULL, complex_signals=True)
    with pytest.raises(TypeError, match="as two channels"):
        layers.as_measurement(A, (6, 5, 1))
