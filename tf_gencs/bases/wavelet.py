"""The basis in which sparse means few edges."""

import functools
import math

import keras
import numpy as np
import tensorflow as tf

from tf_gencs import checks
from tf_gencs.bases.basis import Basis
from tf_gencs.bases.product_along import product_along

# Longer axes are filtered tap by tap.
_LONGEST_MATRIX = 64

_MOST_MOMENTS = 10
_NAMES = ("haar", *(f"db{moments}" for moments in range(1, _MOST_MOMENTS + 1)))


@keras.saving.register_keras_serializable(package="tf_gencs")
class Wavelet(Basis):
    """The pyramid of an orthonormal Daubechies wavelet, periodic at the borders.

    Each level splits every axis of even size (that of channels excepted) into a smooth
    and a detailed half, and the next one goes on with the corner that is smooth along
    all of them, until no size is even: 28 x 28 -> 14 x 14 -> 7 x 7, 8 x 1 -> 1 x 1. The
    smooth half comes first. Squares of 2^l are split as `wavedec2(x, name,
    mode="periodization", level=l)` of PyWavelets splits them.

    Args:
        name: "haar" or "db1", the same, to "db10": the number of vanishing moments,
            half the length of the filter.

    Raises:
        ValueError: an unknown `name`.

    Example:

    ```python
    basis = gencs.bases.Wavelet("db4")
    c = basis.analyse(faces)  # (batch, 64, 64, 3)
    basis.synthesise(c)
    ```

    Source: Daubechies, "Orthonormal bases of compactly supported wavelets", 1988;
    Mallat, "A theory for multiresolution signal decomposition", 1989.
    """

    def __init__(self, name="haar"):
        self.name = checks.choice(name, "name", _NAMES)
        smooth = daubechies_filter(1 if name == "haar" else int(name[2:]))
        detail = [(-1) ** i * tap for i, tap in enumerate(reversed(smooth))]
        # Tap k of pair i meets value 2 i + k - (moments - 1): an even or odd value,
        # some pairs away. So coefficients lie above the middle of what they see.
        places = (divmod(k - len(smooth) // 2 + 1, 2) for k in range(len(smooth)))
        self._taps = list(zip(places, smooth, detail, strict=True))
        self._matrices = {}

    def get_config(self):
        return {"name": self.name}

    def _analyse(self, x, axes):
        even_sized = _even_sized(x, axes)
        if not even_sized:
            return x
        for axis in even_sized:
            x = self._along(x, axis, inverse=False)
        return _in_corner(x, even_sized, lambda smooth: self._analyse(smooth, axes))

    def _synthesise(self, c, axes):
        even_sized = _even_sized(c, axes)
        if not even_sized:
            return c
        c = _in_corner(c, even_sized, lambda smooth: self._synthesise(smooth, axes))
        for axis in even_sized:
            c = self._along(c, axis, inverse=True)
        return c

    def _along(self, x, axis, inverse):
        """One level along one axis."""
        if x.shape[axis] <= _LONGEST_MATRIX:
            matrix = self._matrix(x.shape[axis])
            return product_along(axis, matrix.T if inverse else matrix, x)
        return self._merge(x, axis) if inverse else self._split(x, axis)

    def _matrix(self, size):
        """What `_split` multiplies vectors of `size` by: float64 (size, size)."""
        if size not in self._matrices:
            with tf.init_scope():  # eagerly, also while a graph is traced
                rows = self._split(tf.eye(size, dtype=tf.float64), -1)
                self._matrices[size] = rows.numpy().T
        return self._matrices[size]

    def _split(self, x, axis):
        """The smooth and the detailed half of x, one behind the other."""
        place = x.shape.rank + axis
        sizes = tf.unstack(tf.shape(x))
        sizes[place : place + 1] = [x.shape[place] // 2, 2]
        values = tf.unstack(tf.reshape(x, sizes), axis=place + 1)
        smooth = detail = 0
        for (pairs, parity), smooth_tap, detail_tap in self._taps:
            near = _roll(values[parity], -pairs, axis)
            smooth += smooth_tap * near
            detail += detail_tap * near
        return tf.concat([smooth, detail], axis)

    def _merge(self, c, axis):
        """The transpose of `_split`."""
        smooth, detail = tf.split(c, 2, axis)
        values = [0, 0]
        for (pairs, parity), smooth_tap, detail_tap in self._taps:
            seen = smooth_tap * smooth + detail_tap * detail
            values[parity] += _roll(seen, pairs, axis)
        interleaved = tf.stack(values, c.shape.rank + axis + 1)
        return tf.ensure_shape(tf.reshape(interleaved, tf.shape(c)), c.shape)


def _even_sized(x, axes):
    return [axis for axis in axes if x.shape[axis] % 2 == 0]


def _roll(x, by, axis):
    return tf.roll(x, by, axis) if by else x


def _in_corner(x, axes, function):
    """x with `function` applied to its first half along all of the axes."""
    if not axes:
        return function(x)
    first, second = tf.split(x, 2, axes[0])
    return tf.concat([_in_corner(first, axes[1:], function), second], axes[0])


@functools.lru_cache(maxsize=_MOST_MOMENTS)
def daubechies_filter(moments):
    """The smoothing filter with that many vanishing moments: floats, 2 * moments.

    Spectral factorisation: |H(w)|^2 = 2 cos(w/2)^(2 p) P(sin(w/2)^2) has P fixed by
    orthonormality, and H takes of each pair of roots of P the one within the unit
    circle, which is the choice of Daubechies. Good to 1e-14 up to 10 moments.

    Source: Daubechies, "Ten lectures on wavelets", 1992, section 6.1.
    """
    halves = [math.comb(moments - 1 + i, i) for i in range(moments)]
    taps = np.ones(1, complex)
    for root in np.roots(halves[::-1]):
        # sin(w/2)^2 = (2 - z - 1/z) / 4 at z = exp(iw).
        middle = 1 - 2 * complex(root)
        spread = np.sqrt(middle**2 - 1)
        inner = min(middle + spread, middle - spread, key=abs)
        taps = np.convolve(taps, (1, -inner))
    for _ in range(moments):
        taps = np.convolve(taps, (1, 1))
    taps = taps.real * math.sqrt(2) / taps.real.sum()
    return tuple(taps.tolist())
