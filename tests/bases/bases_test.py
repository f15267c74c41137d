"""One battery for all bases, and the known transforms that they must equal."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import fft

from tf_gencs import bases
from tf_gencs.bases.wavelet import daubechies_filter

CASES = {
    "pixel": bases.Pixel(),
    "dct": bases.DCT(),
    "haar": bases.Wavelet(),
    "db2": bases.Wavelet("db2"),
    "db4": bases.Wavelet("db4"),
    "db10": bases.Wavelet("db10"),
}
# Odd, even and unequal sizes, lines, axes too long for matrices; all with channels.
SHAPES = [(28, 28, 1), (12, 8, 3), (7, 5, 2), (1, 6, 1), (1, 1, 1), (2, 300, 2)]


@pytest.fixture(params=CASES)
def basis(request):
    return CASES[request.param]


@pytest.mark.parametrize("shape", [*SHAPES, (30,), (784,), (1,), (8, 6)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_is_orthonormal(basis, rng, shape, dtype):
    x, c = rng.normal(size=(2, 3, 2, *shape)).astype(dtype)
    rank, error = len(shape), 1e-5 if dtype == "float32" else 1e-12
    analysed, synthesised = basis.analyse(x, rank), basis.synthesise(c, rank)
    assert analysed.shape == synthesised.shape == x.shape
    assert analysed.dtype == synthesised.dtype == dtype
    # The adjoint is the inverse, both ways, and every signal keeps its energy.
    size = np.sqrt(np.sum(x**2) * np.sum(c**2))
    assert abs(np.sum(analysed * c) - np.sum(x * synthesised)) < error * size
    np.testing.assert_allclose(basis.synthesise(analysed, rank), x, atol=10 * error)
    np.testing.assert_allclose(basis.analyse(synthesised, rank), c, atol=10 * error)
    within = tuple(range(2, 2 + rank))
    np.testing.assert_allclose(
        np.sum(analysed.numpy() ** 2, within), np.sum(x**2, within), rtol=10 * error
    )


def test_leading_dimensions_do_not_matter(basis, rng):
    x = rng.normal(size=(2, 3, 12, 8, 2))
    whole = basis.analyse(x)
    np.testing.assert_allclose(basis.analyse(x[1, 2]), whole[1, 2], atol=1e-12)
    assert basis.analyse(x[:0]).shape == (0, 3, 12, 8, 2)
    assert basis.synthesise(x[:, :0]).shape == (2, 0, 12, 8, 2)


def test_works_in_a_graph_that_does_not_know_the_batch(basis, rng):
    shape = (2, 300, 2)  # one axis by a matrix, one that is too long for it
    x = rng.normal(size=(3, *shape))
    spec = tf.TensorSpec((None, *shape), "float64")
    analyse = tf.function(basis.analyse).get_concrete_function(spec)
    synthesise = tf.function(basis.synthesise).get_concrete_function(spec)
    assert analyse.output_shapes.as_list() == [None, *shape]
    np.testing.assert_allclose(analyse(tf.constant(x)), basis.analyse(x), atol=1e-12)
    np.testing.assert_allclose(synthesise(analyse(tf.constant(x))), x, atol=1e-12)
    assert analyse(tf.constant(x[:0])).shape == (0, *shape)


def test_gradients_are_those_of_the_adjoint(basis, rng):
    x, c = (tf.constant(v) for v in rng.normal(size=(2, 3, 12, 300, 1)))
    for forward, adjoint in (
        (basis.analyse, basis.synthesise),
        (basis.synthesise, basis.analyse),
    ):
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = tf.reduce_sum(forward(x) * c)
        np.testing.assert_allclose(tape.gradient(value, x), adjoint(c), atol=1e-12)


def test_other_floats_keep_their_dtype(basis, rng):
    x = tf.cast(rng.normal(size=(2, 12, 8, 1)), tf.bfloat16)
    c = basis.analyse(x)
    assert c.dtype == tf.bfloat16
    expected = basis.analyse(tf.cast(x, tf.float32))
    np.testing.assert_allclose(tf.cast(c, tf.float32), expected, rtol=0.01)


def test_config_keeps_everything(basis, rng):
    again = bases.get(keras.saving.serialize_keras_object(basis))
    assert type(again) is type(basis)
    x = rng.normal(size=(12, 8, 2))
    np.testing.assert_array_equal(again.analyse(x), basis.analyse(x))


@pytest.mark.parametrize("shape", SHAPES)
def test_dct_is_scipy_s(rng, shape):
    x = rng.normal(size=(2, *shape))
    expected = fft.dctn(x, axes=(1, 2), norm="ortho")
    np.testing.assert_allclose(bases.DCT().analyse(x), expected, atol=1e-12)
    rows = rng.normal(size=(2, 500))
    expected = fft.dct(rows, norm="ortho")
    np.testing.assert_allclose(bases.DCT().analyse(rows, 1), expected, atol=1e-12)


def test_dct_of_a_constant_channel_is_one_coefficient():
    x = np.zeros((1, 6, 4, 2))
    x[..., 1] = 3.0
    c = bases.DCT().analyse(x).numpy()
    assert c[0, 0, 0, 1] == pytest.approx(3.0 * np.sqrt(6 * 4))
    assert np.count_nonzero(np.abs(c) > 1e-12) == 1


def haar_matrix(size):
    """The pyramid of the Haar wavelet for a line of `size`, level by level."""
    total = np.eye(size)
    while size % 2 == 0:
        level = np.eye(len(total))
        level[:size, :size] = 0
        for i in range(size // 2):
            level[i, [2 * i, 2 * i + 1]] = np.sqrt(0.5)
            level[size // 2 + i, [2 * i, 2 * i + 1]] = [np.sqrt(0.5), -np.sqrt(0.5)]
        total, size = level @ total, size // 2
    return total


@pytest.mark.parametrize("size", [1, 2, 6, 8, 28, 96, 100])
def test_haar_of_a_line_is_its_matrix(rng, size):
    x = rng.normal(size=(3, size))
    expected = x @ haar_matrix(size).T
    np.testing.assert_allclose(bases.Wavelet().analyse(x, 1), expected, atol=1e-12)
    # A line may also lie in an image.
    column = bases.Wavelet().analyse(x.reshape(3, size, 1, 1))
    np.testing.assert_allclose(column[..., 0, 0], expected, atol=1e-12)


def test_haar_of_an_image_goes_on_in_the_smooth_corner(rng):
    x = rng.normal(size=(4, 4))
    means = x.reshape(2, 2, 2, 2).mean(axis=(1, 3))
    c = bases.Wavelet().analyse(x, 2).numpy()
    assert c[0, 0] == pytest.approx(4 * x.mean())
    # The corner of the first level, twice the block means, split once more.
    half = np.array([[1, 1], [1, -1]]) / np.sqrt(2)
    np.testing.assert_allclose(c[:2, :2], half @ (2 * means) @ half.T)
    across = 0.5 * (x[0::2, 0::2] + x[1::2, 0::2] - x[0::2, 1::2] - x[1::2, 1::2])
    np.testing.assert_allclose(c[:2, 2:], across)


@pytest.mark.filterwarnings("ignore:Level value of")  # deeper than PyWavelets likes
@pytest.mark.parametrize("name", ["db1", "db2", "db4", "db7"])
@pytest.mark.parametrize("size", [8, 32, 128])
def test_wavelets_are_those_of_an_installed_pywavelets(rng, name, size):
    pywt = pytest.importorskip("pywt")
    x, level = rng.normal(size=(size, size)), int(np.log2(size))
    pyramid = pywt.wavedec2(x, name, mode="periodization", level=level)
    expected = pywt.coeffs_to_array(pyramid)[0]
    c = bases.Wavelet(name).analyse(x, 2)
    np.testing.assert_allclose(c, expected, atol=1e-11)


def test_a_line_has_the_coefficients_that_pywavelets_gives_it():
    # wavedec(np.arange(8.0) ** 2, "db2", mode="periodization", level=3), version 1.9.0
    expected = [
        49.49747468305833,
        -12.247448713915883,
        -17.98076211353316,
        28.516660498395407,
        -7.436401953852086,
        -1.224744871391589,
        -1.2247448713915903,
        29.684881569858604,
    ]
    c = bases.Wavelet("db2").analyse(np.arange(8.0) ** 2, 1)
    np.testing.assert_allclose(c, expected, rtol=1e-12)


@pytest.mark.parametrize("name", ["haar", "db3", "db10"])
@pytest.mark.parametrize("size", [2, 6, 28, 64])
def test_matrices_and_taps_are_the_same_transform(rng, name, size):
    wavelet, x = bases.Wavelet(name), tf.constant(rng.normal(size=(3, size, 2)))
    by_taps = wavelet._split(x, -2)
    by_matrix = wavelet._along(x, -2, inverse=False)
    np.testing.assert_allclose(by_taps, by_matrix, atol=1e-13)
    np.testing.assert_allclose(wavelet._merge(by_taps, -2), x, atol=1e-12)


@pytest.mark.parametrize("moments", range(1, 11))
def test_daubechies_filters_have_their_defining_properties(moments):
    taps = np.array(daubechies_filter(moments))
    assert len(taps) == 2 * moments
    for shift in range(moments):
        overlap = taps[2 * shift :] @ taps[: len(taps) - 2 * shift]
        assert abs(overlap - (shift == 0)) < 1e-12
    assert abs(taps.sum() - np.sqrt(2)) < 1e-12
    # The detail filter sees no polynomial of degree below `moments`.
    places = np.arange(len(taps)) / len(taps)
    detail = taps[::-1] * (-1.0) ** np.arange(len(taps))
    for degree in range(moments):
        assert abs(detail @ places**degree) < 1e-10


def test_second_daubechies_filter_is_the_published_one():
    root = np.sqrt(3)
    expected = np.array([1 + root, 3 + root, 3 - root, 1 - root]) / (4 * np.sqrt(2))
    np.testing.assert_allclose(daubechies_filter(2), expected, atol=1e-15)


def test_db2_sees_no_ramp_but_its_ends():
    """What wavelets are for: of 32 details of a ramp two are left."""
    details = bases.Wavelet("db2").analyse(np.linspace(1, 2, 64), 1)[32:].numpy()
    assert np.flatnonzero(np.abs(details) > 1e-12).tolist() == [0, 31]


def test_names_give_bases():
    expected = {"pixel": bases.Pixel, "dct": bases.DCT, "wavelet": bases.Wavelet}
    assert {name: type(bases.get(name)) for name in bases.names} == expected


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: bases.get("fourier"), ValueError, r"`basis` must be one of \['pixel'"),
        (lambda: bases.get(["dct"]), TypeError, "`basis` must be one of"),
        (lambda: bases.Wavelet("sym4"), ValueError, "`name` must be one of .*sym4"),
        (lambda: bases.Wavelet(4), ValueError, "`name` must be one of"),
        (
            lambda: bases.DCT().analyse(np.ones((4, 4, 1), complex)),
            TypeError,
            "`x` must hold real numbers.*complex128",
        ),
        (
            lambda: bases.DCT().analyse(np.ones((4, 4))),
            ValueError,
            r"`x` must have shape .* 3 known sizes.*\(4, 4\)",
        ),
        (
            lambda: bases.Pixel().synthesise(np.ones(4), 0),
            ValueError,
            "`signal_rank` must be an integer of at least 1",
        ),
    ],
)
def test_refuses_bad_arguments(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_refuses_unknown_sizes_within_a_signal():
    spec = tf.TensorSpec((2, None, 4, 1), "float32")
    with pytest.raises(ValueError, match="known sizes at its end"):
        tf.function(bases.DCT().analyse).get_concrete_function(spec)


@pytest.mark.parametrize("name", ["pixel", "dct", "wavelet"])
def test_sparsest_is_the_basis_that_signals_were_made_in(name, rng):
    c = np.zeros((20, 64))
    for row in c:
        row[rng.choice(64, 3, replace=False)] = rng.normal(size=3)
    x = bases.get(name).synthesise(c.reshape(20, 8, 8, 1))
    found = bases.sparsest(x)
    assert type(found) is type(bases.get(name))


def test_nothing_is_sparsest_where_all_are_dense(rng):
    assert bases.sparsest(rng.normal(size=(20, 8, 8, 1))) is None
    assert bases.sparsest(np.zeros((3, 8, 8, 1))) is None


def test_sparsest_takes_flat_signals(rng):
    x = np.zeros((5, 16), "float32")
    x[:, 3] = 1
    assert isinstance(bases.sparsest(x), bases.Pixel)


def test_spectrum_is_the_size_of_every_coefficient(rng):
    size = np.exp(-0.1 * np.arange(64)).reshape(8, 8, 1)
    x = bases.DCT().synthesise(size * rng.normal(size=(3000, 8, 8, 1)))
    found = bases.spectrum(bases.DCT(), x)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, size, rtol=0.1)


def test_spectrum_of_few_signals_is_smooth(rng):
    x = bases.DCT().synthesise(rng.normal(size=(3, 8, 8, 1)))
    found = bases.spectrum(bases.DCT(), x)
    assert 0.6 < found.min() < found.max() < 1.5
    plain = np.sqrt(np.mean(bases.DCT().analyse(x).numpy() ** 2, axis=0))
    assert found.std() < 0.3 * plain.std()


def test_no_spectrum_where_large_coefficients_are_others_each_time(rng):
    c = np.zeros((500, 64))
    for row in c:
        row[rng.choice(64, 3, replace=False)] = rng.normal(size=3)
    assert bases.spectrum(bases.Pixel(), c.reshape(500, 8, 8, 1)) is None


@pytest.mark.parametrize("shape", [(16,), (8, 8), (8, 8, 1)])
def test_spectrum_takes_signals_of_any_rank(shape, rng):
    found = bases.spectrum(bases.DCT(), 2 * rng.normal(size=(400, *shape)))
    assert found.shape == shape
    np.testing.assert_allclose(found, 2, rtol=0.25)


@pytest.mark.parametrize("name", ["pixel", "dct", "wavelet"])
def test_deviations_of_known_sizes_come_with_their_basis(name, rng):
    size = rng.permutation(np.exp(-0.05 * np.arange(64))).reshape(8, 8, 1)
    x = bases.get(name).synthesise(size * rng.normal(size=(500, 8, 8, 1))).numpy()
    basis, scale = bases.of_deviations(x)
    assert type(basis) is type(bases.get(name))
    assert np.corrcoef(np.log(scale.ravel()), np.log(size.ravel()))[0, 1] > 0.9


def test_deviations_that_differ_in_place_come_without_sizes(rng):
    c = np.zeros((500, 64))
    for row in c:
        row[rng.choice(64, 3, replace=False)] = rng.normal(size=3)
    basis, scale = bases.of_deviations(c.reshape(500, 8, 8, 1))
    assert isinstance(basis, bases.Pixel)
    assert scale is None
    assert bases.of_deviations(rng.normal(size=(20, 8, 8, 1))) == (None, None)
    assert bases.of_deviations(c[:1].reshape(1, 8, 8, 1))[1] is None
