import json

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs
from tf_gencs.layers import BlurDownsample


def small(A, x):
    return tf.reshape(A(x), (-1, *A.measurement_shape)).numpy()


@pytest.mark.parametrize("border", ["reflect", "circular"])
@pytest.mark.parametrize("factor", [1, 2, 4])
def test_a_box_gives_the_mean_of_every_block(rng, factor, border):
    x = rng.integers(0, 256, (2, 8, 12, 3)).astype("float32")
    A = BlurDownsample(factor, "box", border=border)
    blocks = x.reshape(2, 8 // factor, factor, 12 // factor, factor, 3)
    np.testing.assert_array_equal(small(A, x), blocks.mean(axis=(2, 4)))
    assert A.measurement_shape == (8 // factor, 12 // factor, 3)
    assert A.measurements == 96 * 3 // factor**2


@pytest.mark.parametrize("border", ["reflect", "circular"])
@pytest.mark.parametrize("kernel", ["gaussian", "box"])
@pytest.mark.parametrize("factor", [1, 2, 3, 4])
def test_a_constant_image_stays_constant(factor, kernel, border):
    A = BlurDownsample(factor, kernel, border=border, dtype="float64")
    y = small(A, tf.fill((1, 28, 27, 2), tf.constant(0.7, "float64")))
    assert y.shape == (1, -(-28 // factor), -(-27 // factor), 2)
    np.testing.assert_allclose(y, 0.7, rtol=1e-14)


@pytest.mark.parametrize("factor", [1, 2, 3, 4])
def test_the_gaussian_is_centred_on_the_block_and_as_wide_as_it_says(factor):
    A = BlurDownsample(factor, border="circular", dtype="float64")
    size = 12 * factor
    A.build((None, size, size, 1))
    weights = A.adjoint(tf.eye(A.measurements, dtype="float64")[5 * 12 + 6 :][:1])
    weights = weights.numpy()[0, :, :, 0]
    at = np.arange(size)
    for axis, block in ((1, 5), (0, 6)):
        profile = weights.sum(axis=axis)
        centre = profile @ at
        assert profile.sum() == pytest.approx(1)
        assert centre == pytest.approx(factor * block + (factor - 1) / 2)
        deviation = np.sqrt(profile @ (at - centre) ** 2)
        # Cut at 3 sigma; at factor 1, five samples are a narrower curve: 0.464.
        assert deviation == pytest.approx(factor / 2, rel=0.03 if factor > 1 else 0.08)
        support = np.flatnonzero(profile)
        assert support[-1] - centre >= 1.5 * factor
        assert centre - support[0] == pytest.approx(support[-1] - centre)


def test_sigma_and_size_shape_the_gaussian(rng):
    A = BlurDownsample(2, sigma=0.9, size=6, border="circular", dtype="float64")
    x = rng.normal(size=(1, 8, 8, 1))
    at = np.arange(6) - 2.5
    kernel = np.exp(-(at**2) / (2 * 0.9**2))
    kernel /= kernel.sum()
    given = BlurDownsample(2, kernel, border="circular", dtype="float64")
    np.testing.assert_allclose(A(x), given(x), rtol=1e-14)


def test_kernels_of_both_axes_may_differ():
    image = np.zeros((1, 7, 7, 1), "float32")
    image[0, 3, 3, 0] = 1
    A = BlurDownsample(1, ([1.0, 2.0, 3.0], [10.0]))
    expected = np.zeros((7, 7))
    expected[2:5, 3] = [30, 20, 10]  # correlated: seen through the kernel
    np.testing.assert_array_equal(small(A, image)[0, :, :, 0], expected)


def test_borders_reflect_without_the_edge_or_go_round():
    x = np.arange(5, dtype="float32").reshape(1, 1, 5, 1)
    shift = ([1.0], [1.0, 0.0, 0.0])  # the left neighbour of every pixel
    reflected = BlurDownsample(1, shift)(x)
    circular = BlurDownsample(1, shift, border="circular")(x)
    np.testing.assert_array_equal(reflected, [[1, 0, 1, 2, 3]])
    np.testing.assert_array_equal(circular, [[4, 0, 1, 2, 3]])


@pytest.mark.parametrize(
    "arguments",
    [
        {"factor": 2},
        {"factor": 3, "kernel": "box", "size": 5, "border": "circular"},
        {"factor": 2, "sigma": 0.8, "size": 4},
        {"factor": 2, "kernel": np.array([0.25, 0.5, 0.25])},
        {"factor": 1, "kernel": ([1, 2], np.ones(3))},
        {"factor": 2, "kernel": np.arange(15.0).reshape(3, 5)},
        {"factor": 1, "kernel": np.arange(6.0).reshape(2, 3), "border": "circular"},
    ],
    ids=str,
)
def test_survives_its_config_and_a_keras_file(rng, arguments, tmp_path):
    A = BlurDownsample(**arguments)
    x = rng.normal(size=(2, 9, 10, 2)).astype("float32")
    y = A(x)
    config = json.loads(json.dumps(A.get_config()))
    clone = BlurDownsample.from_config(config)
    np.testing.assert_array_equal(clone(x), y)
    assert clone.get_config() == A.get_config()
    gencs.testing.check_adjoint(A)
    model = keras.Sequential([keras.Input((9, 10, 2)), BlurDownsample(**arguments)])
    model.save(tmp_path / "model.keras")
    reloaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(reloaded(x), y)


@pytest.mark.parametrize("border", ["reflect", "circular"])
@pytest.mark.parametrize("factor", [1, 2, 3])
def test_a_product_of_two_kernels_is_the_pair_of_them(rng, factor, border):
    x = rng.normal(size=(2, 11, 14, 2))
    vertical, horizontal = rng.normal(size=3), rng.normal(size=6)
    given = {"border": border, "dtype": "float64"}
    pair = BlurDownsample(factor, (vertical, horizontal), **given)
    whole = BlurDownsample(factor, np.outer(vertical, horizontal), **given)
    np.testing.assert_allclose(whole(x), pair(x), atol=1e-12)
    y = rng.normal(size=(2, pair.measurements))
    np.testing.assert_allclose(whole.adjoint(y), pair.adjoint(y), atol=1e-12)
    assert whole.operator_norm() == pytest.approx(pair.operator_norm(), rel=1e-3)
    assert float(whole.mean_gain()) == pytest.approx(float(pair.mean_gain()))


def test_a_diagonal_kernel_is_seen_through_and_kept_as_it_was_given():
    kernel = np.diag([1.0, 2.0, 3.0])
    A = BlurDownsample(1, kernel)
    config = json.dumps(A.get_config())
    kernel[:] = 7  # the caller's own
    image = np.zeros((1, 7, 7, 1), "float32")
    image[0, 3, 3, 0] = 1
    expected = np.zeros((7, 7))
    expected[[2, 3, 4], [2, 3, 4]] = [3, 2, 1]
    np.testing.assert_array_equal(small(A, image)[0, :, :, 0], expected)
    assert json.dumps(A.get_config()) == config


def test_kernels_of_one_size_share_a_structure_and_others_do_not(rng):
    kernels = (rng.normal(size=size) for size in [(3, 3), (3, 3), (3, 5), (3,)])
    A, B, other, line = (BlurDownsample(1, kernel) for kernel in kernels)
    for blur in (A, B, other, line):
        blur.build((None, 9, 9, 1))
    assert A.structure == B.structure
    assert len({A.structure, other.structure, line.structure}) == 3
    x = rng.normal(size=(2, 9, 9, 1)).astype("float32")
    with A.lend(B.values):
        np.testing.assert_array_equal(A(x), B(x))


def test_three_kernels_or_one_of_three_axes_blur_volumes(rng):
    x = rng.normal(size=(2, 6, 5, 7, 2))
    kernels = tuple(rng.normal(size=size) for size in (3, 1, 4))
    each = BlurDownsample(2, kernels, dtype="float64")
    whole = np.einsum("i,j,k->ijk", *kernels)
    whole = BlurDownsample(2, whole, dtype="float64")
    np.testing.assert_allclose(each(x), whole(x), atol=1e-12)
    for A in (each, whole):
        again = BlurDownsample.from_config(json.loads(json.dumps(A.get_config())))
        np.testing.assert_array_equal(again(x), A(x))
    with pytest.raises(ValueError, match=r"`kernel` must be one 1-D array, 2 of them"):
        BlurDownsample(2, kernels).build((None, 8, 8, 1))
    with pytest.raises(ValueError, match=r"3 of them.*Received: shape \(2, 3\)"):
        BlurDownsample(2, np.ones((2, 3))).build((None, 8, 8, 8, 1))


def test_half_precision_is_computed_in_half_precision(rng):
    x = rng.random((2, 8, 8, 3))
    y = BlurDownsample(2, "box", dtype="float16")(x)
    assert y.dtype == "float16"
    np.testing.assert_allclose(y, BlurDownsample(2, "box")(x), atol=2e-3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"factor": 0}, "`factor` must be an integer of at least 1"),
        ({"factor": 1.5}, "`factor` must be an integer"),
        ({"kernel": "bicubic"}, "`kernel` must be 'gaussian', 'box' or numbers"),
        ({"kernel": []}, "`kernel` must be one or two 1-D arrays"),
        ({"kernel": np.ones((3, 3, 1, 1))}, "`kernel` must be one or two 1-D arrays"),
        ({"kernel": ([1.0], [])}, "`kernel` must be one or two 1-D arrays"),
        ({"kernel": [1.0, np.nan]}, "`kernel` must be one or two 1-D arrays of finite"),
        ({"kernel": 3.0}, "`kernel` must be one or two 1-D arrays"),
        ({"sigma": 0}, "`sigma` must be a finite number above 0"),
        ({"sigma": 1e-9}, "`sigma` must be large enough"),
        ({"sigma": 1, "kernel": "box"}, "`sigma` must be None unless"),
        ({"sigma": 1, "kernel": [1.0]}, "`sigma` must be None unless"),
        ({"size": 3}, "`size` must be odd or even like `factor`"),
        ({"size": 0}, "`size` must be an integer of at least 1"),
        ({"size": 2, "kernel": [1.0]}, "`size` must be None where `kernel`"),
        ({"border": "zero"}, "`border` must be one of"),
    ],
    ids=str,
)
def test_rejects_arguments_out_of_range(arguments, message):
    with pytest.raises(ValueError, match=message):
        BlurDownsample(**{"factor": 2, **arguments})


@pytest.mark.parametrize("kernel", [["a", "b"], [1j, 2.0], None, [[1], [2, 3], [4]]])
def test_rejects_kernels_that_are_no_numbers(kernel):
    with pytest.raises(TypeError, match="`kernel` must be"):
        BlurDownsample(2, kernel)


def test_rejects_images_smaller_than_the_kernel_can_be_folded_into():
    A = BlurDownsample(4)
    with pytest.raises(ValueError, match=r"`kernel` must reach at most 3 pixels .* 5$"):
        A.build((None, 4, 8, 1))
    with pytest.raises(ValueError, match="`kernel` must reach at most 4 pixels"):
        BlurDownsample(4, border="circular").build((None, 8, 4, 1))
    with pytest.raises(ValueError, match="must be built on images"):
        BlurDownsample(2).build((None, 64))


def test_keeps_xla_off():
    assert not BlurDownsample(2).supports_jit
