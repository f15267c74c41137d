"""Arrays that mean more than their numbers, and numbers that come as arrays."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs
from tests.generators import random_generator
from tf_gencs import checks, layers

SHAPE = (4, 4, 1)
X = np.random.default_rng(0).random((2, *SHAPE)).astype("float32")
IMAGES = np.random.default_rng(1).random((2, 16, 16, 1)).astype("float32")


def measurement():
    A = layers.GaussianMeasurement(5, seed=0)
    A.build((None, *SHAPE))
    return A


def model():
    return gencs.models.GenerativeModel(generator=random_generator(signal_shape=SHAPE))


def recovered(y):
    quick = model()
    quick.compile(solver=gencs.solvers.Adam(0.1, steps=2), run_eagerly=True)
    return quick.recover(y, measurement(), seed=0, verbose=0)


# Each takes what is refused in the place of one argument.
DOORS = {
    "measure": lambda value: measurement()(value),
    "measure by @": lambda value: measurement() @ value,
    "build by a call": lambda value: layers.GaussianMeasurement(5)(value),
    "adjoint": lambda value: measurement().adjoint(value),
    "squared error, x": lambda value: measurement().squared_error(
        value, np.ones((2, 5), "float32")
    ),
    "squared error, y": lambda value: measurement().squared_error(X, value),
    "matrix": lambda value: layers.MatrixMeasurement(value),
    "mask": lambda value: layers.MaskMeasurement(value),
    "Fourier mask": lambda value: layers.FourierMeasurement(value),
    "coils": lambda value: layers.FourierMeasurement(np.eye(4) > 0, coils=value),
    "kernel": lambda value: layers.BlurDownsample(1, value),
    "weights": lambda value: layers.GrayscaleMeasurement(value),
    "angles": lambda value: layers.ProjectionMeasurement(value),
    "y": lambda value: model().recover(value, measurement()),
    "signals of invert": lambda value: model().invert(value),
    "PSNR": lambda value: gencs.metrics.PSNR().update_state(value, IMAGES),
    "SSIM": lambda value: gencs.metrics.SSIM().update_state(IMAGES, value),
    "Frechet": lambda value: gencs.metrics.FrechetDistance().update_state(value),
    "evaluate": lambda value: gencs.metrics.evaluate(IMAGES, value),
    "basis": lambda value: gencs.bases.get("dct").analyse(value),
    "sparsest": gencs.bases.sparsest,
    "prior": lambda value: gencs.priors.get("normal").penalty(value),
    "shell": lambda value: gencs.priors.get("normal").to_shell(value),
    "loss, y": lambda value: gencs.losses.get("sse")(value, tf.ones((2, 5))),
    "loss, A x": lambda value: gencs.losses.get("sse")(tf.ones((2, 5)), value),
}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.ma.masked_array(X, X > 0.5), r"no masked values: `\.filled\(0\)`"),
        (tf.ragged.constant([[1.0, 2.0], [3.0]]), r"equal lengths: `\.to_tensor\(\)`"),
        (tf.sparse.from_dense(np.eye(4, dtype="float32")), r"`tf\.sparse\.to_dense`"),
        ([[1.0, 2.0], [3.0]], "rows of equal lengths"),
    ],
    ids=["masked", "ragged", "sparse", "lists"],
)
@pytest.mark.parametrize("door", DOORS)
def test_nothing_is_stripped_of_what_it_means(door, value, message):
    if door in ("measure by @", "kernel") and isinstance(value, list):
        pytest.skip("Python itself refuses it; two kernels may have other lengths")
    with pytest.raises(TypeError, match=message):
        DOORS[door](value)


def test_a_masked_matrix_is_refused_and_sparse_ones_of_scipy_say_how():
    with pytest.raises(TypeError, match="`A` must have no masked values"):
        model().recover(np.ones((2, 5), "float32"), np.ma.ones((5, 16)))
    scipy = pytest.importorskip("scipy.sparse")
    with pytest.raises(TypeError, match=r"`y` must be .* `\.toarray\(\)` makes one"):
        model().recover(scipy.csr_array(np.ones((2, 5))), measurement())


@pytest.mark.parametrize(
    "kind", [np.array, np.float32, tf.constant, tf.Variable, keras.ops.array]
)
def test_numbers_may_be_arrays_without_axes(kind):
    assert gencs.losses.Huber(kind(0.5)).delta == 0.5
    assert layers.MaskMeasurement(keep=kind(0.5)).keep == 0.5
    assert checks.integer(np.array(3), "m") == checks.integer(tf.constant(3), "m") == 3
    assert checks.flag(np.array(True), "flag") is True
    assert checks.value_range((kind(0.0), kind(1.0))) == (0, 1)
    for wrong in (
        np.ma.masked,
        np.ones(1),
        np.array("1"),
        np.array(1j),
        np.array(True),
    ):
        with pytest.raises(ValueError, match="`delta` must be a finite number above 0"):
            gencs.losses.Huber(wrong)


@pytest.mark.parametrize("ask", ["recover", "invert", "as_measurement"])
def test_what_takes_arrays_says_so_inside_of_a_data_set(ask):
    one, A = model(), measurement()
    calls = {
        "recover": lambda x: one.recover(A(x), A, verbose=0),
        "invert": one.invert,
        "as_measurement": lambda x: layers.as_measurement(A, SHAPE)(x),
    }
    message = r"must .*outside of `tf\.function` and `Dataset\.map`"
    with pytest.raises((TypeError, ValueError), match=message):
        tf.data.Dataset.from_tensor_slices(X).batch(2).map(calls[ask])


WHOLE = {
    "adjoint": (lambda y: measurement().adjoint(y), (2, 5)),
    "squared error": (lambda y: measurement().squared_error(X, y), (2, 5)),
    "noise": (lambda y: layers.AdditiveNoise(0.1, seed=0)(y), (2, 5)),
    "kernel": (lambda k: layers.BlurDownsample(1, k)(X), (3, 3)),
    "matrix": (lambda A: layers.as_measurement(A, SHAPE)(X), (5, 16)),
    "y": (recovered, (2, 5)),
    "z": (lambda z: model().generate(z=z), (2, 4)),
    "prior": (lambda z: gencs.priors.get("normal").penalty(z), (2, 4)),
    "PSNR": (lambda x: gencs.metrics.PSNR()(x, IMAGES), IMAGES.shape),
    "Wasserstein": (
        lambda x: gencs.metrics.SlicedWasserstein()(x, IMAGES),
        IMAGES.shape,
    ),
    "basis": (lambda x: gencs.bases.get("dct").analyse(x), (2, *SHAPE)),
    "loss, y": (lambda y: gencs.losses.get("sse")(y, tf.ones((2, 5))), (2, 5)),
    "loss, A x": (lambda y: gencs.losses.get("sse")(tf.ones((2, 5)), y), (2, 5)),
}


@pytest.mark.parametrize("door", WHOLE)
@pytest.mark.filterwarnings("ignore:`x` explains less:RuntimeWarning")
def test_integers_and_bools_are_the_numbers_they_are(door):
    call, shape = WHOLE[door]
    ones = np.random.default_rng(0).integers(0, 2, shape)
    expected = call(ones.astype("float32"))
    for dtype in ("int64", "uint8", "bool"):
        np.testing.assert_array_equal(call(ones.astype(dtype)), expected)


@pytest.mark.parametrize("dtype", ["int64", "uint8", "bool"])
def test_sparse_matrices_and_operators_of_integers_do_not_round_signals(dtype):
    scipy = pytest.importorskip("scipy.sparse")
    entries = np.random.default_rng(0).integers(0, 2, (5, 16)).astype(dtype)
    expected = X.reshape(2, 16) @ entries.astype("float32").T
    for A in (
        scipy.csr_array(entries),
        tf.sparse.from_dense(entries),
        pytest.importorskip("scipy.sparse.linalg").aslinearoperator(entries),
    ):
        y = layers.as_measurement(A, SHAPE)(X)
        np.testing.assert_allclose(y, expected, rtol=1e-5)


def test_entries_of_one_place_add_up_beyond_their_own_dtype():
    entries = tf.constant([200, 100], tf.uint8)
    A = tf.SparseTensor([[0, 0], [0, 0]], entries, (1, 16))
    y = layers.as_measurement(A, SHAPE)(X)
    np.testing.assert_allclose(y, 300 * X.reshape(2, 16)[:, :1], rtol=1e-6)


def test_masks_of_numbers_are_told_how_to_be_masks():
    for dtype in ("uint8", "float32"):
        with pytest.raises(
            TypeError, match=r"hold bool.*`\.astype\(bool\)` makes it so"
        ):
            layers.MaskMeasurement(np.eye(4, dtype=dtype))


def test_a_metric_of_images_asks_for_the_channel():
    images = np.zeros((60, 28, 28), "float32")
    with pytest.raises(
        ValueError, match=r"`y_true` .*channels\): `images\[..., None\]`"
    ):
        gencs.metrics.SSIM().update_state(images, images)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: measurement()(None), "`x` must be an array or tensor. Received: None"),
        (lambda: measurement()("x"), "`x` must be an array or tensor. Received: 'x'"),
        (lambda: measurement()(np.array([object()])), "`x` must be an array or tensor"),
        (lambda: measurement().build(5), "`input_shape` must be a tuple.*Received: 5"),
        (
            lambda: layers.IdentityMeasurement().build((None, 4, "4")),
            "`input_shape` must be a tuple",
        ),
        (
            lambda: layers.IdentityMeasurement()(np.zeros((2, 4, 0), "float32")),
            "of at least 1 each",
        ),
        (
            lambda: layers.as_measurement(np.ones((5, 16)), 16),
            "`signal_shape` must be a tuple of integers. Received: 16",
        ),
        (
            lambda: layers.as_measurement([[1.0, 2.0], [3.0]], (2,)),
            "`A` must .*rows of equal lengths",
        ),
        (
            lambda: layers.GaussianMeasurement(5, dtype="half a float"),
            "`dtype` must be",
        ),
        (
            lambda: layers.GaussianMeasurement(5, storage=np.ones(3)),
            "`storage` must be",
        ),
        (
            lambda: layers.coil_sensitivities(10**30, SHAPE[:2]),
            "`coils` .*4096",
        ),
        (lambda: checks.value_range("01"), "`value_range` must be None or finite"),
        (
            lambda: gencs.priors.get("normal").sample((2, 3), 0, 7),
            "`stream` must be a name",
        ),
        (
            lambda: gencs.priors.get("normal").draw((2, 3), [1, 2, 3]),
            "`stream` must be an integer tensor",
        ),
        (lambda: gencs.bases.spectrum(None, X), "`basis` must be a Basis"),
        (
            lambda: gencs.losses.gradient_penalty_of(None, X, X, [0.5, 0.5]),
            "`score` must be a function",
        ),
        (
            lambda: gencs.losses.gradient_penalty_of(keras.Model, X, X, [0.5, 0.5]),
            "`score` .*the class Model",
        ),
        (
            lambda: gencs.metrics.FrechetDistance(keras.Sequential),
            "`features` must be None.*the class Sequential",
        ),
        (
            lambda: layers.FunctionMeasurement(keras.Sequential),
            "`function` must be callable.*the class Sequential",
        ),
        (
            lambda: layers.ReconstructionScore(keras.Sequential),
            "`autoencoder` .*the class Sequential",
        ),
        (
            lambda: measurement()(np.ones((2, *SHAPE), "uint8")),
            r"`x` must hold floating-point.*`x\.astype\('float32'\)`.*uint8",
        ),
        (
            lambda: measurement()(X.transpose(0, 3, 1, 2)),
            r"`x` .*channels come last, `np\.moveaxis\(x, 1, -1\)`",
        ),
        (
            lambda: model().invert(X.transpose(0, 3, 1, 2)),
            r"`x` .*channels come last, `np\.moveaxis\(x, 1, -1\)`",
        ),
    ],
)
def test_says_what_is_wrong_before_any_work(call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call()
