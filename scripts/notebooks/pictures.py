"""What notebooks share: labelled rows of images, and few warnings."""

import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

# A notebook makes many models, and TensorFlow warns of each graph that it traces anew.
tf.get_logger().setLevel("ERROR")

plt.rcParams.update(
    {
        "figure.dpi": 72,
        "figure.figsize": (6, 3),
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
)


def show(rows, columns=10, value_range=(0, 1), scale=2):
    """Draws one labelled row of images per entry.

    Args:
        rows: dict from labels to images (batch, height, width, channels), one channel
            or three, or (batch, height, width). The first `columns` are drawn.
        columns: images in a row.
        value_range: (low, high) of the images' values: black and white.
        scale: pixels of the picture for one of an image, each way.
    """
    low, high = value_range
    strips = []
    for images in rows.values():
        images = np.asarray(images, "float64")[:columns]
        images = images.reshape(*images.shape[:3], -1)  # channels last
        images = np.clip((images - low) / (high - low), 0, 1)
        gaps = ((0, 0), (0, 1), (0, 1), (0, 0))
        padded = np.pad(images, gaps, constant_values=1)
        strips.append(np.concatenate(list(padded), axis=1))
    dpi = plt.rcParams["figure.dpi"]
    width = max(strip.shape[1] for strip in strips) * scale / dpi
    heights = [strip.shape[0] for strip in strips]
    figure, axes = plt.subplots(
        len(strips),
        1,
        figsize=(width, sum(heights) * scale / dpi),
        height_ratios=heights,
        squeeze=False,
    )
    for axis, label, strip in zip(axes[:, 0], rows, strips, strict=True):
        axis.imshow(strip, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        axis.set_anchor("W")
        axis.set_ylabel(label, rotation=0, ha="right", va="center", fontsize=9)
        axis.set(xticks=[], yticks=[])
        axis.spines[:].set_visible(False)
    figure.subplots_adjust(0, 0, 1, 1, hspace=0)
    plt.show()


def side_by_side(named, value_range=(0, 1), scale=4):
    """Draws images beside each other, each below its name, pixels of one size.

    Args:
        named: dict from names to images (height, width) or (height, width, channels).
        value_range, scale: as for `show`.
    """
    images = [np.squeeze(np.asarray(image, "float64")) for image in named.values()]
    widths = [image.shape[1] for image in images]
    height = max(len(image) for image in images)
    dpi = plt.rcParams["figure.dpi"]
    _, axes = plt.subplots(
        1,
        len(images),
        figsize=(1.15 * sum(widths) * scale / dpi, height * scale / dpi + 0.4),
        width_ratios=widths,
        squeeze=False,
        layout="constrained",
    )
    low, high = value_range
    for axis, name, image in zip(axes[0], named, images, strict=True):
        image = np.clip((image - low) / (high - low), 0, 1)
        axis.imshow(image, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        axis.set_title(name, fontsize=9)
        axis.set(xticks=[], yticks=[])
    plt.show()
