"""Any folder of images as a pipeline."""

import concurrent.futures
import os
import pathlib
import warnings

import tensorflow as tf

from tf_gencs import checks
from tf_gencs.datasets import pipeline

__all__ = ["image_folder"]

_SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".bmp")
_NAMED = 10  # skipped files that the warning names


def image_folder(
    folder,
    size=(64, 64),
    crop=None,
    *,
    channels=3,
    batch_size=None,
    labels=False,
    shuffle=False,
    seed=None,
    value_range=(-1.0, 1.0),
):
    """Returns all images below a folder as a `tf.data.Dataset`.

    Every file is read once at the call, so that a damaged one is found then and not in
    the middle of training. Files that cannot be read are skipped, with one warning.

    Example:

    ```python
    faces = gencs.datasets.image_folder("photos", crop="square", batch_size=64)
    held_out, training = faces.take(10), faces.skip(10)  # batches, without shuffle
    ```

    Args:
        folder: path; PNG, JPEG, GIF (the first frame) and BMP files in it and below
            are taken, whatever the case of their suffix. Hidden ones are left out.
        size: (height, width) of the result.
        crop: `"square"` for the largest central square, an integer for a central
            square of that many pixels (or as many as there are), or None to squeeze
            the whole image into `size`.
        channels: 3 for colour, 1 for grey; images are converted. Transparent parts
            become white.
        batch_size: images per batch, the last one may have fewer; None for no batches.
        labels: whether the elements are `(image, label)` pairs; the label is the
            number of the file's subfolder in `folder`, counted from 0 in the order of
            their names.
        shuffle: whether to shuffle all images, anew in each epoch.
        seed: integer that makes that order repeatable.
        value_range: (low, high) of the images.

    Returns:
        `tf.data.Dataset` of float32 images (*size, channels) in `value_range`,
        averaged over areas where they shrink; with `labels` each with an int64
        number. Without `shuffle` in the order of their paths.

    Raises:
        TypeError, ValueError: a wrong argument; a folder that does not exist or holds
            no readable image; with `labels`, an image outside of the subfolders.
    """
    arguments = {
        "batch_size": batch_size,
        "shuffle": shuffle,
        "seed": seed,
        "labels": labels,
    }
    value_range = pipeline.check_arguments(value_range=value_range, **arguments)
    size = checks.sizes(size, "size", length=2)
    crop = pipeline.checked_crop(crop)
    if channels not in (1, 3):
        raise ValueError(f"`channels` must be 1 or 3. Received: {channels!r}")
    if not isinstance(folder, (str, os.PathLike)):
        raise TypeError(f"`folder` must be a path. Received: {folder!r}")
    folder = pathlib.Path(folder).expanduser()
    if not folder.is_dir():
        raise ValueError(f"`folder` must be an existing folder. Received: {folder}")
    paths = _readable(folder, _image_paths(folder))
    numbers = _subfolder_numbers(folder, paths) if labels else [0] * len(paths)
    examples = tf.data.Dataset.from_tensor_slices(
        {
            "path": [str(path) for path in paths],
            "number": tf.constant(numbers, tf.int64),
        }
    )

    def read(example):
        return _decoded(example["path"], channels), example["number"]

    return pipeline.image_batches(
        examples,
        read,
        value_range=value_range,
        fit=lambda image: pipeline.fit_image(image, size, crop),
        **arguments,
    )


def _image_paths(folder):
    """Image files below a folder, sorted by their relative paths."""
    paths = []
    for root, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        paths += [
            pathlib.Path(root, name)
            for name in names
            if name.lower().endswith(_SUFFIXES) and not name.startswith(".")
        ]
    if not paths:
        raise ValueError(
            f"`folder` must hold images ({', '.join(_SUFFIXES)}). Received: {folder}, "
            "which holds none"
        )
    return sorted(paths, key=lambda path: path.relative_to(folder).parts)


def _readable(folder, paths):
    """The files that can be decoded to their end; warns of the others."""
    with concurrent.futures.ThreadPoolExecutor() as pool:
        good = list(pool.map(_can_be_decoded, paths))
    bad = [
        path.relative_to(folder).as_posix()
        for path, is_good in zip(paths, good, strict=True)
        if not is_good
    ]
    if len(bad) == len(paths):
        raise ValueError(
            f"`folder` must hold readable images. Received: {folder}, of whose "
            f"{len(bad)} images none can be read, such as {bad[0]}"
        )
    if bad:
        more = f" and {len(bad) - _NAMED} more" if len(bad) > _NAMED else ""
        warnings.warn(
            f"Skipped {len(bad)} of {len(paths)} images in {folder} that cannot be "
            f"read: {', '.join(bad[:_NAMED])}{more}",
            stacklevel=3,
        )
    return [path for path, is_good in zip(paths, good, strict=True) if is_good]


def _can_be_decoded(path):
    try:
        with tf.device("cpu"):
            return bool(tf.size(_decoded(str(path), channels=3)))
    except tf.errors.OpError:
        return False


def _decoded(path, channels):
    """Reads a file as uint8 (height, width, channels)."""
    # Formats differ in which channels they convert by themselves, so none does.
    image = tf.io.decode_image(tf.io.read_file(path), expand_animations=False)
    stored = tf.shape(image)[-1]
    colour = tf.cond(
        stored < 3,
        lambda: tf.repeat(image[..., :1], 3, axis=-1),
        lambda: image[..., :3],
    )
    # Grey and colour with an opacity have two and four channels.
    colour = tf.cond(
        stored % 2 == 0, lambda: _on_white(colour, image[..., -1:]), lambda: colour
    )
    if channels == 1:
        return tf.image.rgb_to_grayscale(tf.ensure_shape(colour, (None, None, 3)))
    return tf.ensure_shape(colour, (None, None, 3))


def _on_white(colour, opacity):
    opacity = tf.cast(opacity, tf.float32) / 255.0
    mixed = opacity * tf.cast(colour, tf.float32) + (1.0 - opacity) * 255.0
    return tf.cast(tf.round(mixed), tf.uint8)


def _subfolder_numbers(folder, paths):
    names = [path.relative_to(folder).parts[:-1] for path in paths]
    if () in names:
        raise ValueError(
            "`folder` must hold its images in subfolders for labels=True. Received: "
            f"{paths[names.index(())]}"
        )
    order = {name: i for i, name in enumerate(sorted({parts[0] for parts in names}))}
    return [order[parts[0]] for parts in names]
