"""Any folder of images as a pipeline."""

import pathlib
import warnings

import tensorflow as tf

from tf_gencs import files
from tf_gencs.datasets import pipeline
from tf_gencs.datasets.held_out import HeldOut
from tf_gencs.datasets.image_files import decode, find_images

__all__ = ["image_folder", "split_image_folder"]


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
    the middle of training. One warning counts and names the files that are left out,
    by reason: damaged, hidden, no images, links to nothing, formats that are not read.

    Images stand as their EXIF orientation says. Of animations the first frame is
    taken. Files that are alike in every byte are images each.

    Example:

    ```python
    faces = gencs.datasets.image_folder("photos", crop="square", batch_size=64)
    ```

    Args:
        folder: path; JPEG, PNG, WebP, GIF, BMP and JPEG XL files in it and below are
            taken, by what is in them and not by their names' endings. Links to files
            and folders are followed. Hidden files are left out.
        size: (height, width) of the result, each at most 16,384.
        crop: `"square"` for the largest central square; `"aspect"` for the largest
            central part with the proportions of `size`; an integer for a central
            square of that many pixels (or as many as there are); or None to squeeze
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
    folder, make = _checked(
        folder, size, crop, channels, batch_size, labels, shuffle, seed, value_range
    )
    found, said = find_images(folder)
    if said:
        warnings.warn(said, stacklevel=2)
    return make(found, among=found)


def split_image_folder(
    folder,
    size=(64, 64),
    crop=None,
    *,
    held_out,
    record=None,
    channels=3,
    batch_size=None,
    labels=False,
    shuffle=False,
    seed=None,
    value_range=(-1.0, 1.0),
):
    """Returns the images below a folder in two parts: to train on, and held out.

    Which part an image is in follows from its bytes alone (their SHA-256): not from its
    name, its place, or the other files. Copies of an image are in one part. With a
    `record`, the images held out at the first call stay the ones at every later call,
    whatever was added or removed: what is new trains, and an image that has trained is
    never held out.

    Example:

    ```python
    training, held_out = gencs.datasets.split_image_folder(
        "photos", crop="square", held_out=8, record="run/held_out.json"
    )
    ```

    Args:
        folder, size, crop, channels, batch_size, labels, value_range: as for
            `image_folder`.
        held_out: a number of images, exactly so many different ones are held out; or a
            share in (0, 1), each image is held out with that chance, and one at least.
        record: None, or the path of a JSON file: where it exists, it says which images
            are held out (and `held_out` may ask for no more than those, the first of
            which it takes); else it is written.
        shuffle, seed: as for `image_folder`, of the training images.

    Returns:
        `(training, held_out)`, each a dataset as from `image_folder`. Held-out images
        come in an order of their own, each once.

    Raises:
        TypeError, ValueError: as for `image_folder`; no image is left to train on;
            more are to be held out than `record` has.
    """
    folder, make = _checked(
        folder, size, crop, channels, batch_size, labels, shuffle, seed, value_range
    )
    split = HeldOut(held_out, record).split
    found, said = find_images(folder)
    training, held, missing = split(found)
    for sentence in filter(None, (said, missing)):
        warnings.warn(sentence, stacklevel=2)
    return (
        make(training, among=found),
        make(held, among=found, shuffle=False, seed=None),
    )


def _checked(
    folder, size, crop, channels, batch_size, labels, shuffle, seed, value_range
):
    """The folder, and a function from its files to their dataset."""
    arguments = {
        "batch_size": batch_size,
        "shuffle": shuffle,
        "seed": seed,
        "labels": labels,
    }
    value_range = pipeline.check_arguments(value_range=value_range, **arguments)
    size = pipeline.checked_size(size)
    crop = pipeline.checked_crop(crop)
    if isinstance(channels, (bool, float)) or channels not in (1, 3):
        raise ValueError(f"`channels` must be 1 or 3. Received: {channels!r}")
    folder = files.path(folder, "folder")
    if not folder.is_dir():
        raise ValueError(f"`folder` must be an existing folder. Received: {folder}")

    def read(example):
        image = decode(
            tf.io.read_file(example["path"]), example["by_hand"], example["turned"]
        )
        return _colours(image, channels), example["number"]

    def make(chosen, among, **changes):
        number = _subfolder_numbers(among) if labels else lambda file: 0
        examples = {
            "path": tf.constant([bytes(file.path) for file in chosen], tf.string),
            "by_hand": tf.constant([file.by_hand for file in chosen], tf.bool),
            "turned": tf.constant([file.turned for file in chosen], tf.int32),
            "number": tf.constant([number(file) for file in chosen], tf.int64),
        }
        return pipeline.image_batches(
            tf.data.Dataset.from_tensor_slices(examples),
            read,
            value_range=value_range,
            fit=lambda image: pipeline.fit_image(image, size, crop),
            **{**arguments, **changes},
        )

    return folder, make


def _colours(image, channels):
    """uint8 (height, width, 1 to 4) as (height, width, channels)."""
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


def _subfolder_numbers(found):
    """A function from a file to the number of its subfolder among those of `found`."""

    def subfolder(file):
        return pathlib.PurePosixPath(file.name).parts[0]

    for file in found:
        if subfolder(file) == file.name:
            raise ValueError(
                "`folder` must hold its images in subfolders for labels=True. "
                f"Received: {file.path}"
            )
    order = {name: i for i, name in enumerate(sorted(set(map(subfolder, found))))}
    return lambda file: order[subfolder(file)]
