"""Turns the four IDX files of MNIST into a tensorflow-datasets directory.

For machines without internet: afterwards `gencs.datasets.mnist(data_dir=...)` and
`tfds.load("mnist", data_dir=...)` read that directory exactly as they would read one
made by a download, so there is a single code path. Run it as

    python -m tf_gencs.datasets.mnist_from_idx IDX_DIR [DATA_DIR]

Fashion-MNIST is published as four files of the same names: `--dataset fashion_mnist`.
"""

import argparse
import pathlib
import sys

from tf_gencs import files
from tf_gencs.datasets.idx_files import find_idx, read_idx
from tf_gencs.datasets.pipeline import import_tfds, within

__all__ = ["mnist_from_idx", "read_mnist_idx"]

_STEMS = {"train": "train", "test": "t10k"}
_DATASETS = ("mnist", "fashion_mnist")
_EXAMPLES = {"train": 60_000, "test": 10_000}


def read_mnist_idx(idx_dir, split, examples=None):
    """Reads one split of MNIST from IDX files.

    Args:
        idx_dir: Folder with `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`,
            `t10k-images-idx3-ubyte` and `t10k-labels-idx1-ubyte`, each of them plain
            or with `.gz`.
        split: `"train"` or `"test"`.
        examples: Number of examples the split must have; by default MNIST's own,
            60,000 and 10,000.

    Returns:
        `(images, labels)`: uint8 (examples, 28, 28, 1) in 0..255 and uint8
        (examples,) in 0..9.

    Raises:
        ValueError: If a file is missing or damaged, or the two do not make up that
            split.
    """
    examples = _EXAMPLES[split] if examples is None else examples
    images_path = find_idx(idx_dir, f"{_STEMS[split]}-images-idx3-ubyte")
    labels_path = find_idx(idx_dir, f"{_STEMS[split]}-labels-idx1-ubyte")
    images, labels = read_idx(images_path, rank=3), read_idx(labels_path, rank=1)
    if images.shape != (examples, 28, 28):
        raise ValueError(
            f"{images_path} must hold images of shape {(examples, 28, 28)}. "
            f"Received: {images.shape}"
        )
    if labels.shape != (examples,):
        raise ValueError(
            f"{labels_path} must hold labels of shape {(examples,)}. "
            f"Received: {labels.shape}"
        )
    if examples and labels.max() > 9:
        raise ValueError(
            f"{labels_path} must hold digits from 0 to 9. Received: {labels.max()}"
        )
    return images[..., None], labels


def mnist_from_idx(idx_dir, data_dir=None, *, examples=None, dataset="mnist"):
    """Writes the tensorflow-datasets directory of MNIST from its IDX files.

    A directory that is already complete is left as it is. An interrupted call leaves
    no half-written dataset: tensorflow-datasets writes to a temporary folder and
    renames it at the end.

    Args:
        idx_dir: Folder with the four IDX files, see `read_mnist_idx`.
        data_dir: Folder for the result, which goes to `data_dir/mnist/<version>`.
            By default the one tensorflow-datasets uses: `$TFDS_DATA_DIR`, or else
            `~/tensorflow_datasets`.
        examples: Dict with the keys `"train"` and `"test"`: the number of examples
            each split must have. By default MNIST's 60,000 and 10,000.
        dataset: `"mnist"` or `"fashion_mnist"`.

    Returns:
        `pathlib.Path` of the dataset, `data_dir/<dataset>/<version>`.

    Raises:
        ImportError: If tensorflow-datasets is not installed.
        OSError: If `data_dir` cannot be made or written to.
        ValueError: If a file is missing or damaged, or `dataset` something else.
            Both splits are checked before anything is written.
    """
    if dataset not in _DATASETS:
        raise ValueError(f"`dataset` must be one of {_DATASETS}. Received: {dataset!r}")
    tfds = import_tfds()
    examples = _EXAMPLES if examples is None else examples
    splits = {name: read_mnist_idx(idx_dir, name, examples[name]) for name in _STEMS}
    if data_dir is not None:
        files.folder_to_write(data_dir, "data_dir")
    published = tfds.builder_cls(dataset)

    # Only the source of the examples changes: name, version and features come from
    # the published builder, hence what is written is what it can read. It must stay
    # out of the registry, where its name is taken.
    class FromIdx(published, skip_registration=True):
        name = published.name

        def _split_generators(self, dl_manager):
            del dl_manager  # Nothing to download.
            return {name: self._generate_examples(name) for name in splits}

        def _generate_examples(self, split):
            for index, (image, label) in enumerate(zip(*splits[split], strict=True)):
                yield index, {"image": image, "label": int(label)}

    builder = FromIdx(data_dir=within(data_dir))
    builder.download_and_prepare(file_format="tfrecord")
    return pathlib.Path(builder.data_dir)


def main():
    parser = argparse.ArgumentParser(
        prog="mnist_from_idx", description=mnist_from_idx.__doc__.split("\n")[0]
    )
    parser.add_argument("idx_dir", help="folder with the four IDX files, .gz or not")
    parser.add_argument(
        "data_dir",
        nargs="?",
        help="where to write (default: where tensorflow-datasets looks)",
    )
    parser.add_argument("--dataset", choices=_DATASETS, default="mnist")
    options = parser.parse_args()
    try:
        path = mnist_from_idx(
            options.idx_dir, options.data_dir, dataset=options.dataset
        )
    except (ImportError, OSError, ValueError) as error:
        sys.exit(f"mnist_from_idx: {error}")
    print(f"{options.dataset} is in {path}; pass data_dir={str(path.parents[1])!r}")


if __name__ == "__main__":
    main()
