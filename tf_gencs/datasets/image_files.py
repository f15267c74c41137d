"""Image files below a folder: which there are, which are left out and why."""

import concurrent.futures
import hashlib
import os
import pathlib
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tf_gencs.datasets import image_formats
from tf_gencs.datasets.bmp import read_bmp

__all__ = ["ImageFile", "decode", "find_images"]

_NAMED = 10  # files that a message names for each reason

_HIDDEN, _NO_IMAGE = "hidden", "no images"
_UNREADABLE, _CIRCLE = "not to be opened", "links that lead in a circle"
_DAMAGED, _MOVING = "damaged", "animated, read to their first frame"


class ImageFile(NamedTuple):
    """A file that can be read.

    Args:
        path: `pathlib.Path`.
        name: path relative to the folder, with "/".
        digest: SHA-256 of its bytes, which tells an image whatever it is called.
        turned: orientation by EXIF, 1 to 8.
        by_hand: whether TensorFlow would read it wrong.
    """

    path: pathlib.Path
    name: str
    digest: str
    turned: int
    by_hand: bool


def find_images(folder):
    """Reads every file below a folder once.

    Args:
        folder: `pathlib.Path` of an existing folder. Links to folders are followed.

    Returns:
        List of `ImageFile`, in the order of the parts of their names; and what is to be
        said of the other files, by reason, or None.

    Raises:
        ValueError: there is none.
    """
    left_out = {}
    paths = sorted(_visible(folder, left_out), key=lambda path: path.parts)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        found = list(pool.map(_inspect, paths))
    images, moving = [], []
    for path, (reason, image) in zip(paths, found, strict=True):
        name = path.relative_to(folder).as_posix()
        if image is None:
            left_out.setdefault(reason, []).append(name)
        else:
            images.append(image._replace(name=name))
        if reason == _MOVING:
            moving.append(name)
    if not images:
        raise ValueError(
            f"`folder` must hold images ({', '.join(image_formats.READ)}) that can be "
            f"read. Received: {folder}, which holds {_listed(left_out) or 'no files'}"
        )
    said = []
    if left_out:
        count = sum(map(len, left_out.values()))
        said.append(
            f"Skipped {count} of {count + len(images)} files in {folder}: "
            f"{_listed(left_out)}"
        )
    if moving:
        said.append(f"In {folder}: {_listed({_MOVING: moving})}")
    return images, ". ".join(said) or None


def _listed(files):
    """Files by reason, in words."""
    parts = []
    for reason, names in files.items():
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        parts.append(f"{len(names)} {reason} ({', '.join(names[:_NAMED])}{more})")
    return "; ".join(parts)


def _visible(folder, left_out):
    """Files below a folder, through links too; the others go to `left_out`."""

    def leave_out(reason, path):
        name = pathlib.Path(path).relative_to(folder).as_posix()
        left_out.setdefault(reason, []).append(name)

    def cannot_be_opened(error):
        leave_out(_UNREADABLE, error.filename)

    files = []
    above = {str(folder): (os.path.realpath(folder),)}  # the way to each folder
    walk = os.walk(folder, followlinks=True, onerror=cannot_be_opened)
    for root, folders, names in walk:
        way, kept = above.pop(root), []
        for name in sorted(folders):
            path = os.path.join(root, name)
            real = os.path.realpath(path)
            if name.startswith("."):
                if _holds_images(path):
                    leave_out(_HIDDEN, path)
            elif real in way:
                leave_out(_CIRCLE, path)
            else:
                kept.append(name)
                above[path] = (*way, real)
        folders[:] = kept
        for name in sorted(names):
            path = pathlib.Path(root, name)
            if not name.startswith("."):
                files.append(path)
            elif path.suffix.lower() in image_formats.ENDINGS:
                leave_out(_HIDDEN, path)
    return files


def _holds_images(folder):
    return any(
        pathlib.Path(name).suffix.lower() in image_formats.ENDINGS
        for _, _, names in os.walk(folder)
        for name in names
    )


def _inspect(path):
    """Pairs of why a file is left out, or is worth a word, and its `ImageFile`."""
    try:
        if not path.is_file():
            return "links to nothing" if path.is_symlink() else _NO_IMAGE, None
        content = path.read_bytes()
    except OSError:
        return _UNREADABLE, None
    name = image_formats.format_of(content)
    promised = image_formats.ENDINGS.get(path.suffix.lower())
    if (name or promised) is None:
        return _NO_IMAGE, None
    if (name or promised) not in image_formats.READ:
        return f"in a format that is not read, {name or promised}", None
    moving = image_formats.moves(content, name)
    by_hand = (
        name == "BMP"
        or (name == "WebP" and moving)
        or (name == "GIF" and image_formats.opaque_gif(content) is not content)
        or (name == "PNG" and image_formats.png_key(content) is not None)
    )
    try:
        with tf.device("cpu"):
            image = _by_hand(content) if by_hand else _by_tensorflow(content)
        if not tf.size(image):
            return _DAMAGED, None
    except (ValueError, tf.errors.OpError):
        # What merely starts like an image, "BM" say, need not have been one.
        return _NO_IMAGE if name == "BMP" and not promised else _DAMAGED, None
    digest = hashlib.sha256(content).hexdigest()
    turned = image_formats.turned(content, name)
    return _MOVING * moving, ImageFile(path, path.name, digest, turned, by_hand)


def decode(content, by_hand, turned):
    """An image as it is looked at: uint8 (height, width, 1 to 4 channels).

    Args:
        content, by_hand, turned: scalar tensors; see `ImageFile`.
    """
    image = tf.cond(
        by_hand,
        lambda: tf.numpy_function(_by_hand, [content], tf.uint8),
        lambda: _by_tensorflow(content),
    )
    image = tf.ensure_shape(image, (None, None, None))
    # 5 to 8 lie on their side: rows are columns, and the rest as for 1 to 4.
    image = tf.cond(turned > 4, lambda: tf.transpose(image, (1, 0, 2)), lambda: image)
    upside_down = tf.reduce_any(turned == (3, 4, 7, 8))
    mirrored = tf.reduce_any(turned == (2, 3, 6, 7))
    image = tf.cond(upside_down, lambda: image[::-1], lambda: image)
    return tf.cond(mirrored, lambda: image[:, ::-1], lambda: image)


def _by_tensorflow(content):
    # Formats differ in which channels they convert by themselves, so none does.
    return tf.io.decode_image(content, expand_animations=False)


def _by_hand(content):
    """What TensorFlow reads wrong: uint8 array (height, width, channels)."""
    name = image_formats.format_of(content)
    if name == "BMP":
        return np.ascontiguousarray(read_bmp(content))
    if name == "PNG":
        return _with_opacity(content, *image_formats.png_key(content))
    if name == "WebP":
        content = image_formats.first_webp_frame(content)
    if name == "GIF":
        content = image_formats.opaque_gif(content)
    return _by_tensorflow(content).numpy()


def _with_opacity(content, key, deep):
    """A PNG in which one colour is transparent."""
    stored = tf.io.decode_png(content, dtype=tf.uint16 if deep else tf.uint8).numpy()
    opacity = 255 * np.any(stored != key, axis=-1, keepdims=True).astype(np.uint8)
    return np.concatenate([_by_tensorflow(content).numpy(), opacity], axis=-1)
