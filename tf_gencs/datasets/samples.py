"""The few digits that ship with the package."""

import pathlib

import numpy as np

__all__ = ["mnist_samples"]

_SPLITS = ("test", "train")
_FILE = pathlib.Path(__file__).parent / "mnist_samples_data" / "mnist_samples.npz"


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
    if split not in _SPLITS:
        raise ValueError(f"`split` must be one of {_SPLITS}. Received: {split!r}")
    with np.load(_FILE) as stored:
        images, labels = stored[f"{split}_images"], stored[f"{split}_labels"]
    return images[..., None].astype(np.float32) / 255, labels.astype(np.int64)
