"""Shuffled batches that can start at any step."""

from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from tf_gencs import checks, label_checks, seeds

__all__ = ["training_batches"]

_READ_AT_ONCE = 256
_LEVELS = 255  # of one byte
_LAST_STEP = 2**53  # that one may begin with


def training_batches(
    images, batch_size, *, seed, first_step=0, flip=False, value_range=None, labels=None
):
    """Returns endless shuffled batches, number t of which follows from (seed, t) alone.

    `tf.data.Dataset.shuffle` holds its order in memory that no checkpoint keeps. Here
    training that goes on at step t sees what training never stopped would have seen:

    ```python
    faces = gencs.datasets.face_avatars("train")
    batches = gencs.datasets.training_batches(
        faces, 64, seed=0, first_step=1200, value_range=(-1, 1)
    )
    model.fit(batches, steps_per_epoch=300)
    ```

    All images lie in memory. The stream is one epoch after another, each of them all
    images once in an order of its own, cut into batches: nothing is dropped, and a
    batch may hold the end of one epoch and the start of the next.

    Args:
        images: array (count, height, width, channels) of uint8 or floating-point
            numbers; or a finite `tf.data.Dataset` of such images, one an element,
            which is read here once.
        batch_size: images per batch, at most as many as there are.
        seed: integer in [0, 2**63) of the order and of the flips.
        first_step: number of the first batch, from 0. It costs nothing to start late.
        flip: whether to mirror every image left to right with a chance of one half,
            anew in each epoch.
        value_range: (low, high): images are held in one byte a number, and batches
            scaled so that 0 is low and 255 is high. Floating-point images must lie in
            that range and are rounded to those 256 levels. None holds floating-point
            images as they are; uint8 needs a range.
        labels: dict of arrays (count,) of what is known of the images, which then comes
            with them; None for images alone.

    Returns:
        Infinite `tf.data.Dataset` of float32 batches (batch_size, height, width,
        channels); of the images' own dtype where they are floating-point numbers and
        `value_range` is None. With `labels`, of pairs of these and a dict of labels.

    Raises:
        TypeError: `images` is no array or dataset of numbers, or has labels.
        ValueError: an argument is wrong, there are fewer images than `batch_size`, or
            images are not finite or not in `value_range`.
    """
    batch_size = checks.integer(batch_size, "batch_size")
    seed = seeds.resolve(_given(seed))
    first_step = checks.integer(
        first_step, "first_step", at_least=0, at_most=_LAST_STEP
    )
    flip = checks.flag(flip, "flip")
    value_range = checks.value_range(value_range)
    held = _hold(images, value_range)
    count = len(held)
    if batch_size > count:
        raise ValueError(
            f"`batch_size` must be at most the number of images, {count}. "
            f"Received: {batch_size}"
        )
    labels = _checked_labels(labels, count)
    with tf.device("CPU"):
        held = tf.convert_to_tensor(held)
        labels = {name: tf.convert_to_tensor(each) for name, each in labels.items()}
    order_seed = seeds.stream(seed, "order")
    flip_seed = seeds.stream(seed, "flip")

    def batch(step):
        indices = _indices(step, batch_size, count, order_seed)
        x = tf.gather(held, indices)
        if x.dtype == tf.uint8:
            low, high = value_range
            x = low + tf.cast(x, tf.float32) * ((high - low) / _LEVELS)
        if flip:
            fold = tf.random.experimental.stateless_fold_in(flip_seed, step)
            mirrored = tf.random.stateless_uniform((batch_size, 1, 1, 1), fold) < 0.5
            x = tf.where(mirrored, x[:, :, ::-1], x)
        if not labels:
            return x
        return x, {name: tf.gather(each, indices) for name, each in labels.items()}

    steps = tf.data.Dataset.range(first_step, np.iinfo(np.int64).max)
    return steps.map(batch, tf.data.AUTOTUNE, deterministic=True).prefetch(2)


def _indices(step, batch_size, count, seed):
    """Which images make up a batch: int64 (batch_size,)."""
    position = step * batch_size + tf.range(batch_size, dtype=tf.int64)
    epoch = position // count
    # No batch is larger than an epoch, so it touches two of them at most.
    first = epoch[0]
    this, following = (
        tf.random.experimental.index_shuffle(
            position % count, _epoch_key(seed, number), count - 1
        )
        for number in (first, first + 1)
    )
    return tf.where(epoch == first, this, following)


def _epoch_key(seed, epoch):
    """What `index_shuffle` makes the order of an epoch from: int32 (2,)."""
    fold = tf.random.experimental.stateless_fold_in(seed, epoch)
    return tf.random.stateless_uniform((2,), fold, None, None, tf.int32)


def _checked_labels(labels, count):
    labels = {} if labels is None else labels
    if not isinstance(labels, Mapping):
        raise TypeError(f"`labels` must be a dict of arrays. Received: {labels!r}")
    arrays = {}
    for name, column in labels.items():
        where = f"labels[{name!r}]"
        label_checks.refuse_masked(column, where)
        arrays[name] = array = checks.array(column, where)
        if array.shape != (count,):
            raise ValueError(
                f"`{where}` must have shape ({count},), one for each image. "
                f"Received: {array.shape}"
            )
    return arrays


def _given(seed):
    if seed is None:
        raise ValueError("`seed` must be given: batches follow from it. Received: None")
    return seed


def _hold(images, value_range):
    """All images as one array, in uint8 where there is a range."""
    if isinstance(images, tf.data.Dataset):
        return _read(images, value_range)
    return _packed(checks.array(images, "images"), value_range)


def _read(dataset, value_range):
    spec = dataset.element_spec
    if not isinstance(spec, tf.TensorSpec):
        raise TypeError(
            f"`images` must be a dataset of images without labels. Received: {spec}"
        )
    if spec.shape.rank != 3:
        raise ValueError(
            "`images` must be a dataset of single images (height, width, channels), "
            f"as it is without a `batch_size`. Received: {spec}"
        )
    if dataset.cardinality() == tf.data.INFINITE_CARDINALITY:
        raise ValueError("`images` must be a finite dataset. Received: an endless one")
    parts = [
        _packed(part, value_range)
        for part in dataset.batch(_READ_AT_ONCE).as_numpy_iterator()
    ]
    if not parts:
        raise ValueError("`images` must hold at least one image. Received: none")
    return np.concatenate(parts)


def _packed(images, value_range):
    if images.ndim != 4:
        raise ValueError(
            "`images` must have shape (count, height, width, channels). "
            f"Received: {images.shape}"
        )
    if images.dtype == np.uint8:
        if value_range is None:
            raise ValueError(
                "`value_range` must be given for images of uint8: it says what 0 and "
                "255 become. Received: None"
            )
        return images
    if not np.issubdtype(images.dtype, np.floating):
        raise TypeError(
            "`images` must hold uint8 or floating-point numbers. "
            f"Received: {images.dtype}"
        )
    low, high = value_range or (-np.inf, np.inf)
    smallest, largest = (images.min(), images.max()) if images.size else (low, high)
    # NaN fails both.
    if images.size and not (np.isfinite(smallest) and np.isfinite(largest)):
        raise ValueError("`images` must be finite. Received: NaN or infinity")
    if value_range is None:
        return images
    slack = 1e-5 * (high - low)  # rounding of whoever scaled them
    if smallest < low - slack or largest > high + slack:
        raise ValueError(
            f"`images` must lie in `value_range`, [{low:g}, {high:g}]. "
            f"Received: values in [{smallest:g}, {largest:g}]"
        )
    levels = np.rint((images - low) * (_LEVELS / (high - low)))
    return np.clip(levels, 0, _LEVELS).astype(np.uint8)
