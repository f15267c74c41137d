"""The convolutional networks of BEGAN, for images of any size."""

import keras

from .convolution import Conv2D
from .image_network import ImageNetwork
from .support import (
    from_unit_range,
    halvings,
    initializer_seeds,
    to_unit_range,
    variable_dtype,
)

# The smaller side of the coarsest grid is at least this: 8 for images of 64 pixels,
# 7 for 28.
_SMALLEST = 7


def began_generator(
    latent_dim, signal_shape, width=128, value_range=(-1.0, 1.0), dtype=None, seed=None
):
    """z -> dense -> pairs of convolutions, with the image doubled in between.

    The first grid is 7 to 13 pixels on its smaller side: 8 x 8 for images of 64 x 64,
    7 x 7 for 28 x 28. There is no normalization, and the last layer is linear:
    pixels may leave `value_range` a little.

    Args:
        latent_dim: number of latent values k.
        signal_shape: (height, width, channels) of an image.
        width: channels of every layer.
        value_range: (low, high) of the pixels.
        dtype: Keras dtype or policy of every layer.
        seed: of the initial weights; None for Keras's own stream.

    Returns:
        A Keras model (batch, k) -> (batch, *signal_shape).

    Raises:
        ValueError: height or width does not double up from such a grid.

    Source: Berthelot, Schumm and Metz, "BEGAN: Boundary equilibrium generative
    adversarial networks", 2017; layers of github.com/carpedm20/BEGAN-tensorflow.
    """
    z = keras.Input((latent_dim,), name="z", dtype=variable_dtype(dtype))
    layers = _Layers(dtype, initializer_seeds(seed, "began_generator"))
    x = _decode(z, signal_shape, width, layers)
    x = from_unit_range(x, value_range, dtype)
    return keras.Model(z, x, name="generator")


def began_discriminator(
    signal_shape,
    width=128,
    code_dim=64,
    value_range=(-1.0, 1.0),
    dtype=None,
    seed=None,
):
    """The autoencoder x -> x whose error tells natural images from others.

    Its encoder has pairs of convolutions with `width`, 2 `width`, 3 `width` ...
    channels and strides in between; its decoder is `began_generator`.

    Args:
        signal_shape: (height, width, channels) of an image.
        width: channels of the first layers and of the decoder.
        code_dim: numbers between encoder and decoder.
        value_range: (low, high) of the pixels.
        dtype: Keras dtype or policy of every layer.
        seed: of the initial weights; None for Keras's own stream.

    Returns:
        A Keras model (batch, *signal_shape) -> (batch, *signal_shape).

    Raises:
        ValueError: height or width does not halve so often.

    Source: as for `began_generator`.
    """
    times = halvings(signal_shape, _SMALLEST)
    x = keras.Input(signal_shape, name="x", dtype=variable_dtype(dtype))
    h = to_unit_range(x, value_range, dtype)
    layers = _Layers(dtype, initializer_seeds(seed, "began_discriminator"))
    h = layers.convolution(width, "encoder")(h)
    for i in range(times + 1):
        channels = width * (i + 1)
        h = layers.convolution(channels, f"encoder_{i}_0")(h)
        h = layers.convolution(channels, f"encoder_{i}_1")(h)
        if i < times:
            h = layers.convolution(channels, f"encoder_{i}_half", strides=2)(h)
    h = keras.layers.Flatten("channels_last", name="flat", dtype=dtype)(h)
    code = layers.dense(code_dim, "code")(h)
    x_hat = _decode(code, signal_shape, width, layers)
    x_hat = from_unit_range(x_hat, value_range, dtype)
    network = ImageNetwork(x, x_hat, name="discriminator")
    network.value_range = tuple(value_range)
    return network


def _decode(code, signal_shape, width, layers):
    times = halvings(signal_shape, _SMALLEST)
    grid = tuple(side >> times for side in signal_shape[:2])
    h = layers.dense(grid[0] * grid[1] * width, "dense")(code)
    h = keras.layers.Reshape((*grid, width), name="grid", dtype=layers.dtype)(h)
    for i in range(times + 1):
        h = layers.convolution(width, f"decoder_{i}_0")(h)
        h = layers.convolution(width, f"decoder_{i}_1")(h)
        if i < times:
            h = keras.layers.UpSampling2D(
                data_format="channels_last",
                name=f"decoder_{i}_double",
                dtype=layers.dtype,
            )(h)
    return layers.convolution(signal_shape[2], "image", activation=None)(h)


class _Layers:
    """Makes the layers with weights of one network, each with the next of its seeds."""

    def __init__(self, dtype, seeds):
        self.dtype = dtype
        self.seeds = seeds

    def dense(self, units, name):
        return keras.layers.Dense(units, name=name, **self._common())

    def convolution(self, channels, name, strides=1, activation="elu"):
        return Conv2D(
            channels,
            3,
            strides=strides,
            padding="same",
            data_format="channels_last",
            activation=activation,
            name=name,
            **self._common(),
        )

    def _common(self):
        initializer = keras.initializers.GlorotUniform(next(self.seeds))
        return {"kernel_initializer": initializer, "dtype": self.dtype}
