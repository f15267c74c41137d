"""What the axes of a signal mean: lines, images and volumes, with channels last."""

import math

import keras

from tf_gencs import checks

_MOST_AXES = 4
_MOST_CHANNELS = 4  # of an image
KINDS = {
    1: "vectors (n,)",
    2: "lines (length, channels)",
    3: "images (height, width, channels)",
    4: "volumes (depth, height, width, channels)",
}
WITH_PLACES = (3, 2, 4)  # axes of signals whose values have neighbours


def checked(input_shape, name):
    """The shape of one signal, of that of a batch (batch, *signal_shape).

    Raises:
        ValueError: it is none of `KINDS`, or a size is unknown or 0.
    """
    shape = sizes(input_shape)[1:]
    if not shape or None in shape or 0 in shape or len(shape) > _MOST_AXES:
        raise ValueError(
            f"`{name}` must be built on signals of known shape (batch, height, width, "
            "channels), fewer axes, or (batch, depth, height, width, channels), of at "
            "least 1 each; once it is built, it takes more batch dimensions. "
            f"Received: {tuple(input_shape)}"
        )
    return shape


def sizes(shape):
    """A shape with its batch as a tuple of ints and None, else ValueError."""
    try:
        found = tuple(shape)
    except (NotImplementedError, TypeError, ValueError):
        found = ("none",)
    try:
        return tuple(
            None if size is None else checks.integer(size, "size", at_least=0)
            for size in found
        )
    except ValueError:
        raise ValueError(
            "`input_shape` must be a tuple (None, height, width, channels) of "
            f"integers. Received: {shape!r}"
        ) from None


def split(shape, name, axes=WITH_PLACES):
    """The places (height, width), or so, and the channels of a signal of this shape.

    Args:
        shape: of a signal.
        name: of the layer that asks.
        axes: with how many it works.

    Raises:
        ValueError: another number of axes, in a sentence that names the layer.
    """
    if len(shape) not in axes:
        kinds = [KINDS[count] for count in axes]
        listed = " or ".join([", ".join(kinds[:-1]), kinds[-1]] if kinds[1:] else kinds)
        raise ValueError(
            f"`{name}` must be built on {listed}. "
            f"Received: signals of shape {tuple(shape)}"
        )
    return tuple(shape[:-1]), shape[-1]


def refuse_lone_image(x, name, size):
    """Refuses, on a first call, what looks like one image instead of a batch.

    (28, 28, 1) may be an image or 28 lines, and (28, 28) an image or 28 vectors. Three
    axes look like an image if height and width differ by less than a factor of 2 and at
    most four channels follow; two if they are square. Where the batch is unknown, as in
    Keras models, nobody passes one signal.

    Args:
        x: what the layer is called on.
        name: of the layer.
        size: how many values its signals have, if it knows that; else None.

    Raises:
        ValueError: it does.
    """
    shape = tuple(getattr(x, "shape", None) or ())
    if isinstance(x, keras.KerasTensor) or len(shape) not in (2, 3) or None in shape:
        return
    if size is not None and size == math.prod(shape[1:]):
        return
    height, width = sorted(shape[:2])
    if len(shape) == 2 and height == width:
        image, others = "x[None, :, :, None]", "vectors (n,)"
    elif len(shape) == 3 and width < 2 * height and shape[2] <= _MOST_CHANNELS:
        image, others = "x[None]", "lines (length, channels)"
    else:
        return
    signal = ", ".join(map(str, shape[1:]))
    raise ValueError(
        f"`{name}` must be built before it is called on what may be one image or a "
        f"batch of {others}: `A({image})` measures one image, and after "
        f"`A.build((None, {signal}))` it takes {others}. Received: shape {shape}"
    )
