"""A generator as a chain of linear maps and activations whose norms are known."""

import math

import keras
import numpy as np

from tf_gencs.solvers.refinements.layer_chain import layer_chain
from tf_gencs.theory.lipschitz.parts import Convolution, DenseMap, Linear, Slope


class Uncertified(ValueError):
    """A layer, or a way of joining layers, of which no bound is known here."""


def chain(generator):
    """The `Linear`s and `Slope`s of a generator, in order.

    Raises:
        Uncertified: naming the layer that is not known, and those that are.
    """
    parts = []
    for layer in _layers(generator):
        _reader(layer)(layer, parts)
    return parts


def _layers(generator):
    try:
        layers = layer_chain(generator)
    except ValueError as error:
        raise Uncertified(
            f"`{generator.name}` is no chain of layers, as a `keras.Sequential` is; "
            "where branches join no bound is known here"
        ) from error
    for layer in layers:
        if isinstance(layer, keras.Model):
            yield from _layers(layer)
        else:
            yield layer


def _reader(layer):
    # A class of one's own may do something else under an inherited name.
    if type(layer).__module__.startswith(("keras.", "tf_gencs.")):
        for kind, reader in _READERS.items():
            if isinstance(layer, kind):
                return reader
    known = ", ".join(kind.__name__ for kind in _READERS)
    raise Uncertified(
        f"`{layer.name}`, a {type(layer).__name__}, has no known bound here. Those of "
        f"Keras that have one: {known}"
    )


def _still(layer, parts):
    """A layer that keeps all values in order, or does nothing outside of training."""


def _mover(layer, parts):
    parts.append(Linear(layer.name, 1.0))


def _dense(layer, parts):
    parts.append(DenseMap(layer.name, layer.kernel))
    _activation(layer, parts)


def _convolution(layer, parts):
    transposed = "Transpose" in type(layer).__name__
    if getattr(layer, "groups", 1) != 1 or layer.data_format != "channels_last":
        raise Uncertified(
            f"`{layer.name}` must have one group, and channels last, to have a bound"
        )
    parts.append(Convolution(layer, transposed))
    _activation(layer, parts)


def _normalization(layer, parts):
    factors = 1 / np.sqrt(np.asarray(layer.moving_variance, "float64") + layer.epsilon)
    if layer.scale:
        factors = factors * np.asarray(layer.gamma, "float64")
    axis = layer.axis[0] if isinstance(layer.axis, (list, tuple)) else layer.axis
    last = axis in (-1, len(layer.output.shape) - 1)
    before = parts[-1] if parts else None
    if not (last and isinstance(before, Linear) and before.scale(factors, layer.name)):
        parts.append(Linear(layer.name, float(np.max(np.abs(factors)))))


def _rescaling(layer, parts):
    scale = np.max(np.abs(np.asarray(layer.scale, "float64")))
    parts.append(Linear(layer.name, float(scale)))


def _upsampling(layer, parts):
    if getattr(layer, "interpolation", "nearest") != "nearest":
        raise Uncertified(
            f"`{layer.name}` must repeat pixels, not interpolate, to have a bound"
        )
    parts.append(Linear(layer.name, math.sqrt(np.prod(layer.size))))


def _relu(layer, parts):
    if layer.threshold:
        raise Uncertified(f"`{layer.name}` jumps at its threshold: nothing bounds it")
    parts.append(Slope(layer.name, 0.0, max(1.0, float(layer.negative_slope))))


def _leaky_relu(layer, parts):
    parts.append(Slope(layer.name, 0.0, max(1.0, float(layer.negative_slope))))


def _elu(layer, parts):
    parts.append(Slope(layer.name, 0.0, max(1.0, float(layer.alpha))))


def _activation(layer, parts):
    if layer.activation in (None, keras.activations.linear):
        return
    for name, slopes in _SLOPES.items():
        if layer.activation is getattr(keras.activations, name):
            parts.append(Slope(f"{layer.name} ({name})", *slopes))
            return
    name = getattr(layer.activation, "__name__", layer.activation)
    raise Uncertified(
        f"`{layer.name}` has the activation {name}, of which no slope is known here. "
        f"Those of Keras that have one: {', '.join(_SLOPES)}"
    )


# The least and the largest slope. Softmax mixes its numbers: no single one has a slope
# of its own, and the norm of its Jacobian is at most 1/2.
_SLOPES = {
    "elu": (0.0, 1.0),
    "gelu": (-0.13, 1.13),
    "hard_sigmoid": (0.0, 1 / 6),
    "leaky_relu": (0.0, 1.0),
    "relu": (0.0, 1.0),
    "relu6": (0.0, 1.0),
    "selu": (0.0, 1.7582),
    "sigmoid": (0.0, 0.25),
    "silu": (-0.1, 1.1),
    "softmax": (-0.5, 0.5),
    "softplus": (0.0, 1.0),
    "softsign": (0.0, 1.0),
    "tanh": (0.0, 1.0),
}
_OF_KERAS = keras.layers
_READERS = {
    _OF_KERAS.Dense: _dense,
    _OF_KERAS.Conv1D: _convolution,
    _OF_KERAS.Conv2D: _convolution,
    _OF_KERAS.Conv3D: _convolution,
    _OF_KERAS.Conv1DTranspose: _convolution,
    _OF_KERAS.Conv2DTranspose: _convolution,
    _OF_KERAS.Conv3DTranspose: _convolution,
    _OF_KERAS.BatchNormalization: _normalization,
    _OF_KERAS.Rescaling: _rescaling,
    _OF_KERAS.UpSampling1D: _upsampling,
    _OF_KERAS.UpSampling2D: _upsampling,
    _OF_KERAS.UpSampling3D: _upsampling,
    _OF_KERAS.Activation: _activation,
    _OF_KERAS.ReLU: _relu,
    _OF_KERAS.LeakyReLU: _leaky_relu,
    _OF_KERAS.ELU: _elu,
    _OF_KERAS.Reshape: _still,
    _OF_KERAS.Flatten: _still,
    _OF_KERAS.Permute: _mover,
    _OF_KERAS.Cropping1D: _mover,
    _OF_KERAS.Cropping2D: _mover,
    _OF_KERAS.ZeroPadding1D: _mover,
    _OF_KERAS.ZeroPadding2D: _mover,
    _OF_KERAS.Dropout: _still,
    _OF_KERAS.GaussianNoise: _still,
}
