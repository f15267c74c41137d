"""What all image pipelines share: checks, finding the data, and the way to batches."""

import tensorflow as tf

from tf_gencs import checks, files, seeds

__all__ = [
    "check_arguments",
    "checked_crop",
    "checked_range",
    "checked_size",
    "find_out_whether_reachable",
    "fit_image",
    "image_batches",
    "import_tfds",
    "prepared",
    "to_range",
    "within",
]


_LARGEST = 2**31 - 1
_LARGEST_SIDE = 2**14


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
            "A few images come with the package: `tf_gencs.datasets.mnist_samples()` "
            "and `face_avatars_samples()`."
        ) from error
    return tensorflow_datasets


def within(data_dir):
    """`data_dir` as tensorflow-datasets takes it: None, or str with ~ expanded."""
    return None if data_dir is None else str(files.path(data_dir, "data_dir"))


def check_arguments(
    *,
    batch_size,
    shuffle,
    seed,
    labels,
    value_range,
    split="all",
    download=True,
):
    """Checks the arguments of a pipeline before any work; returns the range."""
    # tensorflow-datasets has objects for parts of splits, too.
    if not (isinstance(split, str) or hasattr(split, "to_absolute")):
        raise TypeError(
            "`split` must name one split, such as 'train' or 'train[:1000]'. "
            f"Received: {split!r}"
        )
    if batch_size is not None:
        checks.integer(batch_size, "batch_size", at_most=_LARGEST)
    flags = {"shuffle": shuffle, "labels": labels, "download": download}
    for argument, value in flags.items():
        if not isinstance(value, bool):
            raise TypeError(f"`{argument}` must be True or False. Received: {value!r}")
    if seed is not None:
        seeds.resolve(seed)
        if not shuffle:
            raise ValueError(
                f"`seed` must come with shuffle=True. Received: seed={seed}, "
                "shuffle=False"
            )
    return checked_range(value_range)


def checked_range(value_range):
    """Returns finite floats (low, high), else ValueError."""
    if value_range is None:
        raise ValueError(
            "`value_range` must be finite (low, high) with low < high. Received: None"
        )
    return checks.value_range(value_range)


def checked_size(size):
    """Returns (height, width) of images that fit into memory, else ValueError."""
    return checks.sizes(size, "size", length=2, at_most=_LARGEST_SIDE)


def checked_crop(crop):
    """Returns None, "square", "aspect" or an integer of 1 or more, else ValueError."""
    if crop is None or (isinstance(crop, str) and crop in ("square", "aspect")):
        return crop
    try:
        # More pixels than any image has are as many as there are.
        return min(checks.integer(crop, "crop"), _LARGEST)
    except ValueError:
        raise ValueError(
            '`crop` must be None, "square", "aspect" or an integer of at least 1. '
            f"Received: {crop!r}"
        ) from None


def prepared(builder, download, get, way_out):
    """Returns a builder whose data are on disk, getting them if need be.

    Args:
        builder: of tensorflow-datasets.
        download: whether they may be got.
        get: function without arguments that gets them.
        way_out: sentence on what to do where they cannot be got.

    Raises:
        FileNotFoundError: they are not there, and cannot or must not be got.
    """
    if builder.is_prepared():
        return builder
    where = f"The data of {builder.name!r} are not in {builder.data_dir}"
    if not download:
        raise FileNotFoundError(f"{where}, and download=False. {way_out}")
    try:
        get()
    except Exception as error:  # Whatever the downloader raises, the way out is one.
        raise FileNotFoundError(
            f"{where} and could not be downloaded "
            f"({type(error).__name__}: {error}). {way_out}"
        ) from error
    return builder


def find_out_whether_reachable(url):
    """Raises at once without internet; the downloader retries for minutes."""
    import requests

    requests.head(url, timeout=10)


def image_batches(
    examples, read, *, batch_size, shuffle, seed, labels, value_range, fit=None
):
    """The one way from stored examples to batches of images in a range.

    Args:
        examples: `tf.data.Dataset` of anything, of known cardinality.
        read: function from an element to `(image, label)`: uint8 (height, width,
            channels) in 0..255, and what `labels` asks for. Without `fit` it must work
            on batches too.
        batch_size: int, or None for single images.
        shuffle: whether to shuffle all of them, anew in each epoch.
        seed: integer or None.
        labels: whether to give `(image, label)`.
        value_range: (low, high) of the images.
        fit: function that crops and resizes an image, see `fit_image`; None if all
            have their final size.

    Returns:
        `tf.data.Dataset` of float32 images, or pairs.
    """
    if shuffle:
        # Examples are shuffled as they are stored, which is smaller than images.
        size = max(1, int(examples.cardinality()))
        examples = examples.shuffle(size, seed=seed, reshuffle_each_iteration=True)

    def finish(image, label):
        image = to_range(image, value_range)
        return (image, label) if labels else image

    def read_and_fit(example):
        image, label = read(example)
        return fit(image), label

    if fit is None:
        # Batched before anything else: one operation a batch, not one an image.
        examples = _batched(examples, batch_size).map(read)
    else:
        examples = examples.map(read_and_fit, num_parallel_calls=tf.data.AUTOTUNE)
        examples = _batched(examples, batch_size)
    return examples.map(finish).prefetch(tf.data.AUTOTUNE)


def _batched(examples, batch_size):
    return examples if batch_size is None else examples.batch(batch_size)


def to_range(image, value_range):
    """Numbers in 0..255 as float32 in (low, high)."""
    low, high = value_range
    unit = tf.cast(image, tf.float32) / 255.0
    return unit if (low, high) == (0.0, 1.0) else unit * (high - low) + low


def fit_image(image, size, crop=None):
    """Crops the centre of an image and resizes it.

    Args:
        image: (height, width, channels) in 0..255.
        size: (height, width) of the result.
        crop: None for all of it; `"square"` for the largest square; `"aspect"` for the
            largest part with the proportions of `size`; an integer for a square of that
            many pixels, or as many as there are.

    Returns:
        float32 (*size, channels): averages over areas where the image shrinks, and
        bilinear interpolation where it grows.
    """
    if crop is not None:
        height, width = tf.unstack(tf.shape(image)[:2])
        if crop == "aspect":
            # At least a pixel, and no more than there are.
            rows = tf.clip_by_value(width * size[0] // size[1], 1, height)
            columns = tf.clip_by_value(height * size[1] // size[0], 1, width)
        else:
            side = tf.minimum(height, width) if crop == "square" else crop
            rows, columns = tf.minimum(side, height), tf.minimum(side, width)
        top, left = (height - rows) // 2, (width - columns) // 2
        image = image[top : top + rows, left : left + columns]
    grows = tf.reduce_any(tf.shape(image)[:2] < size)
    resized = tf.cond(
        grows,
        lambda: tf.image.resize(image, size, method="bilinear"),
        lambda: tf.image.resize(image, size, method="area"),
    )
    return tf.ensure_shape(resized, (*size, image.shape[-1]))
