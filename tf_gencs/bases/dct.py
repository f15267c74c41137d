"""The basis in which sparse means few waves."""

import functools

import keras
import numpy as np
import tensorflow as tf

from tf_gencs.bases.basis import Basis
from tf_gencs.bases.product_along import product_along

# Longer axes go through an FFT, which takes over between 128 and 256.
_LONGEST_MATRIX = 256


@keras.saving.register_keras_serializable(package="tf_gencs")
class DCT(Basis):
    """The orthonormal DCT-II along every axis but that of channels.

    Example:

    ```python
    basis = gencs.bases.DCT()
    c = basis.analyse(x)  # (batch, 28, 28, 1), c[:, 0, 0] is 28 times the mean
    basis.synthesise(c)  # x again
    ```

    Source: Ahmed, Natarajan and Rao, "Discrete cosine transform", 1974.
    """

    def _analyse(self, x, axes):
        for axis in axes:
            x = _along(x, axis, inverse=False)
        return x

    def _synthesise(self, c, axes):
        for axis in axes:
            c = _along(c, axis, inverse=True)
        return c


def _along(x, axis, inverse):
    size = x.shape[axis]
    if size <= _LONGEST_MATRIX:
        matrix = _matrix(size)
        return product_along(axis, matrix.T if inverse else matrix, x)
    behind = x.shape[x.shape.rank + axis + 1 :].num_elements()
    done = _by_fft(tf.reshape(x, (-1, size, behind)), inverse)
    return tf.ensure_shape(tf.reshape(done, tf.shape(x)), x.shape)


def _by_fft(blocks, inverse):
    # A row of zeros goes along: TensorFlow's FFTs pad no empty batch.
    rows = tf.pad(tf.transpose(blocks, (0, 2, 1)), ((0, 1), (0, 0), (0, 0)))
    transform = tf.signal.idct if inverse else tf.signal.dct
    return tf.transpose(transform(rows, type=2, norm="ortho")[:-1], (0, 2, 1))


@functools.lru_cache(maxsize=16)
def _matrix(size):
    """The orthonormal DCT-II of vectors of `size`: float64 (size, size)."""
    wave, place = np.mgrid[:size, :size]
    matrix = np.cos(np.pi * wave * (place + 0.5) / size) * np.sqrt(2 / size)
    matrix[0] /= np.sqrt(2)
    return matrix
