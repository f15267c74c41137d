"""Dense networks: the VAE of the CSGM paper."""

import math

import keras


def dense_generator(latent_dim, hidden, signal_shape, dtype=None):
    """The decoder of the CSGM paper's VAE: z -> softplus layers -> sigmoid.

    Args:
        latent_dim: number of latent values k.
        hidden: widths of the hidden layers, from z to x.
        signal_shape: (height, width, channels) of a signal.
        dtype: Keras dtype or policy of every layer.

    Returns:
        A Keras model (batch, k) -> (batch, *signal_shape) with values in [0, 1].
    """
    z = keras.Input((latent_dim,), name="z")
    h = _softplus_layers(z, hidden, dtype)
    logits = keras.layers.Dense(math.prod(signal_shape), name="logits", dtype=dtype)(h)
    image = keras.layers.Reshape(signal_shape, name="image", dtype=dtype)(logits)
    # The sigmoid is an op of its own and the last one: Keras's cross-entropy then
    # finds the logits behind it and stays exact where the sigmoid saturates.
    x = keras.layers.Activation("sigmoid", name="x", dtype=dtype)(image)
    return keras.Model(z, x, name="generator")


def dense_encoder(latent_dim, hidden, signal_shape, dtype=None):
    """The mirror image of `dense_generator`: x -> mean and log variance of z.

    Args:
        latent_dim: number of latent values k.
        hidden: widths of the hidden layers, from x to z.
        signal_shape: (height, width, channels) of a signal.
        dtype: Keras dtype or policy of every layer.

    Returns:
        A Keras model (batch, *signal_shape) -> [(batch, k), (batch, k)].
    """
    x = keras.Input(signal_shape, name="x")
    h = keras.layers.Flatten(name="flat", dtype=dtype)(x)
    h = _softplus_layers(h, hidden, dtype)
    mean = keras.layers.Dense(latent_dim, name="mean", dtype=dtype)(h)
    log_variance = keras.layers.Dense(latent_dim, name="log_variance", dtype=dtype)(h)
    return keras.Model(x, [mean, log_variance], name="encoder")


def _softplus_layers(h, widths, dtype):
    for i, width in enumerate(widths):
        h = keras.layers.Dense(
            width, activation="softplus", name=f"hidden_{i}", dtype=dtype
        )(h)
    return h
