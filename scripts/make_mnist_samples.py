"""Makes the MNIST samples that ship with the package from MNIST's IDX files.

    python scripts/make_mnist_samples.py IDX_DIR

The file is the same, byte for byte, whenever it is made with one version of NumPy.
"""

import argparse
import pathlib

import numpy as np

from tf_gencs.datasets.mnist_from_idx import read_mnist_idx

_FOLDER = pathlib.Path(__file__).parents[1] / "tf_gencs/datasets/mnist_samples_data"
_TAKEN = {"test": 300, "train": 100}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("idx_dir", help="folder with the four IDX files, .gz or not")
    idx_dir = parser.parse_args().idx_dir
    arrays = {}
    for split, count in _TAKEN.items():
        images, labels = read_mnist_idx(idx_dir, split)
        arrays[f"{split}_images"] = images[:count, :, :, 0]
        arrays[f"{split}_labels"] = labels[:count]
    path = _FOLDER / "mnist_samples.npz"
    np.savez_compressed(path, **arrays)
    print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
