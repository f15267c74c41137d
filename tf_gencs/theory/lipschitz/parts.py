"""What a certified chain is made of: linear maps and activations."""

import math
import typing

import keras
import numpy as np
import tensorflow as tf

from tf_gencs.theory.lipschitz.convolution import convolution_norm
from tf_gencs.theory.lipschitz.gram import gram_norm


class Slope(typing.NamedTuple):
    """An activation, whose slopes lie between two numbers."""

    name: str
    low: float
    high: float


class Linear:
    """A linear map, up to a bias, and the batch normalisation behind it.

    Args:
        name: of its layer.
        norm: an upper bound on it, without normalisation.
    """

    channels = None  # of its output, where they can have factors

    def __init__(self, name, norm=None):
        self.name = name
        self._norm = norm
        self._factors = None

    def scale(self, factors, name):
        """Takes factors for its output's channels into it; returns whether it can."""
        if self.channels is None or self.channels % len(factors):
            return False
        # Channels come last: those of one number are that many places apart.
        factors = np.resize(factors, self.channels)
        self._factors = factors if self._factors is None else self._factors * factors
        self.name = f"{self.name} with {name}"
        return True

    def norm(self):
        """An upper bound on ||W x|| / ||x||."""
        return self._norm

    def _scaled(self, columns):
        return columns if self._factors is None else columns * self._factors


class DenseMap(Linear):
    """W (outputs, inputs)."""

    def __init__(self, name, kernel):
        super().__init__(name)
        self._kernel = np.asarray(kernel, "float64")
        self.channels = self._kernel.shape[1]

    @property
    def matrix(self):
        return self._scaled(self._kernel).T

    def norm(self):
        return float(gram_norm(self.matrix))


class Convolution(Linear):
    """A convolution, or a transposed one, of a layer of Keras."""

    def __init__(self, layer, transposed):
        super().__init__(layer.name)
        kernel = np.asarray(layer.kernel, "float64")
        # (*taps, filters, channels) where transposed: of that which is transposed.
        self._kernel = np.swapaxes(kernel, -1, -2) if transposed else kernel
        self._layer, self._transposed = layer, transposed
        self.channels = self._kernel.shape[-1]

    def norm(self):
        layer = self._layer
        shapes = layer.output.shape[1:], layer.input.shape[1:]
        size = None if None in [*shapes[0], *shapes[1]] else map(math.prod, shapes)
        exact = None if size is None else (tuple(size), self._matrix)
        kernel = self._scaled(self._kernel)
        if self._transposed:  # the strides are those of what it transposes
            kernel = np.swapaxes(kernel, -1, -2)
        return convolution_norm(kernel, layer.strides, exact)

    def _matrix(self):
        """The very matrix on small images, transposed."""
        layer, kernel = self._layer, self._scaled(self._kernel)
        shape = tuple(layer.input.shape[1:])
        identity = tf.eye(math.prod(shape), dtype="float64")
        settings = {
            "strides": layer.strides,
            "padding": layer.padding,
            "dilation_rate": layer.dilation_rate,
            "data_format": layer.data_format,
        }
        convolve = keras.ops.conv
        if self._transposed:
            convolve = keras.ops.conv_transpose
            kernel = np.swapaxes(kernel, -1, -2)
            settings["output_padding"] = layer.output_padding
        images = tf.reshape(identity, (-1, *shape))
        found = convolve(images, tf.constant(kernel), **settings)
        return np.asarray(found).reshape(len(images), -1)
