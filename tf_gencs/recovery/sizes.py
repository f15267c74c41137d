"""Whether y and A are of sizes that can be computed with, and A is not 0."""

import numpy as np
import tensorflow as tf

from tf_gencs import user_warning

# Squares of ||A x||^2, and of its gradients, must neither overflow nor vanish beside 1:
# digits, of ||x|| about 10, are recovered alike under c A for c from 1e-8 to 1e8, and
# where the lower bound is, at c = 1e-10, with an error that is 3 % larger.
_SIZES = {"float32": (1e-17, 2e19), "float64": (1e-120, 1e120)}
# Numbers of y: their squares are summed, and squared again.
_LARGEST = {"float32": 1e10, "float64": 1e60}


def check_y(y, argument):
    """Refuses an array (batch, m) with numbers too large to be squared twice."""
    largest = _LARGEST[y.dtype.name]
    if y.size and max(y.max(), -y.min()) > largest:
        raise ValueError(
            f"`{argument}` must hold numbers of at most {largest:g}, the most that "
            f"{y.dtype} can compute with: scale y and A alike. "
            f"Received: {np.abs(y).max():.3g}"
        )


def computable(y):
    """Which rows of a tensor (batch, m) hold finite numbers that `check_y` lets pass.

    Returns:
        Tensor of bool (batch,).
    """
    return tf.reduce_all(tf.abs(y) <= _LARGEST[y.dtype.name], axis=1)


def check_gains(data):
    """Refuses an A that is 0, or of a size that numbers have no room for.

    What is small or large is ||A x||^2, of a signal as large as it may be.

    Args:
        data: `DataTerms`, of which the values are bound.

    Raises:
        ValueError: naming the data term.

    Warns of an A that is not linear and has no gradient.
    """
    low, high = data.facts.value_range or (0.0, 1.0)
    largest_signal = data.signal_size * (high - low) ** 2  # its sum of squares
    for name, gain in data.gains.items():
        term, gain = data.terms[name], float(gain)
        argument = _argument(data, name)
        if gain:
            _check_size(argument, term.measurement, gain, largest_signal, data.dtype)
        elif term.measurement.linear:
            refuse_zero(data, name)
        elif term.needs_y:
            _warn_of_no_gradient(argument)


def _check_size(argument, measurement, gain, largest_signal, dtype):
    least, most = _SIZES[dtype]
    size = gain * largest_signal
    if not (size < least or size > most):  # NaN is not known to be either
        return
    # With A of that much the gain is 1; of an infinite one nothing is known but that.
    mending = f"{gain**-0.5:.2g}" if np.isfinite(gain) else f"{most**-1:.0e}"
    raise ValueError(
        f"`{argument}` must be of a size that {dtype} can compute with: "
        f"n (high - low)^2 `A.mean_gain()` from {least:g} to {most:g}. "
        f"Received: `{measurement.name}`, of {size:.3g}. The answer is "
        f"the same with c A, c y and c `noise`, for c = {mending} say"
    )


def _warn_of_no_gradient(argument):
    user_warning.warn(
        f"`{argument}` has a gradient of 0 at signals of the model: a search "
        "can compare where it starts, and go nowhere from there. A smooth "
        "function in its place, `tf.tanh(20 * y)` for signs say, leads on."
    )


def refuse_zero(data, name):
    """Raises ValueError: the linear A of a data term is 0."""
    raise ValueError(
        f"`{_argument(data, name)}` must measure something: y then tells of x. "
        f"Received: `{data.terms[name].measurement.name}`, which gives 0 for every "
        f"signal, or numbers whose squares are 0 in {data.dtype}"
    )


def _argument(data, name):
    return "A" if len(data.terms) == 1 else f"A[{name!r}]"
