"""Uploads and drawings to signals; what cannot be one is refused with a sentence."""

import pathlib

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

MOST_BYTES = 5_000_000
_MOST_PIXELS = 4_000  # each way
_FEWEST_PIXELS = 8
_INK = 20  # pixels that a digit of MNIST fills, of 28
_SIDE = 28
_FAINT = 0.1


def picture(path):
    """An image file as an RGB `PIL.Image`.

    Raises:
        ValueError: a file too large, none of an image, or an image of such a size that
            it makes no sense here.
    """
    size = pathlib.Path(path).stat().st_size
    if size > MOST_BYTES:
        raise ValueError(
            f"The file must have at most {MOST_BYTES // 1_000_000} MB. "
            f"Received: {size / 1e6:.1f} MB."
        )
    try:
        with Image.open(path) as image:
            width, height = image.size  # known before all of it is read
            if not _FEWEST_PIXELS <= min(image.size) <= max(image.size) <= _MOST_PIXELS:
                raise ValueError(
                    f"The picture must have {_FEWEST_PIXELS} to {_MOST_PIXELS} pixels "
                    f"each way. Received: {width} x {height}."
                )
            upright = ImageOps.exif_transpose(image).convert("RGBA")
    except Image.DecompressionBombError as error:
        raise ValueError("The picture has far too many pixels.") from error
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise ValueError("The file is no picture, or a broken one.") from error
    return Image.alpha_composite(Image.new("RGBA", upright.size, "white"), upright)


def digit(path):
    """A picture of a digit as MNIST has it, (28, 28, 1) in [0, 1].

    Dark on light is turned over: there ink is light.

    Raises:
        ValueError: as `picture`; nothing is drawn.
    """
    grey = np.asarray(picture(path).convert("L"), "float32") / 255
    edge = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    return fitted(1 - grey if np.median(edge) > 0.5 else grey)


def drawing(layers):
    """What was drawn, fitted to (28, 28, 1) in [0, 1].

    Args:
        layers: RGBA arrays (height, width, 4); where something is opaque is ink.

    Raises:
        ValueError: nothing is drawn.
    """
    return fitted(strokes(layers))


def strokes(layers):
    """The opaque part of layers, in [0, 1], (height, width).

    Raises:
        ValueError: there is no layer.
    """
    inks = [np.asarray(layer)[..., 3] / 255 for layer in layers or ()]
    if not inks:
        raise ValueError("Nothing is drawn yet.")
    return np.max(inks, axis=0).astype("float32")


def fitted(ink):
    """Ink (height, width) in [0, 1] as MNIST lays it out: 20 pixels long, and its
    centre of mass in the middle.

    Raises:
        ValueError: there is no ink.
    """
    rows, columns = (np.flatnonzero(ink.max(axis=axis) > _FAINT) for axis in (1, 0))
    if not len(rows) or float((ink > _FAINT).mean()) > 0.95:
        raise ValueError("Nothing is drawn: a digit is light on dark or dark on light.")
    part = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = _INK / max(part.shape)
    size = [max(1, round(side * scale)) for side in part.shape]
    small = Image.fromarray((part * 255).astype("uint8"))
    small = np.asarray(small.resize(size[::-1], Image.Resampling.BOX), "float32") / 255
    if small.max() < _FAINT:
        raise ValueError("Nothing is drawn that is still seen at 28 x 28 pixels.")
    small = small / small.max()
    laid = np.zeros((_SIDE, _SIDE, 1), "float32")
    starts = []
    for axis, side in enumerate(size):
        mass = small.sum(axis=1 - axis)
        middle = float(mass @ np.arange(side)) / float(mass.sum())
        starts.append(int(np.clip(round(_SIDE / 2 - 0.5 - middle), 0, _SIDE - side)))
    top, left = starts
    laid[top : top + size[0], left : left + size[1], 0] = small
    return laid


def face(path):
    """A picture as a face, its middle square, (64, 64, 3) in [-1, 1].

    Raises:
        ValueError: as `picture`.
    """
    image = ImageOps.fit(picture(path).convert("RGB"), (64, 64))
    return np.asarray(image, "float32") / 127.5 - 1


def hidden(layers, shape):
    """Which pixels strokes cover, bool (height, width).

    Args:
        layers: as for `drawing`.
        shape: (height, width) of the signal.

    Raises:
        ValueError: there is no layer.
    """
    ink = Image.fromarray((strokes(layers) * 255).astype("uint8"))
    return np.asarray(ink.resize(shape[::-1], Image.Resampling.BOX)) > 127
