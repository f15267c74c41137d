"""Images to look at: PNG files, grids and moving pictures.

```python
faces = model.generate(24, seed=0)
gencs.images.save_grid("faces.png", faces, rows=3, cols=8, value_range=(-1, 1))
gencs.images.save_images("faces/", faces, value_range=(-1, 1))   # 24 files
walk = model.interpolate(z[:1], z[1:2], steps=60)[0]
gencs.images.save_gif("walk.gif", walk, value_range=(-1, 1))
```
"""

import math

import numpy as np
import tensorflow as tf

from tf_gencs import checks, files

__all__ = ["grid", "save_gif", "save_grid", "save_images", "save_png", "to_bytes"]

_PNG_CHANNELS = (1, 2, 3, 4)  # grey, grey with opacity, colours, those with opacity
_WHITE = 255


def to_bytes(images, value_range=None):
    """Turns pixels into bytes: low becomes 0, high 255, what lies beyond is cut.

    Args:
        images: array of any shape, of uint8 (returned as it is) or finite
            floating-point numbers.
        value_range: (low, high) of floating-point numbers.

    Returns:
        uint8 array of that shape.

    Raises:
        TypeError: `images` holds something else.
        ValueError: they are not finite, or need a `value_range`.

    Example:

    ```python
    gencs.images.to_bytes(faces, value_range=(-1, 1))  # uint8 (batch, 64, 64, 3)
    ```
    """
    images = checks.array(images, "images")
    if images.dtype == np.uint8:
        return images
    if not (np.issubdtype(images.dtype, np.floating) or images.dtype == "bfloat16"):
        raise TypeError(
            "`images` must hold uint8 or floating-point numbers. "
            f"Received: {images.dtype}"
        )
    value_range = checks.value_range(value_range)
    if value_range is None:
        raise ValueError(
            "`value_range` must be given for floating-point images. Received: None"
        )
    images = images.astype(np.float64)
    if not np.isfinite(images).all():
        raise ValueError("`images` must be finite. Received: NaN or infinity")
    low, high = value_range
    share = (np.clip(images, low, high) - low) / (high - low)
    return np.rint(share * 255).astype(np.uint8)


def grid(images, rows=None, cols=None, *, value_range=None, gap=0):
    """Lays images out row by row in one image.

    Args:
        images: (count, height, width, channels), as for `to_bytes`.
        rows, cols: how many, each way; places without an image stay white. One that is
            missing is as small as it can be; without both the grid is nearly square.
        value_range: (low, high) of floating-point images.
        gap: white pixels between two images.

    Returns:
        uint8 array (rows * height + (rows - 1) * gap, likewise for cols, channels).

    Raises:
        TypeError, ValueError: naming the argument; also where the images are too many.

    Example:

    ```python
    picture = gencs.images.grid(x, rows=2, cols=4, gap=1, value_range=(0, 1))
    ```
    """
    images = _several(images, value_range)
    count, height, width, channels = images.shape
    rows, cols = _layout(count, rows, cols)
    gap = checks.integer(gap, "gap", at_least=0)
    padded = np.full(
        (rows * cols, height + gap, width + gap, channels), _WHITE, np.uint8
    )
    padded[:count, :height, :width] = images
    sheet = padded.reshape(rows, cols, height + gap, width + gap, channels)
    sheet = sheet.transpose(0, 2, 1, 3, 4)
    sheet = sheet.reshape(rows * (height + gap), cols * (width + gap), channels)
    return sheet[: len(sheet) - gap, : sheet.shape[1] - gap]


def save_png(path, image, *, value_range=None):
    """Writes one image (height, width, channels) as a PNG file.

    Raises:
        TypeError, ValueError: naming the argument; PNG has 1 to 4 channels.

    Example:

    ```python
    gencs.images.save_png("face.png", faces[0], value_range=(-1, 1))
    ```
    """
    image = checks.array(image, "image")
    if image.ndim != 3:
        raise ValueError(
            "`image` must have shape (height, width, channels). "
            f"Received: {image.shape}"
        )
    image = to_bytes(image, value_range)
    _check_channels(image)
    png = tf.io.encode_png(image).numpy()
    with files.replacing(path) as temporary:
        temporary.write_bytes(png)


def save_grid(path, images, rows=None, cols=None, *, value_range=None, gap=0):
    """Writes `grid(images, rows, cols)` as a PNG file; rows=1 makes a strip.

    Example:

    ```python
    gencs.images.save_grid("digits.png", x, rows=2, cols=4, value_range=(0, 1))
    ```
    """
    save_png(path, grid(images, rows, cols, value_range=value_range, gap=gap))


def save_images(folder, images, *, value_range=None, first=0):
    """Writes each image as a PNG file of its own: 000000.png, 000001.png ...

    Args:
        folder: made if need be.
        images: (count, height, width, channels), as for `to_bytes`.
        value_range: (low, high) of floating-point images.
        first: number of the first file.

    Returns:
        List of the files' paths.

    Example:

    ```python
    gencs.images.save_images("digits", x, value_range=(0, 1))
    ```
    """
    images = _several(images, value_range)
    first = checks.integer(first, "first", at_least=0)
    folder = files.folder_to_write(folder, "folder")
    paths = [folder / f"{first + i:06}.png" for i in range(len(images))]
    for path, image in zip(paths, images, strict=True):
        save_png(path, image)
    return paths


def save_gif(path, frames, *, value_range=None, milliseconds=60):
    """Writes images as an animated GIF that repeats for ever.

    GIF has 256 colours a frame: colours are rounded. Needs Pillow.

    Args:
        path: of the file.
        frames: (count, height, width, 1 or 3 channels), as for `to_bytes`.
        value_range: (low, high) of floating-point frames.
        milliseconds: that a frame is shown, at least 20: viewers slow down faster ones.

    Raises:
        ImportError: Pillow is not installed.
        TypeError, ValueError: naming the argument.

    Example:

    ```python
    gencs.images.save_gif("digits.gif", x, value_range=(0, 1))
    ```
    """
    image = _pillow()
    frames = _several(frames, value_range, "frames")
    milliseconds = checks.integer(milliseconds, "milliseconds", at_least=20)
    if frames.shape[-1] not in (1, 3):
        raise ValueError(
            f"`frames` must have 1 or 3 channels. Received: shape {frames.shape}"
        )
    if frames.shape[-1] == 1:
        frames = frames[..., 0]
    first, *others = (image.fromarray(np.ascontiguousarray(frame)) for frame in frames)
    with files.replacing(path) as temporary:
        first.save(
            temporary,
            format="GIF",
            save_all=True,
            append_images=others,
            duration=milliseconds,
            loop=0,
        )


def _pillow():
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError(
            "Pillow is not installed, which writes GIF files. Install it with "
            '`pip install "tf_gencs[figures]"` or `pip install pillow`. A strip of '
            "images as PNG needs nothing: `gencs.images.save_grid(path, x, rows=1)`."
        ) from error
    return Image


def _several(images, value_range, argument="images"):
    images = checks.array(images, argument)
    if images.ndim != 4 or not images.size:
        raise ValueError(
            f"`{argument}` must have shape (count, height, width, channels), none of "
            f"them 0. Received: {images.shape}"
        )
    return to_bytes(images, value_range)


def _layout(count, rows, cols):
    rows = rows if rows is None else checks.integer(rows, "rows")
    cols = cols if cols is None else checks.integer(cols, "cols")
    if rows is None and cols is None:
        cols = math.ceil(math.sqrt(count))
    if rows is None:
        rows = math.ceil(count / cols)
    if cols is None:
        cols = math.ceil(count / rows)
    if rows * cols < count:
        raise ValueError(
            f"`rows` times `cols` must be at least the number of images, {count}. "
            f"Received: rows={rows}, cols={cols}"
        )
    return rows, cols


def _check_channels(image):
    if image.shape[-1] not in _PNG_CHANNELS:
        raise ValueError(
            f"`image` must have 1 to 4 channels. Received: shape {image.shape}"
        )
