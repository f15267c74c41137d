"""The convolutional networks of DCGAN, for images of any size."""

import functools

import keras

from .batch_statistics import BatchNormalization
from .convolution import Conv2D, Conv2DTranspose
from .image_network import ImageNetwork
from .minibatch_std import MinibatchStd
from .support import (
    from_unit_range,
    halvings,
    initializer_seeds,
    to_unit_range,
    variable_dtype,
)

_KERNEL = 5
# The smaller side of the coarsest grid is at least this.
_SMALLEST = 4


def dcgan_generator(
    latent_dim, signal_shape, width=64, value_range=(-1.0, 1.0), dtype=None, seed=None
):
    """z -> dense -> transposed convolutions, each of which doubles the image.

    The first grid is 4 to 7 pixels on its smaller side: 4 x 4 for images of 64 x 64,
    7 x 7 for 28 x 28. Channels halve from step to step and end with `width`.

    Args:
        latent_dim: number of latent values k.
        signal_shape: (height, width, channels) of an image.
        width: channels before the last convolution.
        value_range: (low, high) of the pixels. The last layer is a sigmoid for (0, 1)
            and tanh for (-1, 1); tanh, moved and scaled, for others.
        dtype: Keras dtype or policy of every layer.
        seed: of the initial weights; None for Keras's own stream.

    Returns:
        A Keras model (batch, k) -> (batch, *signal_shape).

    Raises:
        ValueError: height or width does not double up from such a grid.

    Source: Radford, Metz and Chintala, "Unsupervised representation learning with
    deep convolutional generative adversarial networks", ICLR 2016; sizes, kernels and
    initial weights of github.com/carpedm20/DCGAN-tensorflow.
    """
    doublings = halvings(signal_shape, _SMALLEST)
    height, breadth = (side >> doublings for side in signal_shape[:2])
    seeds = initializer_seeds(seed, "dcgan_generator")
    normal = keras.initializers.RandomNormal
    z = keras.Input((latent_dim,), name="z", dtype=variable_dtype(dtype))
    channels = width << (doublings - 1)
    h = keras.layers.Dense(
        height * breadth * channels,
        kernel_initializer=normal(stddev=0.02, seed=next(seeds)),
        name="dense",
        dtype=dtype,
    )(z)
    h = keras.layers.Reshape((height, breadth, channels), name="grid", dtype=dtype)(h)
    for i in range(doublings):
        h = _batch_normalization(i, dtype)(h)
        h = keras.layers.ReLU(name=f"relu_{i}", dtype=dtype)(h)
        channels //= 2
        h = Conv2DTranspose(
            signal_shape[2] if i == doublings - 1 else channels,
            _KERNEL,
            strides=2,
            padding="same",
            data_format="channels_last",
            kernel_initializer=normal(stddev=0.02, seed=next(seeds)),
            name=f"deconvolution_{i}",
            dtype=dtype,
        )(h)
    last = "sigmoid" if tuple(value_range) == (0, 1) else "tanh"
    x = keras.layers.Activation(last, name=last, dtype=dtype)(h)
    if last == "tanh":
        x = from_unit_range(x, value_range, dtype)
    return keras.Model(z, x, name="generator")


def dcgan_discriminator(
    signal_shape,
    width=64,
    value_range=(-1.0, 1.0),
    normalization="batch",
    minibatch_std=False,
    dtype=None,
    seed=None,
):
    """x -> strided convolutions, each of which halves the image -> one score.

    Args:
        signal_shape: (height, width, channels) of an image.
        width: channels after the first convolution; they double from step to step.
        value_range: (low, high) of the pixels; ranges but (-1, 1) and (0, 1) are
            brought to (-1, 1) first.
        normalization: after every convolution but the first, "batch"; "layer", which
            keeps the images of a batch apart, as a gradient penalty asks for; or None.
            The first weights are the reference's with "batch", He's with others.
        minibatch_std: whether the last convolution sees, in a channel of its own, how
            much the images of the batch differ, so that a generator of few kinds of
            images is found out.
        dtype: Keras dtype or policy of every layer.
        seed: of the initial weights; None for Keras's own stream.

    Returns:
        A Keras model (batch, *signal_shape) -> (batch, 1), the logit of "real".

    Raises:
        ValueError: height or width does not halve so often; unknown `normalization`.

    Source: as for `dcgan_generator`; layer normalization instead of batch
    normalization: Gulrajani et al., "Improved training of Wasserstein GANs",
    NeurIPS 2017; standard deviation over the batch: as for `MinibatchStd`.
    """
    known = isinstance(normalization, (str, type(None)))
    if not known or normalization not in ("batch", "layer", None):
        raise ValueError(
            "`normalization` must be 'batch', 'layer' or None. "
            f"Received: {normalization!r}"
        )
    x = keras.Input(signal_shape, name="x", dtype=variable_dtype(dtype))
    h = x
    if tuple(value_range) != (0, 1):  # which the reference takes as it is
        h = to_unit_range(x, value_range, dtype)
    seeds = initializer_seeds(seed, "dcgan_discriminator")
    initializer = functools.partial(keras.initializers.TruncatedNormal, stddev=0.02)
    if normalization != "batch":
        initializer = keras.initializers.HeNormal
    steps = halvings(signal_shape, _SMALLEST)
    for i in range(steps):
        if minibatch_std and i == steps - 1:
            h = MinibatchStd(name="minibatch_std", dtype=dtype)(h)
        h = Conv2D(
            width << i,
            _KERNEL,
            strides=2,
            padding="same",
            data_format="channels_last",
            kernel_initializer=initializer(seed=next(seeds)),
            name=f"convolution_{i}",
            dtype=dtype,
        )(h)
        if i and normalization == "batch":
            h = _batch_normalization(i, dtype)(h)
        elif i and normalization == "layer":
            # One group of all channels: the mean and variance are the image's own.
            h = keras.layers.GroupNormalization(
                1, epsilon=1e-5, name=f"layer_normalization_{i}", dtype=dtype
            )(h)
        h = keras.layers.LeakyReLU(
            negative_slope=0.2, name=f"leaky_relu_{i}", dtype=dtype
        )(h)
    h = keras.layers.Flatten("channels_last", name="flat", dtype=dtype)(h)
    score = keras.layers.Dense(
        1,
        kernel_initializer=keras.initializers.RandomNormal(
            stddev=0.02, seed=next(seeds)
        ),
        name="score",
        dtype=dtype,
    )(h)
    network = ImageNetwork(x, score, name="discriminator")
    network.value_range = tuple(value_range)
    return network


def _batch_normalization(i, dtype):
    return BatchNormalization(
        momentum=0.9, epsilon=1e-5, name=f"batch_normalization_{i}", dtype=dtype
    )
