"""What networks cost, and the same networks made of Keras's own layers."""

import math

import keras


def operations(layer):
    """Multiplications and additions of a dense layer or a convolution for one signal;
    0 of any other layer."""
    if isinstance(layer, keras.layers.Dense):
        return 2 * math.prod(layer.kernel.shape)
    if isinstance(layer, keras.layers.Conv2D):
        smaller = layer.output
    elif isinstance(layer, keras.layers.Conv2DTranspose):
        smaller = layer.input
    else:
        return 0
    return 2 * math.prod(layer.kernel.shape) * math.prod(smaller.shape[1:3])


def plain(network):
    """The network with Keras's own convolution layers and the same weights."""

    def own(layer):
        kind = getattr(keras.layers, type(layer).__name__, type(layer))
        return kind.from_config(layer.get_config())

    copy = keras.models.clone_model(network, clone_function=own)
    copy.set_weights(network.get_weights())
    return copy
