"""The convolutional networks of BEGAN, for images of any size."""

import keras

from .convolution import Conv2D
from .image_network import ImageNetwork
from .support import from_unit_range, halvings, to_unit_range, variable_dtype

# The smaller side of the coarsest grid is at least this: 8 for images of 64 pixels,
# 7 for 28.
_SMALLEST = 7


def began_generator(
    latent_dim, signal_shape, width=128, value_range=(-1.0, 1.0), dtype=None
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

    Returns:
        A Keras model (batch, k) -> (batch, *signal_shape).

    Raises:
        ValueError: height or width does not double up from such a grid.

    Source: Berthelot, Schumm and Metz, "BEGAN: Boundary equilibrium generative
    adversarial networks", 2017; layers of github.com/carpedm20/BEGAN-tensorflow.
    """
    z = keras.Input((latent_dim,), name="z", dtype=variable_dtype(dtype))
    x = _decode(z, signal_shape, width, dtype)
    x = from_unit_range(x, value_range, dtype)
    return keras.Model(z, x, name="generator")


def began_discriminator(
    signal_shape, width=128, code_dim=64, value_range=(-1.0, 1.0), dtype=None
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

    Returns:
        A Keras model (batch, *signal_shape) -> (batch, *signal_shape).

    Raises:
        ValueError: height or width does not halve so often.

    Source: as for `began_generator`.
    """
    times = halvings(signal_shape, _SMALLEST)
    x = keras.Input(signal_shape, name="x", dtype=variable_dtype(dtype))
    h = to_unit_range(x, value_range, dtype)
    h = _convolution(h, width, "encoder", dtype)
    for i in range(times + 1):
        channels = width * (i + 1)
        h = _convolution(h, channels, f"encoder_{i}_0", dtype)
        h = _convolution(h, channels, f"encoder_{i}_1", dtype)
        if i < times:
            h = _convolution(h, channels, f"encoder_{i}_half", dtype, strides=2)
    h = keras.layers.Flatten(name="flat", dtype=dtype)(h)
    code = keras.layers.Dense(code_dim, name="code", dtype=dtype)(h)
    x_hat = _decode(code, signal_shape, width, dtype)
    x_hat = from_unit_range(x_hat, value_range, dtype)
    network = ImageNetwork(x, x_hat, name="discriminator")
    network.value_range = tuple(value_range)
    return network


def _decode(code, signal_shape, width, dtype):
    times = halvings(signal_shape, _SMALLEST)
    grid = tuple(side >> times for side in signal_shape[:2])
    size = grid[0] * grid[1] * width
    h = keras.layers.Dense(size, name="dense", dtype=dtype)(code)
    h = keras.layers.Reshape((*grid, width), name="grid", dtype=dtype)(h)
    for i in range(times + 1):
        h = _convolution(h, width, f"decoder_{i}_0", dtype)
        h = _convolution(h, width, f"decoder_{i}_1", dtype)
        if i < times:
            double = keras.layers.UpSampling2D(name=f"decoder_{i}_double", dtype=dtype)
            h = double(h)
    return _convolution(h, signal_shape[2], "image", dtype, activation=None)


def _convolution(h, channels, name, dtype, strides=1, activation="elu"):
    return Conv2D(
        channels,
        3,
        strides=strides,
        padding="same",
        activation=activation,
        name=name,
        dtype=dtype,
    )(h)
