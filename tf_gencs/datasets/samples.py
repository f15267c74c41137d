"""The few digits and faces that ship with the package."""

import pathlib

import numpy as np

from tf_gencs.datasets import pipeline

__all__ = ["face_avatars_samples", "mnist_samples"]

_SPLITS = ("test", "train")
_FOLDER = pathlib.Path(__file__).parent


def mnist_samples(split="test"):
    """Returns the MNIST digits that ship with the package.

    They are the first of their split in the order of the published files (which is
    not the order of tensorflow-datasets): 300 test images, those of the reference's
    experiments, to report errors on; and 100 training images to choose penalties by.

    Example:

    ```python
    images, labels = gencs.datasets.mnist_samples()
    ```

    Args:
        split: `"test"` (300 digits) or `"train"` (100 digits).

    Returns:
        `(images, labels)`: float32 (300 or 100, 28, 28, 1) in [0, 1], and int64
        (300 or 100,) in 0..9.

    Raises:
        ValueError: If `split` is something else.

    Source: LeCun, Cortes and Burges, "The MNIST database of handwritten digits",
    http://yann.lecun.com/exdb/mnist/. Licence: CC BY-SA 3.0, see the README.md
    beside the file.
    """
    images, labels = _stored("mnist_samples", split)
    return images[..., None].astype(np.float32) / 255, labels.astype(np.int64)


def face_avatars_samples(split="test", value_range=(-1.0, 1.0)):
    """Returns the cartoon faces that ship with the package.

    They are the first of their split of `gencs.datasets.face_avatars()`: 100 test
    images to report errors on; and 100 training images to choose penalties by.

    Args:
        split: `"test"` or `"train"`.
        value_range: (low, high) of the images.

    Returns:
        `(images, attributes)`: float32 (100, 64, 64, 3) in `value_range`, and float32
        (100, 8) of 0 and 1 in the order of `gencs.datasets.FACE_ATTRIBUTES`.

    Raises:
        ValueError: a wrong argument.

    Example:

    ```python
    faces, attributes = gencs.datasets.face_avatars_samples()  # 100 of both
    men = faces[attributes[:, gencs.datasets.FACE_ATTRIBUTES.index("Male")] == 1]
    ```

    Source: drawings by python-avatars (MIT licence), see the README.md beside the file.
    """
    value_range = pipeline.checked_range(value_range)
    images, attributes = _stored("face_avatars_samples", split)
    images = pipeline.to_range(images, value_range).numpy()
    return images, attributes.astype(np.float32)


def _stored(name, split):
    if split not in _SPLITS:
        raise ValueError(f"`split` must be one of {_SPLITS}. Received: {split!r}")
    with np.load(_FOLDER / f"{name}_data" / f"{name}.npz") as stored:
        return stored[f"{split}_images"], stored[f"{split}_labels"]
