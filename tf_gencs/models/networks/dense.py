"""Dense networks: the VAE of the CSGM paper."""

import math

import keras

from .support import initializer_seeds


def dense_generator(latent_dim, hidden, signal_shape, dtype=None, seed=None):
    """The decoder of the CSGM paper's VAE: z -> softplus layers -> sigmoid.

    Args:
        latent_dim: number of latent values k.
        hidden: widths of the hidden layers, from z to x.
        signal_shape: (height, width, channels) of a signal, or any other.
        dtype: Keras dtype or policy of every layer.
        seed: of the initial weights; None for Keras's own stream.

    Returns:
        A Keras model (batch, k) -> (batch, *signal_shape) with values in [0, 1].
    """
    z = keras.Input((latent_dim,), name="z")
    dense = _dense_layers(dtype, initializer_seeds(seed, "dense_generator"))
    h = _softplus_layers(z, hidden, dense)
    logits = dense(math.prod(signal_shape), name="logits")(h)
    image = keras.layers.Reshape(signal_shape, name="image", dtype=dtype)(logits)
    # The sigmoid is an op of its own and the last one: Keras's cross-entropy then
    # finds the logits behind it and stays exact where the sigmoid saturates.
    x = keras.layers.Activation("sigmoid", name="x", dtype=dtype)(image)
    return keras.Model(z, x, name="generator")


def dense_encoder(latent_dim, hidden, signal_shape, dtype=None, seed=None):
    """The mirror image of `dense_generator`: x -> mean and log variance of z.

    Args:
        latent_dim: number of latent values k.
        hidden: widths of the hidden layers, from x to z.
        signal_shape: (height, width, channels) of a signal, or any other.
        dtype: Keras dtype or policy of every layer.
        seed: of the initial weights; None for Keras's own stream.

    Returns:
        A Keras model (batch, *signal_shape) -> [(batch, k), (batch, k)].
    """
    x = keras.Input(signal_shape, name="x")
    dense = _dense_layers(dtype, initializer_seeds(seed, "dense_encoder"))
    h = keras.layers.Flatten("channels_last", name="flat", dtype=dtype)(x)
    h = _softplus_layers(h, hidden, dense)
    mean = dense(latent_dim, name="mean")(h)
    log_variance = dense(latent_dim, name="log_variance")(h)
    return keras.Model(x, [mean, log_variance], name="encoder")


def _softplus_layers(h, widths, dense):
    for i, width in enumerate(widths):
        h = dense(width, activation="softplus", name=f"hidden_{i}")(h)
    return h


def _dense_layers(dtype, seeds):
    """`keras.layers.Dense`, each with the next of the seeds."""
    return lambda *args, **kwargs: keras.layers.Dense(
        *args,
        kernel_initializer=keras.initializers.GlorotUniform(next(seeds)),
        dtype=dtype,
        **kwargs,
    )
