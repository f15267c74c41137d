"""Rows that tell a model's signals apart, and measurements that take them."""

import numpy as np
import pytest

import tf_gencs as gencs
from tests.generators import linear_generator
from tf_gencs.layers.support.leverage import chances, draw_rows

SHAPE = (8, 6, 1)


@pytest.fixture
def waves():
    """A linear model of images made of the constant and a cosine along the height."""
    y = np.arange(8)[:, None] + np.zeros((8, 6))
    columns = [np.ones((8, 6)), np.cos(2 * np.pi * y / 8)]
    W = np.stack([c.ravel() / np.linalg.norm(c) for c in columns], 1)
    generator = linear_generator(W * [2.0, 1.0], SHAPE)
    return gencs.models.GenerativeModel(generator, representation_error=0.0)


def test_leverage_is_where_the_tangents_are(waves):
    found = gencs.theory.coherence(waves, "fourier", tangents=3, draws=20, seed=0)
    leverage = found.leverage.reshape(8, 6)
    expected = np.zeros((8, 6))
    expected[0, 0], expected[1, 0], expected[-1, 0] = 1, 0.5, 0.5
    np.testing.assert_allclose(leverage, expected, atol=1e-12)
    np.testing.assert_allclose(found.alpha**2, expected.ravel(), atol=1e-12)
    np.testing.assert_allclose([found.uniform, found.adapted], [48, 2])
    assert found.gain == pytest.approx(24)


@pytest.mark.parametrize("basis", ["dct", "pixel", "wavelet"])
def test_leverage_sums_to_the_tangents_in_every_basis(waves, basis):
    found = gencs.theory.coherence(waves, basis, tangents=3, draws=20, seed=0)
    np.testing.assert_allclose(found.leverage.sum(), 2)
    assert 1.999 <= found.adapted <= found.uniform
    whole = gencs.layers.CosineMeasurement(48, seed=0, dtype="float64")
    if basis == "dct":  # signs mix what a wave is
        mixed = gencs.theory.coherence(waves, whole, tangents=3, draws=20, seed=0)
        np.testing.assert_allclose(mixed.leverage.sum(), 2)
        assert mixed.uniform < found.uniform


def test_chances_sum_to_the_count_and_keep_what_matters():
    leverage = np.array([100.0, 10, 1, 1, 1, 0])
    found = chances(leverage, 3)
    np.testing.assert_allclose(found.sum(), 3)
    np.testing.assert_allclose(found[:2], 1)
    np.testing.assert_allclose(found[2:5], 1 / 3, rtol=1e-4)
    np.testing.assert_allclose(chances(leverage, 6), 1)


def test_rows_are_drawn_as_often_as_their_chances_say():
    leverage = np.random.default_rng(0).random(30) ** 4
    counts, draws = np.zeros(30), 3000
    for seed in range(draws):
        rows, chance = draw_rows(leverage, 7, np.random.default_rng(seed))
        assert len(np.unique(rows)) == 7
        counts[rows] += 1
    np.testing.assert_allclose(chance, chances(leverage, 7)[rows])
    np.testing.assert_allclose(counts / draws, chances(leverage, 7), atol=0.04)


def test_an_adapted_mask_takes_what_the_model_is_made_of(waves):
    mask = gencs.layers.fourier_mask("adapted", (8, 6), 24, seed=0, model=waves)
    assert mask.dtype == bool
    # Two places: the middle, and one of the pair beside it.
    assert mask.sum() == 2
    assert mask[4, 3]
    assert mask[3, 3] ^ mask[5, 3]
    again = gencs.layers.fourier_mask("adapted", (8, 6), 24, seed=0, model=waves)
    np.testing.assert_array_equal(mask, again)


@pytest.mark.parametrize("acceleration", [1, 1.5, 2.3, 8])
def test_an_adapted_mask_has_exactly_so_many_places(waves, acceleration):
    mask = gencs.layers.fourier_mask(
        "adapted", (8, 6), acceleration, seed=1, model=waves, draws=2
    )
    assert mask.sum() == round(48 / acceleration)
    assert mask[4, 3]


def test_of_places_that_say_the_same_both_are_taken_last(waves):
    mask = gencs.layers.fourier_mask("adapted", (8, 6), 2, seed=1, model=waves)
    spectrum = np.roll(mask, (-4, -3), (0, 1))  # the zero frequency comes first
    partner = np.roll(spectrum[::-1, ::-1], 1, (0, 1))
    assert (spectrum & partner).sum() <= 4  # those that are their own partners


def test_a_mask_needs_the_model_and_nothing_that_it_does_not_heed(waves):
    make = gencs.layers.fourier_mask
    with pytest.raises(ValueError, match="`model` must be a"):
        make("adapted", (8, 6), 4)
    with pytest.raises(ValueError, match=r"`shape` must be .* of the model's images"):
        make("adapted", (6, 6), 4, model=waves)
    with pytest.raises(ValueError, match="`center_lines` must be 0"):
        make("adapted", (8, 6), 4, 2, model=waves)
    with pytest.raises(ValueError, match="`model` must be None for a 'radial'"):
        make("radial", (8, 6), 4, model=waves)
    with pytest.raises(ValueError, match="array of bool, as `fourier_mask` makes"):
        gencs.layers.FourierMeasurement("adapted", acceleration=4)


@pytest.mark.long
@pytest.mark.parametrize(
    "whole",
    [
        gencs.layers.CosineMeasurement(48, seed=0, dtype="float64"),
        pytest.param(
            gencs.layers.HadamardMeasurement(48, seed=0, dtype="float64"),
            marks=pytest.mark.slow,
        ),
        pytest.param(
            gencs.layers.IdentityMeasurement(dtype="float64"), marks=pytest.mark.slow
        ),
    ],
)
def test_adapted_rows_of_any_orthonormal_layer_keep_lengths_on_average(waves, whole):
    whole.build((None, *SHAPE))
    squares = [
        gencs.layers.SelectedRows.adapted(whole, waves, 12, seed=seed, draws=1)
        .to_dense()
        .numpy()
        for seed in range(150)
    ]
    x = waves.generate(1, seed=0).ravel()
    lengths = [np.sum((A @ x) ** 2) for A in squares]
    of_whole = np.sum((whole.to_dense().numpy() @ x) ** 2)
    np.testing.assert_allclose(np.mean(lengths), of_whole, rtol=0.1)


def test_selected_rows_are_those_of_the_matrix_weighted():
    whole = gencs.layers.CosineMeasurement(48, seed=0, dtype="float64")
    A = gencs.layers.SelectedRows(whole, [5, 40, 3], [1.0, 2.0, 0.5])
    A.build((None, *SHAPE))
    expected = whole.to_dense().numpy()[[5, 40, 3]] * [[1.0], [2.0], [0.5]]
    np.testing.assert_allclose(A.to_dense(), expected, atol=1e-12)
    plain = gencs.layers.SelectedRows(whole, [5, 40, 3])
    plain.build((None, *SHAPE))
    assert plain.structure == A.structure


@pytest.mark.parametrize(
    ("rows", "weights", "message"),
    [
        ([1, 1], None, "`rows` must be different"),
        ([-1], None, "`rows` must be different integers of at least 0"),
        ([0.5], None, "`rows` must be a sequence of at least one integer"),
        ([48], None, "`rows` must be below 48"),
        ([1, 2], [1.0], r"`weights` must have shape \(2,\)"),
    ],
)
def test_rejects_rows_that_are_none(rows, weights, message):
    whole = gencs.layers.CosineMeasurement(48, seed=0)
    with pytest.raises(ValueError, match=message):
        gencs.layers.SelectedRows(whole, rows, weights).build((None, *SHAPE))
