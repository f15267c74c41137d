import itertools

import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs

COUNT = 10


@pytest.fixture
def images():
    """Ten images told apart by their left column; the right one is 100 higher."""
    images = np.zeros((COUNT, 2, 2, 1), "uint8")
    images[:, :, 0, 0] = np.arange(COUNT)[:, None]
    images[:, :, 1, 0] = 100 + np.arange(COUNT)[:, None]
    return images


def batches(images, size=4, seed=0, **kwargs):
    kwargs = {"value_range": (0, 255), **kwargs}
    return gencs.datasets.training_batches(images, size, seed=seed, **kwargs)


def first(dataset, count):
    return np.stack(list(itertools.islice(dataset.as_numpy_iterator(), count)))


@pytest.mark.parametrize("start", [1, 2, 3, 7, 25])
def test_started_late_they_are_the_tail_of_those_started_at_once(images, start):
    whole = first(batches(images, flip=True), start + 4)
    tail = first(batches(images, flip=True, first_step=start), 4)
    np.testing.assert_array_equal(tail, whole[start:])


@pytest.mark.parametrize("size", [1, 3, 4, COUNT])
def test_every_image_comes_once_an_epoch(images, size):
    # As many steps as make whole epochs: batches go across the seams.
    seen = first(batches(images, size), 3 * COUNT)[:, :, 0, 0, 0]
    epochs = seen.reshape(-1, COUNT)
    assert len(epochs) == 3 * size
    np.testing.assert_array_equal(
        np.sort(epochs), np.tile(range(COUNT), (len(epochs), 1))
    )


def test_epochs_and_seeds_have_orders_of_their_own(images):
    order = {
        tuple(epoch)
        for seed in (0, 1, 2**32, 2**62)
        for epoch in first(batches(images, COUNT, seed=seed), 5)[:, :, 0, 0, 0]
    }
    assert len(order) == 20


def test_every_place_of_an_epoch_sees_every_image(images):
    order = first(batches(images, COUNT), 600)[:, :, 0, 0, 0].astype(int)
    counts = np.array([np.bincount(place, minlength=COUNT) for place in order.T])
    # 60 expected, of standard deviation 7.3: none is six of them away.
    assert np.abs(counts - 60).max() < 45


def test_half_of_the_images_are_mirrored_and_no_pixel_is_lost(images):
    drawn = first(batches(images, COUNT, flip=True), 100).reshape(-1, 2, 2, 1)
    mirrored = drawn[:, 0, 0, 0] >= 100
    assert 0.45 < mirrored.mean() < 0.55
    np.testing.assert_array_equal(np.ptp(drawn, axis=2), 100)


def test_bytes_and_floats_of_the_same_images_agree(images):
    scaled = images.astype("float32") / 127.5 - 1
    dataset = tf.data.Dataset.from_tensor_slices(scaled)
    expected = first(batches(images, value_range=(-1, 1)), 3)
    assert expected.dtype == np.float32
    for other in (scaled, dataset):
        np.testing.assert_array_equal(
            first(batches(other, value_range=(-1, 1)), 3), expected
        )
        # Without a range, nothing is rounded.
        np.testing.assert_allclose(
            first(batches(other, value_range=None), 3), expected, atol=1e-6
        )


def test_ends_of_the_range_are_met_exactly():
    images = np.array([0, 255], "uint8").reshape(2, 1, 1, 1)
    drawn = first(batches(images, 2, value_range=(-1, 1)), 1)
    assert sorted(drawn.ravel()) == [-1.0, 1.0]


def test_batches_have_a_static_shape(images):
    assert batches(images).element_spec.shape == (4, 2, 2, 1)


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"size": COUNT + 1}, "`batch_size` must be at most .* 10. Received: 11"),
        ({"size": 0}, "`batch_size`"),
        ({"seed": None}, "`seed`"),
        ({"seed": -1}, "`seed`"),
        ({"first_step": -1}, "`first_step`"),
        ({"first_step": 2**63}, "`first_step`"),
        ({"flip": "no"}, "`flip`"),
        ({"value_range": None}, "`value_range` must be given for images of uint8"),
    ],
)
def test_rejects_wrong_arguments(images, kwargs, message):
    with pytest.raises(ValueError, match=message):
        batches(images, **kwargs)


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (lambda x: x[0], ValueError, "`images` must have shape"),
        (lambda x: x.astype("int32"), TypeError, "`images` must hold uint8"),
        (lambda x: np.ma.masked_array(x, x > 3), TypeError, "no masked values"),
        (lambda x: x * np.float32(3), ValueError, r"lie in `value_range`.*\[0, 327\]"),
        (lambda x: x + np.float32(np.nan), ValueError, "finite"),
        (lambda x: x[:0].astype("float32"), ValueError, "images, 0"),
    ],
)
def test_rejects_wrong_images(images, wrong, error, message):
    with pytest.raises(error, match=message):
        batches(wrong(images))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda d: d.batch(2), ValueError, "without a `batch_size`"),
        (lambda d: d.map(lambda x: (x, 0)), TypeError, "without labels"),
        (lambda d: d.repeat(), ValueError, "finite dataset"),
        (lambda d: d.take(0), ValueError, "at least one image"),
    ],
)
def test_rejects_datasets_of_something_else(images, change, error, message):
    dataset = change(tf.data.Dataset.from_tensor_slices(images))
    with pytest.raises(error, match=message):
        batches(dataset)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x: np.ma.masked_array(x, x > 0), "must have no masked values"),
        (lambda x: x[1:], "must have shape"),
    ],
)
def test_rejects_labels_that_say_less_than_one_of_each_image(images, change, message):
    labels = {"a": change(np.arange(len(images)) % 2)}
    with pytest.raises(ValueError, match=rf"`labels\['a'\]` {message}"):
        batches(images, labels=labels)
