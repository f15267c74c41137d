import numpy as np
import pytest
import tensorflow as tf

from tests.ops.gradients import check_two_derivatives
from tf_gencs import ops
from tf_gencs.ops import library
from tf_gencs.ops.blur_downsample_twin import (
    blur_downsample_adjoint_twin,
    blur_downsample_twin,
    check_reach,
)

DTYPES = ["float32", "float64"]
BORDERS = ["circular", "reflect"]
PAIRS = {
    "native": (ops.blur_downsample, ops.blur_downsample_adjoint),
    "twin": (blur_downsample_twin, blur_downsample_adjoint_twin),
}
# (batch, height, width, channels), taps_y, taps_x, factor
SETTINGS = [
    ((3, 8, 12, 3), 4, 4, 4),
    ((2, 28, 28, 1), 7, 5, 2),
    ((1, 64, 64, 3), 13, 9, 4),
    ((5, 7, 9, 2), 3, 8, 3),
    ((2, 5, 4, 1), 1, 1, 3),
    ((2, 6, 5, 2), 5, 4, 1),
    ((1, 1, 1, 1), 1, 1, 1),
    ((4, 3, 2, 5), 4, 3, 2),
    ((1, 150, 40, 3), 6, 12, 1),
    ((2, 33, 17, 4), 2, 3, 5),
    ((1, 300, 70, 3), 31, 20, 3),
]

needs_native = pytest.mark.skipif(
    library.native() is None, reason="the native library is not built"
)
each_pair = pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
each_border = pytest.mark.parametrize("border", BORDERS)
each_setting = pytest.mark.parametrize("setting", SETTINGS, ids=str)


def fold(position, size, border):
    if 0 <= position < size:
        return position
    if border == "circular":
        return position % size
    return -position if position < 0 else 2 * (size - 1) - position


def axis_matrix(kernel, size, factor, border):
    """One axis of the formula in the docstring, entry by entry."""
    out = -(-size // factor)
    matrix = np.zeros((out, size))
    for o in range(out):
        for i, weight in enumerate(kernel):
            position = factor * o + i + (factor - len(kernel)) // 2
            matrix[o, fold(position, size, border)] += weight
    return matrix


def case(rng, setting, border, dtype="float64"):
    """(images, kernel_y, kernel_x), the other arguments, and both axis matrices."""
    shape, taps_y, taps_x, factor = setting
    images = rng.normal(size=shape).astype(dtype)
    kernel_y = rng.normal(size=taps_y).astype(dtype)
    kernel_x = rng.normal(size=taps_x).astype(dtype)
    vertical = axis_matrix(kernel_y, shape[1], factor, border)
    horizontal = axis_matrix(kernel_x, shape[2], factor, border)
    return (images, kernel_y, kernel_x), (factor, border), (vertical, horizontal)


def forward_of(matrices, images):
    return np.einsum("ph,qw,bhwc->bpqc", *matrices, images, optimize=True)


def adjoint_of(matrices, y):
    return np.einsum("ph,qw,bpqc->bhwc", *matrices, y, optimize=True)


def largest_error(result, exact):
    return np.max(np.abs(np.asarray(result, np.float64) - exact), initial=0)


@pytest.mark.parametrize("dtype", DTYPES)
@each_border
@each_setting
def test_native_and_twin_equal_the_explicit_sums(rng, setting, border, dtype):
    (images, *kernels), rest, matrices = case(rng, setting, border, dtype)
    exact = forward_of(matrices, images)
    y = rng.normal(size=exact.shape).astype(dtype)
    exact_adjoint = adjoint_of(matrices, y)
    gain = np.prod([np.abs(kernel).sum() for kernel in kernels])
    tolerance = 20 * np.finfo(dtype).eps * gain
    for measure, adjoint in PAIRS.values():
        result = measure(images, *kernels, *rest)
        assert result.dtype == dtype
        assert result.shape == exact.shape
        assert largest_error(result, exact) < tolerance
        result = adjoint(y, *kernels, *rest, *setting[0][1:3])
        assert result.dtype == dtype
        assert result.shape == images.shape
        assert largest_error(result, exact_adjoint) < tolerance


@needs_native
@each_border
@each_setting
def test_native_errs_less_than_twice_as_much_as_the_twin(rng, setting, border):
    (images, *kernels), rest, _ = case(rng, setting, border)
    y = rng.normal(size=ops.blur_downsample(images, *kernels, *rest).shape)
    sizes = setting[0][1:3]
    single = [kernel.astype(np.float32) for kernel in kernels]
    kernels = [kernel.astype(np.float64) for kernel in single]
    for index, (signal, extra) in enumerate(((images, ()), (y, sizes))):
        native, twin = PAIRS["native"][index], PAIRS["twin"][index]
        signal = signal.astype(np.float32)
        exact = twin(signal.astype(np.float64), *kernels, *rest, *extra).numpy()
        rounding = np.max(np.abs(exact)) * np.finfo(np.float32).eps
        twin_error = largest_error(twin(signal, *single, *rest, *extra), exact)
        native_error = largest_error(native(signal, *single, *rest, *extra), exact)
        assert native_error < 2 * twin_error + rounding


@each_pair
@each_border
@each_setting
def test_adjoint_passes_the_dot_test(rng, setting, border, pair):
    measure, adjoint = pair
    (images, *kernels), rest, _ = case(rng, setting, border)
    measured = measure(images, *kernels, *rest).numpy()
    y = rng.normal(size=measured.shape)
    back = adjoint(y, *kernels, *rest, *setting[0][1:3]).numpy()
    scale = np.linalg.norm(measured) * np.linalg.norm(y)
    assert abs(np.sum(measured * y) - np.sum(images * back)) < 1e-13 * scale


@each_pair
def test_a_box_of_factor_entries_is_the_mean_of_every_block(rng, pair):
    images = rng.integers(0, 256, (2, 8, 12, 3)).astype(np.float32)
    box = np.full(4, 0.25, np.float32)
    y = pair[0](images, box, box, 4, "reflect")
    blocks = images.reshape(2, 2, 4, 3, 4, 3).mean(axis=(2, 4))
    np.testing.assert_array_equal(y, blocks)  # sums of 1/16: no rounding


@each_pair
def test_the_kernel_is_correlated_and_not_flipped(pair):
    image = np.zeros((1, 1, 9, 1))
    image[0, 0, 4, 0] = 1
    y = pair[0](image, np.ones(1), np.array([1.0, 2.0, 3.0]), 1, "circular")
    np.testing.assert_array_equal(y[0, 0, 3:6, 0], [3, 2, 1])


@needs_native
@each_border
def test_many_images_are_measured_independently(rng, border):
    kernel = rng.normal(size=7).astype(np.float32)
    images = rng.normal(size=(67, 14, 10, 3)).astype(np.float32)
    together = ops.blur_downsample(images, kernel, kernel, 2, border)
    back = ops.blur_downsample_adjoint(together, kernel, kernel, 2, border, 14, 10)
    for i in (0, 1, 40, 66):
        one = ops.blur_downsample(images[i : i + 1], kernel, kernel, 2, border)
        np.testing.assert_array_equal(one[0], together[i])
        one = ops.blur_downsample_adjoint(one, kernel, kernel, 2, border, 14, 10)
        np.testing.assert_array_equal(one[0], back[i])


@each_pair
@pytest.mark.parametrize("shape", [(0, 8, 8, 3), (2, 8, 8, 0), (2, 0, 8, 3)])
def test_empty_images_give_empty_images(shape, pair):
    kernel = np.ones(3)
    y = pair[0](np.ones(shape), kernel, kernel, 2, "reflect")
    out = (shape[0], (shape[1] + 1) // 2, 4, shape[3])
    assert y.shape == out
    assert pair[1](y, kernel, kernel, 2, "reflect", *shape[1:3]).shape == shape


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_runs_in_the_twin(rng, dtype):
    images, kernel = rng.normal(size=(2, 8, 8, 3)), np.full(4, 0.25)
    y = ops.blur_downsample(tf.cast(images, dtype), kernel, kernel, 4)
    assert y.dtype == dtype
    exact = ops.blur_downsample(images, kernel, kernel, 4)
    assert largest_error(tf.cast(y, "float64"), exact.numpy()) < 0.02


@each_pair
@each_border
def test_first_and_second_gradients_equal_finite_differences(rng, border, pair):
    measure, adjoint = pair
    kernels = rng.normal(size=5), rng.normal(size=4)

    def objective(x):
        y = measure(x, *kernels, 2, border)
        back = adjoint(y**2, *kernels, 2, border, 7, 6)
        return tf.reduce_sum(tf.sin(back) * x)

    check_two_derivatives(objective, tf.constant(rng.normal(size=(2, 7, 6, 2)) / 10))


@each_pair
def test_kernels_have_no_gradient(pair):
    kernel = tf.ones(3)
    images = tf.ones((1, 6, 6, 1))
    with tf.GradientTape() as tape:
        tape.watch(kernel)
        y = pair[0](images, kernel, kernel, 2, "circular")
    assert tape.gradient(y, kernel) is None


@each_pair
def test_static_shapes_survive_an_unknown_batch(pair):
    measure, adjoint = pair
    kernel = np.ones(3, np.float32)

    @tf.function(
        input_signature=[tf.TensorSpec([None, 9, 8, 3]), tf.TensorSpec([None, 5, 4, 3])]
    )
    def both(images, y):
        return (
            measure(images, kernel, kernel, 2, "reflect"),
            adjoint(y, kernel, kernel, 2, "reflect", 9, 8),
        )

    shapes = [shape.as_list() for shape in both.get_concrete_function().output_shapes]
    assert shapes == [[None, 5, 4, 3], [None, 9, 8, 3]]
    assert both(tf.ones([5, 9, 8, 3]), tf.ones([0, 5, 4, 3]))[0].shape == (5, 5, 4, 3)


@each_pair
def test_images_of_unknown_size_and_their_gradient(rng, pair):
    (images, *kernels), rest, matrices = case(rng, SETTINGS[3], "reflect")
    y = rng.normal(size=forward_of(matrices, images).shape)

    @tf.function(input_signature=[tf.TensorSpec(None, "float64")])
    def gradient(images):
        with tf.GradientTape() as tape:
            tape.watch(images)
            value = tf.reduce_sum(pair[0](images, *kernels, *rest) * y)
        return value, tape.gradient(value, images)

    value, slope = gradient(images)
    assert float(value) == pytest.approx(np.sum(forward_of(matrices, images) * y))
    np.testing.assert_allclose(slope, adjoint_of(matrices, y), atol=1e-12)


@each_border
@each_pair
def test_kernels_reach_as_far_as_they_may_and_no_further(rng, pair, border):
    most = 9 if border == "circular" else 7  # of images of 4 pixels, without factor
    kernel = rng.normal(size=most)
    images = rng.normal(size=(1, 4, 4, 1))
    matrix = axis_matrix(kernel, 4, 1, border)
    result = pair[0](images, kernel, kernel, 1, border)
    np.testing.assert_allclose(result, forward_of((matrix, matrix), images), atol=1e-13)
    longer = np.ones(most + 2)
    for kernels in ((longer, kernel), (kernel, longer)):
        with pytest.raises(ValueError, match=r"`kernel_[yx]` must reach at most"):
            pair[0](images, *kernels, 1, border)
        with pytest.raises(ValueError, match=r"`kernel_[yx]` must reach at most"):
            pair[1](images, *kernels, 1, border, 4, 4)

    @tf.function(input_signature=[tf.TensorSpec([None, None, None, None], "float64")])
    def late(images):
        return pair[0](images, longer, longer, 1, border)

    with pytest.raises(tf.errors.InvalidArgumentError):
        late(images)


def test_a_single_pixel_reflects_only_what_needs_no_reflection():
    check_reach("kernel", 1, 1, 1, "reflect")
    check_reach("kernel", 3, 1, 1, "circular")
    with pytest.raises(ValueError, match="at most 0 pixels outside an axis of 1"):
        check_reach("kernel", 3, 1, 1, "reflect")


@each_pair
def test_rejects_what_does_not_fit(pair):
    measure, adjoint = pair
    images, kernel = np.ones((2, 8, 8, 3)), np.ones(3)
    with pytest.raises(TypeError, match="`images` must be floating point"):
        measure(np.ones((2, 8, 8, 3), np.int32), kernel, kernel, 2, "circular")
    with pytest.raises(ValueError, match=r"`images` must have shape \(batch, height"):
        measure(np.ones((8, 8, 3)), kernel, kernel, 2, "circular")
    with pytest.raises(ValueError, match="`kernel_y` must have rank 1 and at least 1"):
        measure(images, kernel[:0], kernel, 2, "circular")
    with pytest.raises(ValueError, match="`kernel_x` must have rank 1"):
        measure(images, kernel, kernel[None], 2, "circular")
    with pytest.raises(ValueError, match="`border` must be one of"):
        measure(images, kernel, kernel, 2, "zero")
    for factor in (0, -1, 1.5, 2**30 + 1):
        with pytest.raises(ValueError, match="`factor` must be an integer"):
            measure(images, kernel, kernel, factor, "circular")
    with pytest.raises(ValueError, match=r"`y` must have shape \(batch, 4, 5, channel"):
        adjoint(np.ones((2, 4, 4, 3)), kernel, kernel, 2, "circular", 8, 9)
    with pytest.raises(ValueError, match="`height` must be an integer of at least 0"):
        adjoint(np.ones((2, 4, 4, 3)), kernel, kernel, 2, "circular", -8, 8)


def test_nan_stays_in_its_image_of_the_batch(rng):
    images, kernel = rng.normal(size=(3, 8, 8, 2)), np.ones(5)
    poisoned = images.copy()
    poisoned[1] = np.nan
    clean = ops.blur_downsample(images, kernel, kernel, 2).numpy()
    y = ops.blur_downsample(poisoned, kernel, kernel, 2).numpy()
    assert np.all(np.isnan(y[1]))
    np.testing.assert_array_equal(y[[0, 2]], clean[[0, 2]])
    back = ops.blur_downsample_adjoint(y, kernel, kernel, 2, "circular", 8, 8).numpy()
    assert np.all(np.isfinite(back[[0, 2]]))
