"""Pictures that scripts write: labelled rows of images."""

import io

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

_DPI = 100
_SCALE = 2  # pixels of the picture for one of an image, each way
_GAP = 1  # pixels of an image between two of them


def draw_rows(rows, picture, title, columns=16, value_range=(0.0, 1.0)):
    """Writes one labelled row of images per entry.

    Args:
        rows: dict from labels to images (batch, height, width, channels), one channel
            or three, all of one size. The first `columns` of them are drawn.
        picture: path of the PNG.
        title: a line above all.
        columns: images in a row.
        value_range: (low, high) of the images' values.
    """
    low, high = value_range
    strips = [
        _strip(np.clip((images[:columns] - low) / (high - low), 0, 1))
        for images in rows.values()
    ]
    height, width, channels = strips[0].shape
    full_height = len(rows) * (height + _GAP) - _GAP
    figure, axes = plt.subplots(
        len(rows),
        1,
        figsize=(width * _SCALE / _DPI, full_height * _SCALE / _DPI),
        squeeze=False,
    )
    for axis, name, strip in zip(axes[:, 0], rows, strips, strict=True):
        axis.imshow(
            strip, cmap="gray", vmin=0, vmax=1, aspect="auto", interpolation="nearest"
        )
        axis.set_ylabel(name, rotation=0, ha="right", va="center", fontsize=9)
        axis.set_xticks([])
        axis.set_yticks([])
        for spine in axis.spines.values():
            spine.set_visible(False)
    axes[0, 0].set_title(title, fontsize=10)
    figure.subplots_adjust(0, 0, 1, 1, hspace=_GAP / height)
    drawn = io.BytesIO()
    # Labels lie outside of the axes: the picture grows around them.
    figure.savefig(drawn, dpi=_DPI, bbox_inches="tight", pad_inches=0.05)
    plt.close(figure)
    # So many greys or colours are enough for the eye, and a third of the bytes.
    mode, shades = ("L", 32) if channels == 1 else ("RGB", 128)
    drawn = Image.open(drawn).convert(mode)
    drawn.quantize(shades).save(picture, format="PNG", optimize=True)


def _strip(images):
    """Images (count, height, width) side by side, a line of white between them."""
    gaps = ((0, 0), (0, 0), (0, _GAP), (0, 0))
    padded = np.pad(images, gaps, constant_values=1.0)
    return np.concatenate(list(padded), axis=1)[:, :-_GAP]
