"""A data set in the form of MNIST, small enough for tests."""

import numpy as np

from tests.datasets.idx_files_test import idx_bytes
from tf_gencs.datasets.mnist_from_idx import mnist_from_idx


def write_small_mnist(folder):
    """Writes 60 training and 10 test images as a tensorflow-datasets directory.

    Args:
        folder: path of an empty folder.

    Returns:
        Path of the directory, inside of `folder`.
    """
    rng = np.random.default_rng(0)
    for split, count in {"train": 60, "t10k": 10}.items():
        images = rng.integers(0, 256, (count, 28, 28), np.uint8)
        labels = rng.integers(0, 10, count, np.uint8)
        (folder / f"{split}-images-idx3-ubyte").write_bytes(idx_bytes(images))
        (folder / f"{split}-labels-idx1-ubyte").write_bytes(idx_bytes(labels))
    mnist_from_idx(folder, folder / "tfds", examples={"train": 60, "test": 10})
    return folder / "tfds"
