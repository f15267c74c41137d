"""MNIST and Fashion-MNIST through tensorflow-datasets, ready for `fit`."""

from tf_gencs.datasets import pipeline

__all__ = ["fashion_mnist", "mnist"]


def mnist(
    split="train",
    *,
    batch_size=None,
    shuffle=False,
    seed=None,
    labels=False,
    data_dir=None,
    download=True,
    value_range=(0.0, 1.0),
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
        value_range: (low, high) of the images.

    Returns:
        `tf.data.Dataset` of float32 images (28, 28, 1) in `value_range`, or
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
    return _digits_or_fashion(
        "mnist",
        split,
        data_dir,
        download,
        batch_size=batch_size,
        shuffle=shuffle,
        seed=seed,
        labels=labels,
        value_range=value_range,
    )


def fashion_mnist(
    split="train",
    *,
    batch_size=None,
    shuffle=False,
    seed=None,
    labels=False,
    data_dir=None,
    download=True,
    value_range=(0.0, 1.0),
):
    """Returns Fashion-MNIST, clothes in the format of MNIST; see `mnist`.

    The labels are 0 T-shirt, 1 trousers, 2 pullover, 3 dress, 4 coat, 5 sandal,
    6 shirt, 7 sneaker, 8 bag, 9 ankle boot.

    Example:

    ```python
    clothes = gencs.datasets.fashion_mnist("train", batch_size=64, shuffle=True, seed=0)
    model.fit(clothes)
    ```

    Source: Xiao, Rasul and Vollgraf, "Fashion-MNIST: a novel image dataset for
    benchmarking machine learning algorithms", 2017 (MIT licence).
    """
    return _digits_or_fashion(
        "fashion_mnist",
        split,
        data_dir,
        download,
        batch_size=batch_size,
        shuffle=shuffle,
        seed=seed,
        labels=labels,
        value_range=value_range,
    )


def _digits_or_fashion(name, split, data_dir, download, **arguments):
    arguments["value_range"] = pipeline.check_arguments(
        split=split, download=download, **arguments
    )
    tfds = pipeline.import_tfds()
    builder = tfds.builder(name, data_dir=pipeline.within(data_dir))

    def get():
        pipeline.find_out_whether_reachable(builder.URL)
        builder.download_and_prepare()

    option = "" if name == "mnist" else f" --dataset {name}"
    way_out = (
        "Without internet, get the four IDX files another way and run "
        f"`python -m tf_gencs.datasets.mnist_from_idx IDX_DIR DATA_DIR{option}` "
        "(or ./scripts/mnist_from_idx in a checkout), then pass `data_dir`."
    )
    builder = pipeline.prepared(builder, download, get, way_out)
    # tensorflow-datasets keeps a dataset this small in memory after the first epoch.
    examples = builder.as_dataset(split=split, shuffle_files=False)

    def read(example):
        return example["image"], example["label"]

    return pipeline.image_batches(examples, read, **arguments)
