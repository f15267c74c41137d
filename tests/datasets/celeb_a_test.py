"""Tests of CelebA, on the mocked data of tensorflow-datasets."""

from unittest import mock

import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs
from tf_gencs.datasets.pipeline import fit_image

tfds = pytest.importorskip("tensorflow_datasets")


def mocked(**arguments):
    """Calls celeb_a while tensorflow-datasets makes up five examples."""
    with mock.patch("requests.head"), tfds.testing.mock_data(num_examples=5):
        dataset = gencs.datasets.celeb_a(**arguments)
        return dataset, list(dataset.as_numpy_iterator())


@pytest.fixture(scope="module")
def stored():
    with tfds.testing.mock_data(num_examples=5):
        dataset = tfds.builder("celeb_a").as_dataset(
            split="train", decoders={"image": tfds.decode.SkipDecoding()}
        )
        examples = list(dataset.as_numpy_iterator())
    for example in examples:
        example["image"] = tf.io.decode_jpeg(example["image"]).numpy()
    return examples


@pytest.mark.long
def test_crops_and_resizes_as_the_reference_does(stored):
    dataset, images = mocked(value_range=(0, 255))
    assert dataset.element_spec.shape == (64, 64, 3)
    assert len(images) == 5
    # 218 x 178 pixels: 55 above, 35 at the left of the central 108 x 108.
    cropped = stored[0]["image"][55:163, 35:143]
    np.testing.assert_allclose(images[0], fit_image(cropped, (64, 64)), atol=1e-3)


@pytest.mark.long
def test_images_of_another_size_and_crop(stored):
    dataset, images = mocked(size=(32, 48), crop=None, batch_size=2)
    assert dataset.element_spec.shape == (None, 32, 48, 3)
    assert [len(batch) for batch in images] == [2, 2, 1]
    assert min(batch.min() for batch in images) >= -1
    assert max(batch.max() for batch in images) <= 1
    _, raw = mocked(size=(218, 178), crop=None, value_range=(0, 255))
    np.testing.assert_allclose(raw[0], stored[0]["image"], atol=1e-3)


def test_labels_are_the_attributes_in_alphabetical_order(stored):
    _, pairs = mocked(labels=True)
    names = sorted(stored[0]["attributes"])
    expected = [[example["attributes"][name] for name in names] for example in stored]
    labels = np.array([label for _, label in pairs])
    assert labels.shape == (5, 40)
    assert labels.dtype == np.float32
    np.testing.assert_array_equal(labels, expected)


def test_picks_attributes_by_name(stored):
    names = ("Young", "Male", "Bald")
    _, pairs = mocked(labels=True, attributes=names, batch_size=5)
    expected = [[example["attributes"][name] for name in names] for example in stored]
    np.testing.assert_array_equal(pairs[0][1], expected)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"attributes": ["Beard"]}, ValueError, "different names of .*'Beard'"),
        ({"crop": -1}, ValueError, "`crop` must be .*-1"),
        ({"size": (0, 64)}, ValueError, "`size` must be .*0"),
        ({"value_range": (0, float("inf"))}, ValueError, "`value_range` must be"),
    ],
)
def test_refuses_bad_arguments(tmp_path, arguments, error, message):
    with pytest.raises(error, match=message):
        gencs.datasets.celeb_a(data_dir=tmp_path, **arguments)


def test_names_the_ways_out_when_it_is_not_there(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match=r"download=False.*image_folder"):
        gencs.datasets.celeb_a(data_dir=tmp_path, download=False)

    def no_network(*args, **kwargs):
        raise ConnectionError("no route to host")

    monkeypatch.setattr("requests.head", no_network)
    with pytest.raises(FileNotFoundError, match=r"no route to host.*face_avatars"):
        gencs.datasets.celeb_a(data_dir=tmp_path)
