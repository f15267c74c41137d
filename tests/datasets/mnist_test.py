"""Tests of MNIST: from IDX files to batches in [0, 1], and the shipped samples."""

import sys

import numpy as np
import pytest

import tf_gencs as gencs
from tests.datasets.idx_files_test import idx_bytes
from tf_gencs.datasets.mnist_from_idx import mnist_from_idx, read_mnist_idx

EXAMPLES = {"train": 7, "test": 3}


@pytest.fixture(scope="module")
def digits():
    """Small splits whose every image is constant and tells its index and split."""
    splits = {}
    for start, (split, count) in zip((0, 100), EXAMPLES.items(), strict=True):
        values = start + np.arange(count)
        splits[split] = (
            np.broadcast_to(values[:, None, None], (count, 28, 28)),
            (values % 10),
        )
    return splits


@pytest.fixture(scope="module")
def idx_dir(tmp_path_factory, digits):
    folder = tmp_path_factory.mktemp("idx")
    for stem, split in (("train", "train"), ("t10k", "test")):
        images, labels = digits[split]
        (folder / f"{stem}-images-idx3-ubyte").write_bytes(idx_bytes(images))
        (folder / f"{stem}-labels-idx1-ubyte").write_bytes(idx_bytes(labels))
    return folder


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory, idx_dir):
    pytest.importorskip("tensorflow_datasets")
    folder = tmp_path_factory.mktemp("tfds")
    mnist_from_idx(idx_dir, folder, examples=EXAMPLES)
    return folder


def images_of(dataset):
    return np.stack(list(dataset.as_numpy_iterator()))


@pytest.mark.parametrize("split", ["train", "test"])
def test_gives_back_every_image_with_its_label(data_dir, digits, split):
    pairs = list(
        gencs.datasets.mnist(split, labels=True, data_dir=data_dir).as_numpy_iterator()
    )
    # tensorflow-datasets stores examples in an order of its own.
    pairs.sort(key=lambda pair: pair[0].max())
    images, labels = digits[split]
    expected = images[..., None] / 255
    np.testing.assert_allclose([image for image, _ in pairs], expected, rtol=1e-6)
    np.testing.assert_array_equal([label for _, label in pairs], labels)


def test_is_read_by_tensorflow_datasets_itself(data_dir):
    tfds = pytest.importorskip("tensorflow_datasets")
    dataset = tfds.load("mnist", data_dir=data_dir, download=False, split="train[:5]")
    assert len(list(dataset)) == 5


def test_batches_are_float32_and_the_last_one_is_smaller(data_dir):
    dataset = gencs.datasets.mnist("train", batch_size=4, data_dir=data_dir)
    assert dataset.element_spec.dtype == "float32"
    assert dataset.element_spec.shape == (None, 28, 28, 1)
    assert [len(batch) for batch in dataset] == [4, 3]


def test_passes_slices_through(data_dir):
    def load(split):
        return images_of(gencs.datasets.mnist(split, data_dir=data_dir))

    np.testing.assert_array_equal(load("train[2:4]"), load("train")[2:4])
    assert len(load("train+test")) == 10


def test_shuffles_anew_each_epoch_and_alike_for_a_seed(data_dir):
    def epochs(**arguments):
        dataset = gencs.datasets.mnist("train", data_dir=data_dir, **arguments)
        return images_of(dataset), images_of(dataset)

    plain = images_of(gencs.datasets.mnist("train", data_dir=data_dir))
    first, second = epochs(shuffle=True, seed=3)
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(np.sort(first, axis=0), np.sort(plain, axis=0))
    np.testing.assert_array_equal(epochs(shuffle=True, seed=3), (first, second))


def test_leaves_a_complete_directory_as_it_is(data_dir, idx_dir):
    record = data_dir / "mnist" / "3.0.1" / "mnist-train.tfrecord-00000-of-00001"
    before = record.stat().st_mtime_ns
    path = mnist_from_idx(idx_dir, data_dir, examples=EXAMPLES)
    assert path == record.parent
    assert record.stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"split": "nowhere"}, ValueError, "Unknown split 'nowhere'"),
        ({"split": ["train", "test"]}, TypeError, "`split` must name one split"),
        ({"split": 7}, TypeError, "`split` must name one split.*: 7"),
        ({"download": "no"}, TypeError, "`download` must be True or False.*: 'no'"),
        ({"batch_size": 0}, ValueError, "`batch_size` must be .* at least 1.*: 0"),
        ({"batch_size": 2.5}, ValueError, "`batch_size` must be an integer.*: 2.5"),
        ({"shuffle": 7}, TypeError, "`shuffle` must be True or False.*: 7"),
        ({"seed": 7}, ValueError, "`seed` must come with shuffle=True.*: seed=7"),
        ({"shuffle": True, "seed": -1}, ValueError, "`seed` must be .*: -1"),
    ],
)
def test_refuses_bad_arguments(data_dir, arguments, error, message):
    with pytest.raises(error, match=message):
        gencs.datasets.mnist(**{"data_dir": data_dir, **arguments})


def test_images_in_another_range(data_dir, digits):
    arguments = {"data_dir": data_dir, "batch_size": 7}
    (unit,) = gencs.datasets.mnist("train", **arguments)
    (images,) = gencs.datasets.mnist("train", value_range=(-1, 1), **arguments)
    np.testing.assert_allclose(images, 2 * unit - 1, atol=1e-6)


def test_fashion_comes_from_its_own_idx_files(tmp_path, idx_dir, digits):
    pytest.importorskip("tensorflow_datasets")
    with pytest.raises(FileNotFoundError, match="--dataset fashion_mnist"):
        gencs.datasets.fashion_mnist(data_dir=tmp_path, download=False)
    with pytest.raises(ValueError, match=r"`dataset` must be one of.*'kmnist'"):
        mnist_from_idx(idx_dir, tmp_path, dataset="kmnist")
    path = mnist_from_idx(idx_dir, tmp_path, examples=EXAMPLES, dataset="fashion_mnist")
    assert path.parent == tmp_path / "fashion_mnist"
    ((images, labels),) = gencs.datasets.fashion_mnist(
        "test", batch_size=9, labels=True, data_dir=tmp_path
    ).as_numpy_iterator()
    order = np.argsort(images[:, 0, 0, 0])
    expected, numbers = digits["test"]
    np.testing.assert_allclose(images[order, ..., 0], expected / 255, rtol=1e-6)
    np.testing.assert_array_equal(labels[order], numbers)


def test_names_the_way_out_when_mnist_is_not_there(tmp_path):
    pytest.importorskip("tensorflow_datasets")
    with pytest.raises(FileNotFoundError, match="mnist_from_idx IDX_DIR DATA_DIR"):
        gencs.datasets.mnist(data_dir=tmp_path, download=False)


def test_names_the_way_out_when_the_download_fails(tmp_path, monkeypatch):
    pytest.importorskip("tensorflow_datasets")

    def no_network(*args, **kwargs):
        raise ConnectionError("no route to host")

    monkeypatch.setattr("requests.head", no_network)
    with pytest.raises(FileNotFoundError, match=r"no route to host.*mnist_from_idx"):
        gencs.datasets.mnist(data_dir=tmp_path)


def test_names_the_package_to_install_without_tensorflow_datasets(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    with pytest.raises(ImportError, match="pip install tensorflow-datasets"):
        gencs.datasets.mnist()


def test_refuses_splits_of_another_size(idx_dir):
    with pytest.raises(ValueError, match=r"shape \(60000, 28, 28\).*: \(7, 28, 28\)"):
        read_mnist_idx(idx_dir, "train")


def test_writes_nothing_when_a_file_is_missing(tmp_path, idx_dir):
    pytest.importorskip("tensorflow_datasets")
    (tmp_path / "idx").mkdir()
    for path in idx_dir.glob("train-*"):
        (tmp_path / "idx" / path.name).write_bytes(path.read_bytes())
    with pytest.raises(ValueError, match="t10k-images-idx3-ubyte"):
        mnist_from_idx(tmp_path / "idx", tmp_path / "tfds", examples=EXAMPLES)
    assert not (tmp_path / "tfds").exists()


@pytest.mark.parametrize(
    ("split", "count", "first_labels"),
    [("test", 300, [7, 2, 1, 0, 4]), ("train", 100, [5, 0, 4, 1, 9])],
)
def test_shipped_samples_are_the_first_of_their_split(split, count, first_labels):
    images, labels = gencs.datasets.mnist_samples(split)
    assert images.shape == (count, 28, 28, 1)
    assert images.dtype == np.float32
    assert images.min() == 0
    assert images.max() == 1
    # MNIST's well-known mean intensity is 0.13.
    assert abs(images.mean() - 0.13) < 0.02
    assert labels.dtype == np.int64
    np.testing.assert_array_equal(labels[:5], first_labels)


def test_shipped_samples_refuse_an_unknown_split():
    with pytest.raises(ValueError, match=r"`split` must be one of.*Received: 'all'"):
        gencs.datasets.mnist_samples("all")
