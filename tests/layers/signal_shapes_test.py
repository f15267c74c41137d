"""Which layers work on lines, images and volumes, and what the others say."""

import re

import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs
from tf_gencs import layers

SHAPES = {
    "vector": (12,),
    "line": (12, 2),
    "image": (6, 5, 2),
    "volume": (4, 6, 5, 2),
}


def half(shape):
    return np.random.default_rng(0).permutation(np.arange(np.prod(shape)) % 2 == 0)


def places(shape):
    return half(shape[:-1] or shape).reshape(shape[:-1] or shape)


def coils(shape):
    return np.random.default_rng(0).normal(size=(2, *places(shape).shape)) + 0.5j


def psf(shape):
    """As many axes as the signal has places, another size along each."""
    axes = max(1, len(shape) - 1)
    return np.random.default_rng(0).normal(size=(3, 2, 4)[:axes])


MAKE = {
    "gaussian": lambda shape: layers.GaussianMeasurement(5, seed=0),
    "rademacher": lambda shape: layers.RademacherMeasurement(5, seed=0),
    "hadamard": lambda shape: layers.HadamardMeasurement(5, seed=0),
    "circulant": lambda shape: layers.CirculantMeasurement(5, seed=0),
    "cosine": lambda shape: layers.CosineMeasurement(5, seed=0),
    "flat cosine": lambda shape: layers.CosineMeasurement(5, flat=True, seed=0),
    "identity": lambda shape: layers.IdentityMeasurement(),
    "matrix": lambda shape: layers.MatrixMeasurement(np.ones((5, np.prod(shape)))),
    "mask": lambda shape: layers.MaskMeasurement(half(shape).reshape(shape)),
    "mask of places": lambda shape: layers.MaskMeasurement(places(shape)),
    "random mask": lambda shape: layers.MaskMeasurement(keep=0.5, seed=0),
    "gaussian blur": lambda shape: layers.BlurDownsample(2),
    "circular box": lambda shape: layers.BlurDownsample(2, "box", border="circular"),
    "any blur": lambda shape: layers.BlurDownsample(2, psf(shape)),
    "fourier": lambda shape: layers.FourierMeasurement(places(shape)),
    "coils": lambda shape: layers.FourierMeasurement(places(shape), coils=coils(shape)),
    "lines of k-space": lambda shape: layers.FourierMeasurement(
        "random", acceleration=2, seed=0
    ),
    "grayscale": lambda shape: layers.GrayscaleMeasurement(),
    "projection": lambda shape: layers.ProjectionMeasurement(3),
    "A @ B": lambda shape: (
        layers.GaussianMeasurement(3, seed=0) @ layers.MaskMeasurement(places(shape))
    ),
    "linear function": lambda shape: layers.FunctionMeasurement(
        lambda x: tf.cumsum(x, 1), linear=True
    ),
}
WITH_CHANNELS = {
    "cosine",
    "gaussian blur",
    "circular box",
    "any blur",
    "fourier",
    "coils",
    "lines of k-space",
    "grayscale",
}


def works(name, kind):
    if name == "projection":
        return kind in ("image", "volume")
    return kind != "vector" or name not in WITH_CHANNELS


PAIRS = [(name, kind) for name in MAKE for kind in SHAPES]
WORKING = [pair for pair in PAIRS if works(*pair)]
REFUSED = [pair for pair in PAIRS if not works(*pair)]


@pytest.mark.parametrize(("name", "kind"), WORKING)
def test_adjoint_passes_the_dot_test_on_every_kind_of_signal(name, kind):
    A, shape = MAKE[name](SHAPES[kind]), SHAPES[kind]
    dtypes = "float32" if name in ("matrix", "linear function") else None
    gencs.testing.check_adjoint(A, shape, dtypes=dtypes)
    x = tf.random.stateless_normal((3, *shape), (0, 1))
    graph = tf.function(A, input_signature=[tf.TensorSpec((None, *shape))])
    np.testing.assert_allclose(graph(x), A(x), atol=1e-5)
    assert graph(x[:0]).shape == (0, A.measurements)
    np.testing.assert_allclose(A.squared_error(x, A(x)), 0, atol=1e-6)
    y = tf.reshape(A(x), (3, *A.measurement_shape))
    np.testing.assert_array_equal(A.adjoint(y), A.adjoint(A(x)))
    exact = np.sum(np.square(A.to_dense())) / A.signal_size
    assert float(A.mean_gain()) == pytest.approx(exact, rel=0.2)


@pytest.mark.parametrize(("name", "kind"), REFUSED)
def test_refuses_what_has_no_meaning_by_name(name, kind):
    A, shape = MAKE[name](SHAPES[kind]), SHAPES[kind]
    message = rf"`{A.name}`.* must be built on images \(height, width, channels\).*or "
    with pytest.raises(ValueError, match=message + f".*{re.escape(str(shape))}"):
        A.build((None, *shape))


def test_synthetic_coils_stand_around_images_only():
    A = layers.FourierMeasurement(places((12, 2)), coils=3)
    with pytest.raises(ValueError, match=r"`coils` must be an array \(coils, 12\)"):
        A.build((None, 12, 2))


def test_a_volume_is_projected_slice_by_slice():
    x = np.random.default_rng(0).normal(size=(2, 3, 6, 5, 2)).astype("float32")
    A, one = layers.ProjectionMeasurement(4), layers.ProjectionMeasurement(4)
    slices = tf.reshape(one(x.reshape(6, 6, 5, 2)), (2, -1))
    np.testing.assert_allclose(A(x), slices, atol=1e-5)
    assert A.measurement_shape == (3, *one.measurement_shape)


@pytest.mark.parametrize("axes", [1, 3])
@pytest.mark.parametrize("border", ["reflect", "circular"])
@pytest.mark.parametrize("factor", [1, 2, 3])
def test_lines_and_volumes_are_blurred_as_images_are(axes, border, factor):
    """An image that does not change along one axis is a line."""
    rng = np.random.default_rng(0)
    line = rng.normal(size=(2, 13, 2))
    kernel = rng.normal(size=3 + factor)
    kernel /= kernel.sum()
    blur = {"kernel": kernel, "border": border, "dtype": "float64"}
    A = layers.BlurDownsample(factor, **blur)
    A.build((None, 13, *[13] * (axes - 1), 2))
    x = np.broadcast_to(
        line.reshape(2, 13, *[1] * (axes - 1), 2), (2, *A.signal_shape)
    ).copy()
    image = np.broadcast_to(line[:, :, None], (2, 13, 13, 2))
    of_image = layers.BlurDownsample(factor, **blur)
    of_image.build((None, 13, 13, 2))
    expected = tf.reshape(of_image(image), (2, *of_image.measurement_shape))[:, :, 0]
    y = tf.reshape(A(x), (2, A.measurement_shape[0], -1, 2))[:, :, 0]
    np.testing.assert_allclose(y, expected, atol=1e-12)


@pytest.mark.parametrize(
    ("box", "shape"),
    [((3, 4), (12, 2)), ((1, 2, 3, 1), (6, 5, 2)), ((0, 1, 2, 2, 3, 1), (4, 6, 5, 2))],
)
def test_a_box_hides_a_start_and_a_size_along_every_axis(box, shape):
    A = layers.MaskMeasurement(box=box)
    A.build((None, *shape))
    hidden = A.adjoint(tf.ones((1, A.measurements)))[0, ..., 0] == 0
    expected = np.zeros(shape[:-1], bool)
    axes = len(box) // 2
    expected[
        tuple(slice(a, a + n) for a, n in zip(box[:axes], box[axes:], strict=True))
    ] = 1
    np.testing.assert_array_equal(hidden, expected)
    with pytest.raises(ValueError, match="`box` must be hidden from"):
        layers.MaskMeasurement(box=box).build(
            (None, 4, 4, 4, 4) if axes < 3 else (None, 4)
        )


@pytest.mark.parametrize("shape", [(28, 28, 1), (28, 28), (218, 178, 3)])
@pytest.mark.parametrize(
    "A",
    [lambda: layers.GaussianMeasurement(3), lambda: layers.BlurDownsample(2)],
)
def test_one_image_is_no_batch_of_lines_on_a_first_call(A, shape):
    A, x = A(), tf.zeros(shape)
    with pytest.raises(ValueError, match=r"may be one image.*A\.build\(\(None, "):
        A(x)
    assert not A.built
    A(x[None, :, :, None] if len(shape) == 2 else x[None])
    assert len(A.signal_shape) == 3


def test_a_built_measurement_takes_a_batch_that_looks_like_an_image():
    A = layers.GaussianMeasurement(3)
    A.build((None, 28, 1))
    assert A(tf.zeros((28, 28, 1))).shape == (28, 3)
    # Its matrix says what it takes, and nothing looks like an image here.
    assert layers.MatrixMeasurement(np.ones((2, 16)))(tf.zeros((16, 16))).shape == (
        16,
        2,
    )
    assert layers.GaussianMeasurement(3)(tf.zeros((4, 28, 1))).shape == (4, 3)
    assert layers.GaussianMeasurement(3)(tf.zeros((2, 4, 6, 5, 1))).shape == (2, 3)
