"""MNIST through tensorflow-datasets, as a pipeline ready for `fit`."""

import pathlib

import tensorflow as tf

from tf_gencs import checks, seeds

__all__ = ["import_tfds", "mnist"]


def import_tfds():
    """Imports tensorflow-datasets, which only these functions need.

    It is imported here and not with the package because it takes longer than the
    rest of tf_gencs together, and recovering signals does not need it.
    """
    try:
        import tensorflow_datasets
    except ImportError as error:
        raise ImportError(
            "tensorflow-datasets is not installed. Install it with "
            '`pip install "tf_gencs[datasets]"` or `pip install tensorflow-datasets`. '
            "A few digits come with the package: `tf_gencs.datasets.mnist_samples()`."
        ) from error
    return tensorflow_datasets


def mnist(
    split="train",
    *,
    batch_size=None,
    shuffle=False,
    seed=None,
    labels=False,
    data_dir=None,
    download=True,
):
    """Returns MNIST as a `tf.data.Dataset` of images in [0, 1].

    Example:

    ```python
    train = gencs.datasets.mnist("train", batch_size=100, shuffle=True, seed=0)
    vae.fit(train, epochs=20)
    tuning = gencs.datasets.mnist("train[:1000]", batch_size=1000)
    ```

    Args:
        split: `"train"` (60,000 images), `"test"` (10,000), or anything else that
            tensorflow-datasets understands, such as `"train[:1000]"`,
            `"train[90%:]"` or `"train+test"`.
        batch_size: Images per batch; the last batch may be smaller. By default the
            elements are single images.
        shuffle: Whether to shuffle all images of the split, anew in each epoch.
        seed: Integer that makes the order of a shuffled split repeatable. By
            default each run has another order.
        labels: Whether the elements are `(image, label)` pairs.
        data_dir: Folder of the tensorflow-datasets directory. By default
            `$TFDS_DATA_DIR`, or else `~/tensorflow_datasets`.
        download: Whether to download MNIST if `data_dir` does not hold it.

    Returns:
        `tf.data.Dataset` of float32 images (28, 28, 1) in [0, 1], or
        (batch, 28, 28, 1) with a `batch_size`; with `labels`, each comes with an
        int64 digit 0..9. Without `shuffle` the order is the same in each run.

    Raises:
        ImportError: If tensorflow-datasets is not installed.
        FileNotFoundError: If `data_dir` does not hold MNIST, and it could not or must
            not be downloaded. Without internet, `scripts/mnist_from_idx` makes the
            directory from IDX files.
        TypeError, ValueError: If an argument is wrong or the split is unknown.

    Source: LeCun, Cortes and Burges, "The MNIST database of handwritten digits",
    http://yann.lecun.com/exdb/mnist/.
    """
    _check_arguments(split, batch_size, shuffle, seed)
    builder = _prepared_builder(data_dir, download)
    # tensorflow-datasets keeps a dataset this small in memory after the first epoch.
    dataset = builder.as_dataset(split=split, shuffle_files=False)
    if shuffle:
        size = max(1, int(dataset.cardinality()))
        dataset = dataset.shuffle(size, seed=seed, reshuffle_each_iteration=True)
    if batch_size is not None:
        # Batched before the conversion: one division a batch, not one an image.
        dataset = dataset.batch(batch_size)

    def to_unit_range(example):
        image = tf.cast(example["image"], tf.float32) / 255.0
        return (image, example["label"]) if labels else image

    return dataset.map(to_unit_range).prefetch(tf.data.AUTOTUNE)


def _check_arguments(split, batch_size, shuffle, seed):
    if isinstance(split, (list, tuple)):
        raise TypeError(f"`split` must name one split. Received: {split!r}")
    if batch_size is not None:
        checks.integer(batch_size, "batch_size")
    if not isinstance(shuffle, bool):
        raise TypeError(f"`shuffle` must be True or False. Received: {shuffle!r}")
    if seed is not None:
        seeds.resolve(seed)
        if not shuffle:
            raise ValueError(
                f"`seed` must come with shuffle=True. Received: seed={seed}, "
                "shuffle=False"
            )


def _prepared_builder(data_dir, download):
    """Returns the builder of an MNIST that is on disk, downloading it if need be."""
    tfds = import_tfds()
    if data_dir is not None:
        data_dir = str(pathlib.Path(data_dir).expanduser())
    builder = tfds.builder("mnist", data_dir=data_dir)
    if builder.is_prepared():
        return builder
    way_out = (
        "Without internet, get the four IDX files of MNIST another way and run "
        "`python -m tf_gencs.datasets.mnist_from_idx IDX_DIR DATA_DIR` "
        "(or ./scripts/mnist_from_idx in a checkout), then pass `data_dir`."
    )
    where = f"MNIST is not in {builder.data_dir}"
    if not download:
        raise FileNotFoundError(f"{where}, and download=False. {way_out}")
    try:
        # The downloader retries a dead connection for minutes; one request tells.
        import requests

        requests.head(builder.URL, timeout=10)
        builder.download_and_prepare()
    except Exception as error:  # Whatever the downloader raises, the way out is one.
        raise FileNotFoundError(
            f"{where} and could not be downloaded "
            f"({type(error).__name__}: {error}). {way_out}"
        ) from error
    return builder
