"""Whether a model can train on images, by their shape."""

import tensorflow as tf


def check_image_shape(images, signal_shape, argument="x"):
    """Refuses images that a model of `signal_shape` cannot train on.

    Args:
        images: array, tensor or `tf.data.Dataset`, with labels or without; whatever
            does not tell its shape passes.
        signal_shape: (height, width, channels).
        argument: name of `images` in the message.

    Raises:
        ValueError: another shape.
    """
    spec = images.element_spec if isinstance(images, tf.data.Dataset) else images
    while isinstance(spec, (tuple, list)) and spec:
        spec = spec[0]
    shape = getattr(spec, "shape", None)
    rank = getattr(shape, "rank", None) if hasattr(shape, "rank") else shape
    if shape is None or rank is None:
        return
    shape = tuple(shape)
    fits = len(shape) == len(signal_shape) + 1 and all(
        size in (None, expected)
        for size, expected in zip(shape[1:], signal_shape, strict=True)
    )
    if fits:
        return
    sizes = ", ".join(map(str, signal_shape))
    if shape == tuple(signal_shape):
        fix = "batch the data, by `.batch(64)` say"
    elif len(shape) == len(signal_shape) + 1:
        fix = f"resize them, or make the model with `signal_shape={shape[1:]}`"
    elif len(shape) == len(signal_shape):
        fix = "add the channel axis, by `x[..., None]` say"
    else:
        fix = "see the pipelines of `gencs.datasets`"
    raise ValueError(
        f"`{argument}` must hold images of shape (batch, {sizes}): {fix}. "
        f"Received: {shape}"
    )
