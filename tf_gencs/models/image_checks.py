"""Whether a model can train on images, by their kind and their shape."""

import tensorflow as tf

from tf_gencs import array_checks


def check_image_kind(images, argument="x"):
    """Refuses images of which Keras would drop a part: what is masked, imaginary parts.

    Args:
        images: array, tensor or `tf.data.Dataset`, with labels or without; whatever
            does not tell its dtype passes.
        argument: name of `images` in the message.

    Raises:
        TypeError: masked, sparse or ragged arrays, or no real numbers.
    """
    spec = images.element_spec if isinstance(images, tf.data.Dataset) else images
    while isinstance(spec, (tuple, list)) and spec:
        spec = spec[0]
    dtype = getattr(spec, "dtype", None)
    if dtype is None:
        return
    if not isinstance(spec, tf.TypeSpec):
        array_checks.plain(spec, argument)
    try:
        kind = tf.as_dtype(dtype)
    except TypeError:  # of another library, which Keras knows perhaps
        return
    if not (kind.is_floating or kind.is_integer or kind.is_bool):
        way_out = ": parts or magnitudes as channels, say" if kind.is_complex else ""
        raise TypeError(
            f"`{argument}` must hold images of real numbers{way_out}. "
            f"Received: dtype {kind.name}"
        )


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
    first = array_checks.channels_last(shape, signal_shape)
    if first:
        fix = first.removeprefix(": ")
    elif shape == tuple(signal_shape):
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
