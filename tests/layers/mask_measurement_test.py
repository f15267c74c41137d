import json

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs
from tf_gencs.layers import MaskMeasurement


def images(*shape):
    """Every value another one, so that it is clear where it went."""
    return np.arange(np.prod(shape), dtype="float32").reshape(shape)


def kept(A):
    """The mask of a built layer: True where the adjoint puts something back."""
    ones = tf.ones((A.signals or 1, A.measurements))
    return A.adjoint(ones).numpy() != 0


@pytest.mark.parametrize("shape", [(6, 5), (6, 5, 3)])
def test_keeps_exactly_the_values_of_the_mask(rng, shape):
    mask = rng.random(shape) < 0.4
    x = images(4, 6, 5, 3)
    A = MaskMeasurement(mask)
    y = A(x)
    np.testing.assert_array_equal(y, x[:, mask].reshape(4, -1))
    whole = np.broadcast_to(mask.reshape(6, 5, -1), (6, 5, 3))
    np.testing.assert_array_equal(A.adjoint(y), x * whole)
    assert A.measurements == whole.sum()
    assert A.signals is None


def test_takes_masks_of_signals_that_are_no_images():
    x = images(2, 5)
    A = MaskMeasurement(np.array([True, False, True, True, False]))
    np.testing.assert_array_equal(A(x), x[:, [0, 2, 3]])


def test_box_hides_exactly_the_box():
    x = images(3, 9, 8, 2)
    A = MaskMeasurement(box=(2, 3, 4, 5))
    y = A(x)
    assert y.shape == (3, (9 * 8 - 4 * 5) * 2)
    expected = x.copy()
    expected[:, 2:6, 3:8] = 0
    np.testing.assert_array_equal(A.adjoint(y), expected)


@pytest.mark.parametrize("keep", [0.01, 0.3, 1])
def test_random_masks_keep_so_many_whole_pixels(keep):
    A = MaskMeasurement(keep=keep, seed=1)
    A.build((None, 20, 30, 3))
    mask = kept(A)[0]
    assert A.measurements == 3 * round(keep * 600)
    assert mask.sum() == A.measurements
    assert (mask.all(axis=-1) == mask.any(axis=-1)).all()


def test_random_masks_are_spread_evenly():
    times_kept = sum(
        kept_of_seed(seed, signals=50).sum(axis=0, dtype=int) for seed in range(4)
    )
    # Each of 200 masks keeps a pixel with probability 1/4: 50 times, sigma is 6.1.
    assert np.abs(times_kept - 50).max() < 31
    assert 4 < times_kept.std() < 8.5


def kept_of_seed(seed, signals=None):
    A = MaskMeasurement(keep=0.25, seed=seed, signals=signals)
    A.build((None, 8, 8, 1))
    return kept(A)


def test_seeds_decide_the_mask():
    np.testing.assert_array_equal(kept_of_seed(5), kept_of_seed(5))
    assert (kept_of_seed(5) != kept_of_seed(6)).any()
    drawn = MaskMeasurement(keep=0.25)
    drawn.build((None, 8, 8, 1))
    seed = drawn.get_config()["seed"]
    np.testing.assert_array_equal(kept(drawn), kept_of_seed(seed))


@pytest.mark.parametrize("shape", [(6, 5), (6, 5, 3)])
def test_every_signal_through_its_own_mask(rng, shape):
    order = np.argsort(rng.random((4, np.prod(shape))), axis=1)
    masks = (order < 11).reshape(4, *shape)
    x = images(4, 6, 5, 3)
    A = MaskMeasurement(masks, signals=4)
    y = A(x)
    assert A.signals == 4
    assert A.rows.shape == y.shape == (4, 11 * (3 if len(shape) == 2 else 1))
    for b in range(4):
        np.testing.assert_array_equal(y[b], x[b][masks[b]].ravel())
    whole = np.broadcast_to(masks.reshape(4, 6, 5, -1), x.shape)
    np.testing.assert_array_equal(A.adjoint(y), x * whole)
    for index, one in enumerate(masks):
        alone = MaskMeasurement(one)(x[index : index + 1])
        np.testing.assert_array_equal(alone[0], y[index])


def test_random_masks_differ_from_signal_to_signal():
    A = MaskMeasurement(keep=0.5, signals=3, seed=0)
    A.build((None, 8, 8, 2))
    masks = kept(A)
    assert (masks.sum(axis=(1, 2, 3)) == 64).all()
    assert all((masks[a] != masks[b]).any() for a, b in [(0, 1), (0, 2), (1, 2)])


@pytest.mark.parametrize("batch", [1, 2, 4])
def test_own_masks_reject_another_batch(batch):
    A = MaskMeasurement(keep=0.5, signals=3, seed=0)
    with pytest.raises(ValueError, match="`x` must be a batch of 3"):
        A(tf.ones((batch, 8, 8, 1)))
    with pytest.raises(ValueError, match="`y` must be a batch of 3"):
        A.adjoint(tf.ones((batch, 32)))
    late = tf.function(A, input_signature=[tf.TensorSpec((None, 8, 8, 1))])
    assert late(tf.ones((3, 8, 8, 1))).shape == (3, 32)
    with pytest.raises(tf.errors.InvalidArgumentError):
        late(tf.ones((batch, 8, 8, 1)))


@pytest.mark.parametrize(
    "arguments",
    [
        {"mask": np.eye(6, 5, dtype=bool)},
        {"mask": np.eye(30, dtype=bool)[:4].reshape(4, 6, 5), "signals": 4},
        {"box": (1, 2, 3, 3)},
        {"keep": 0.4, "seed": 7},
        {"keep": 0.4, "signals": 4},
    ],
    ids=str,
)
def test_survives_its_config_and_a_keras_file(arguments, tmp_path):
    A = MaskMeasurement(**arguments)
    x = images(4, 6, 5, 2)
    y = A(x)
    config = json.loads(json.dumps(A.get_config()))
    clone = MaskMeasurement.from_config(config)
    np.testing.assert_array_equal(clone(x), y)
    assert clone.get_config() == A.get_config()
    gencs.testing.check_adjoint(A)
    model = keras.Sequential([keras.Input((6, 5, 2)), MaskMeasurement(**arguments)])
    model.save(tmp_path / "model.keras")
    reloaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(reloaded(x), model(x))


def test_config_of_a_mask_takes_a_bit_a_value():
    A = MaskMeasurement(np.ones((64, 64, 3), bool))
    assert len(json.dumps(A.get_config())) < 64 * 64 * 3 / 6 + 500


@pytest.mark.parametrize(
    "arguments", [{}, {"keep": 0.5, "box": (0, 0, 1, 1)}, {"mask": [True], "keep": 1}]
)
def test_rejects_anything_but_one_kind_of_mask(arguments):
    with pytest.raises(ValueError, match="Exactly one of `mask`, `box` and `keep`"):
        MaskMeasurement(**arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"keep": 0}, "`keep` must be a finite number above 0"),
        ({"keep": 1.5}, "`keep` must be at most 1"),
        ({"keep": float("nan")}, "`keep` must be a finite number"),
        ({"box": (1, 2, 3)}, r"`box` must be \(top, left, height, width\)"),
        ({"box": (-1, 2, 3, 3)}, "integers, of at least 0, 0, 1 and 1"),
        ({"box": (1, 2, 0, 3)}, "integers, of at least 0, 0, 1 and 1"),
        ({"box": (0, 0, 1, 1), "signals": 2}, "`signals` must be None with `box`"),
        ({"box": (0, 0, 1, 1), "seed": 2}, "`seed` must be None without `keep`"),
        ({"keep": 0.5, "signals": 0}, "`signals` must be an integer of at least 1"),
        ({"keep": 0.5, "seed": -1}, "`seed` must be"),
        ({"mask": np.ones((3, 4, 4), bool), "signals": 2}, "must hold 2 masks"),
        ({"mask": np.ones((1, 1, 4, 4, 1), bool)}, "`mask` must have rank"),
        ({"mask": np.zeros((4, 4), bool)}, "`mask` must keep at least one value"),
        (
            {"mask": np.triu(np.ones((2, 4), bool)).reshape(2, 2, 2), "signals": 2},
            "`mask` must keep equally many values of every signal. .*from 3 to 4",
        ),
    ],
    ids=str,
)
def test_rejects_arguments_out_of_range(arguments, message):
    with pytest.raises(ValueError, match=message):
        MaskMeasurement(**arguments)


def test_rejects_masks_without_truth_values():
    with pytest.raises(TypeError, match="`mask` must hold bool"):
        MaskMeasurement(np.ones((4, 4)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"mask": np.ones((5, 4), bool)}, r"must have shape \(4, 4, 3\) or \(4, 4\)"),
        ({"mask": np.ones((4, 4, 1), bool)}, r"`mask` must have shape \(4, 4, 3\)"),
        ({"mask": np.ones((2, 4, 5), bool), "signals": 2}, "after the axis of signals"),
        ({"box": (2, 0, 3, 1)}, "`box` must lie within images of 4 x 4 pixels"),
        ({"box": (0, 0, 4, 4)}, "`box` must keep at least one value"),
        ({"keep": 0.01}, "`keep` must keep at least one value"),
    ],
    ids=str,
)
def test_rejects_signals_that_do_not_fit(arguments, message):
    with pytest.raises(ValueError, match=message):
        MaskMeasurement(**arguments).build((None, 4, 4, 3))


def test_rejects_a_box_in_signals_that_are_no_images():
    with pytest.raises(ValueError, match="`box` must be hidden from images"):
        MaskMeasurement(box=(0, 0, 1, 1)).build((None, 9))


def test_keeps_xla_off():
    assert not MaskMeasurement(keep=0.5).supports_jit


def test_several_of_each_signal_go_through_its_mask():
    A = MaskMeasurement(keep=0.5, signals=3, seed=0)
    x = tf.random.stateless_normal((3, 4, 4, 1), (0, 0))
    y = A(x)
    np.testing.assert_array_equal(A(tf.repeat(x, 2, axis=0)), tf.repeat(y, 2, axis=0))
    np.testing.assert_array_equal(
        A.adjoint(tf.repeat(y, 2, axis=0)), tf.repeat(A.adjoint(y), 2, axis=0)
    )
    graph = tf.function(A, input_signature=[tf.TensorSpec((None, 4, 4, 1))])
    np.testing.assert_array_equal(graph(x), y)
    for batch in ((4, 4, 4, 1), (2, 3, 4, 4, 1)):
        with pytest.raises(ValueError, match="must be a batch of 3 signals"):
            A(tf.zeros(batch))


def test_has_no_single_matrix_where_signals_have_masks_of_their_own():
    A = MaskMeasurement(keep=0.5, signals=3, seed=0)
    A.build((None, 4, 4, 1))
    assert A.operator_norm() == pytest.approx(1)
    for ask in (A.to_dense, A.as_linear_operator):
        with pytest.raises(ValueError, match="must be one measurement for all"):
            ask()


def test_a_mask_of_places_along_lines_serves_all_their_channels():
    A = MaskMeasurement(np.array([True, False, True]))
    x = np.arange(12, dtype="float32").reshape(1, 3, 4)
    A.build((None, 3, 4))
    np.testing.assert_array_equal(A(x), [[0, 1, 2, 3, 8, 9, 10, 11]])
