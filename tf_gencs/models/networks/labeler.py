"""The network that reads labels off images, for causal models of them."""

import keras

from .convolution import Conv2D
from .image_network import ImageNetwork
from .support import halvings, initializer_seeds, to_unit_range, variable_dtype

# The smaller side of the coarsest grid is at least this.
_SMALLEST = 4


def labeler(
    signal_shape,
    outputs,
    width=16,
    value_range=(-1.0, 1.0),
    dtype=None,
    seed=None,
    name="labeler",
):
    """x -> strided convolutions, each of which halves the image -> a logit a label.

    There is no normalization over a batch: what it says of an image is of that alone,
    in training too.

    Args:
        signal_shape: (height, width, channels) of an image.
        outputs: how many logits.
        width: channels after the first convolution; they double twice.
        value_range: (low, high) of the pixels.
        dtype: Keras dtype or policy of every layer.
        seed: of the initial weights; None for Keras's own stream.
        name: of the network.

    Returns:
        A Keras model (batch, *signal_shape) -> (batch, outputs).

    Raises:
        ValueError: height or width does not halve so often.
    """
    x = keras.Input(signal_shape, name="x", dtype=variable_dtype(dtype))
    h = to_unit_range(x, value_range, dtype)
    seeds = initializer_seeds(seed, name)
    for i in range(halvings(signal_shape, _SMALLEST)):
        h = Conv2D(
            width << min(i, 2),
            5 if i == 0 else 3,
            strides=2,
            padding="same",
            data_format="channels_last",
            kernel_initializer=keras.initializers.HeNormal(next(seeds)),
            name=f"convolution_{i}",
            dtype=dtype,
        )(h)
        h = keras.layers.LeakyReLU(
            negative_slope=0.2, name=f"leaky_relu_{i}", dtype=dtype
        )(h)
    h = keras.layers.Flatten("channels_last", name="flat", dtype=dtype)(h)
    logits = keras.layers.Dense(
        outputs,
        kernel_initializer=keras.initializers.GlorotUniform(next(seeds)),
        name="logits",
        dtype=dtype,
    )(h)
    network = ImageNetwork(x, logits, name=name)
    network.value_range = tuple(value_range)
    return network
