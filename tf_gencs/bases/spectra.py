"""How large the coefficients of signals are, and whether few of them stand out."""

import numpy as np
import tensorflow as tf

from tf_gencs import checks
from tf_gencs.bases.basis import Basis

# What ||c||_1 / (sqrt(n) ||c||_2) may be at most of coefficients that count as sparse.
# It is .80 for Gaussian ones, and sqrt(s / n) for s of n that are equal and not 0.
SPARSE = 0.65

# Few signals say little about each coefficient: its neighbours' mean counts as this
# many more signals. Half of that or twice changes errors on faces by under 2 %.
_PRIOR_SIGNALS = 20
# Coefficients on either side that are neighbours. In a wavelet basis some of them are
# of another scale: with hundreds of signals that hardly counts.
_REACH = 2
# Numbers of coefficients, from 1 to all, at which `left_over` looks.
_COUNTS = 20


def relative_l1(c):
    """Mean of ||c||_1 / (sqrt(n) ||c||_2) over signals that are not 0.

    Args:
        c: coefficients, (batch, *signal_shape).

    Returns:
        A float in (0, 1]; infinite if all signals are 0.
    """
    c = checks.float_tensor(c, "c", axes=2)
    c = tf.reshape(c, (len(c), -1))
    seen = tf.boolean_mask(c, tf.reduce_any(c != 0, axis=1))
    if not len(seen):
        return float("inf")
    size = tf.cast(tf.shape(seen)[1], seen.dtype)
    ratio = tf.norm(seen, ord=1, axis=1) / tf.norm(seen, axis=1)
    return float(tf.reduce_mean(ratio / tf.sqrt(size)))


def spectrum(basis, x):
    """How large each coefficient of signals is, if that is all there is to know.

    Args:
        basis: a `Basis`.
        x: signals, (batch, *signal_shape), at least one.

    Returns:
        The root mean square of every coefficient, float32 array (*signal_shape); None
        if coefficients divided by it are still sparse: then which ones are large
        differs from signal to signal.

    Raises:
        ValueError: there are no signals.

    Example:

    ```python
    scale = gencs.bases.spectrum(gencs.bases.DCT(), x)  # (28, 28, 1)
    ```
    """
    x = checks.float_tensor(x, "x", axes=2)
    if not len(x):
        raise ValueError("`x` must hold at least one signal. Received: none")
    c = _coefficients(basis, x)
    scale = _scale(c)
    divided = np.divide(c, scale, out=np.zeros_like(c), where=scale > 0)
    return scale.astype("float32") if relative_l1(divided) > SPARSE else None


def left_over(basis, x):
    """What a spectrum's largest coefficients leave of the energy of other signals.

    Args:
        basis: a `Basis`.
        x: signals, (batch, *signal_shape), at least two. Either half is seen by the
            spectrum of the other.

    Returns:
        The share of energy beside the `count` largest coefficients, a float: a mean
        over counts from 1 to n that go up by a constant factor.
    """
    c = _coefficients(basis, x)
    shares = []
    for seen, other in ((c[::2], c[1::2]), (c[1::2], c[::2])):
        order = np.argsort(-_scale(seen), axis=None)
        energy = np.sum(other**2, axis=0).ravel()[order]
        counts = np.geomspace(1, len(order), _COUNTS).astype(int)
        shares.append(1 - np.cumsum(energy)[counts - 1] / max(energy.sum(), 1e-300))
    return float(np.mean(shares))


def _coefficients(basis, x):
    if not isinstance(basis, Basis):
        raise TypeError(
            "`basis` must be a Basis (`gencs.bases.get` makes one). "
            f"Received: {basis!r}"
        )
    x = checks.float_tensor(x, "x", axes=2)
    return np.asarray(basis.analyse(x, x.shape.rank - 1), "float64")


def _scale(c):
    square = np.sum(c**2, axis=0)
    around = _local_mean(square / len(c))
    return np.sqrt((square + _PRIOR_SIGNALS * around) / (len(c) + _PRIOR_SIGNALS))


def _local_mean(values):
    """Means over the neighbours along every axis but that of channels."""
    axes = range(values.ndim - 1) if values.ndim > 2 else range(values.ndim)
    for axis in axes:
        width = [(0, 0)] * values.ndim
        width[axis] = (_REACH, _REACH)
        padded = np.pad(values, width, mode="symmetric")
        windows = np.lib.stride_tricks.sliding_window_view(
            padded, 2 * _REACH + 1, axis=axis
        )
        values = windows.mean(axis=-1)
    return values
