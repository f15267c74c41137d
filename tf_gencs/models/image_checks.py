"""Checks of training images: their shape before work starts, their range at once."""

import warnings

import keras
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


class PixelRange:
    """Remembers which pixels a training step saw, for a warning after the first.

    The least and largest value of a batch take next to no time, whatever kind of data
    the batch came from; a look at it beforehand may fill a shuffle buffer.
    """

    def __init__(self):
        self._extremes = tf.Variable(
            [0.0, 0.0],
            trainable=False,
            aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,
        )

    def see(self, images):
        """Takes a batch, inside of graphs too."""
        extremes = tf.stack([tf.reduce_min(images), tf.reduce_max(images)])
        self._extremes.assign(tf.cast(extremes, tf.float32))

    def callback(self, value_range):
        """A Keras callback that warns once if the first batch leaves the range."""
        return _WarnOfRange(self._extremes, value_range)


class _WarnOfRange(keras.callbacks.Callback):
    def __init__(self, extremes, value_range):
        super().__init__()
        self.extremes, self.value_range, self.done = extremes, value_range, False

    def on_train_batch_end(self, batch, logs=None):
        if self.done or self.value_range is None:
            return
        self.done = True
        message = range_message(*self.extremes.numpy().tolist(), *self.value_range)
        if message:
            warnings.warn(message, stacklevel=2)


def range_message(least, largest, low, high):
    """What is wrong with pixels from `least` to `largest`; None if nothing is."""
    slack = 0.01 * (high - low)
    middle = (low + high) / 2
    outside = least < low - slack or largest > high + slack
    half = least >= middle and largest > least
    if not (outside or half):
        return None
    rule = "leave" if outside else "use only the upper half of"
    if outside and least >= 0 and 1 < largest <= 255:
        was = (0.0, 255.0)
    elif outside and least >= -1 - slack and largest <= 1 + slack:
        was = (-1.0, 1.0)
    elif half and not outside:
        was = (middle, high)
    else:
        was = (least, largest)
    scale = (high - low) / (was[1] - was[0])
    offset = low - scale * was[0]
    return (
        f"The images of the first batch, from {least:g} to {largest:g}, {rule} the "
        f"model's `value_range` ({low:g}, {high:g}): scale them, by "
        f"`x * {scale:.6g} + {offset:.6g}` say. The pipelines of `gencs.datasets` take "
        "`value_range=`."
    )
