"""Whether y and A are of sizes that can be computed with, and A is not 0."""

import warnings

import numpy as np

# Squares of ||A x||^2, and of its gradients, must neither overflow nor vanish beside 1:
# digits, of ||x|| about 10, are recovered alike under c A for c from 1e-9 to 1e8.
_SIZES = {"float32": (1e-17, 2e19), "float64": (1e-120, 1e120)}
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
    least, most = _SIZES[data.dtype]
    for name, gain in data.gains.items():
        term, gain = data.terms[name], float(gain)
        argument = "A" if len(data.terms) == 1 else f"A[{name!r}]"
        size = gain * data.signal_size * (high - low) ** 2
        if gain == 0 and term.measurement.linear:
            raise ValueError(
                f"`{argument}` must measure something: y then tells of x. Received: "
                f"`{term.measurement.name}`, which gives 0 for every signal, or "
                f"numbers whose squares are 0 in {data.dtype}"
            )
        if gain == 0 and term.needs_y:
            warnings.warn(
                f"`{argument}` has a gradient of 0 at signals of the model: a search "
                "can compare where it starts, and go nowhere from there. A smooth "
                "function in its place, `tf.tanh(20 * y)` for signs say, leads on.",
                RuntimeWarning,
                stacklevel=5,
            )
        elif gain and (size < least or size > most):
            c = f"{gain**-0.5:.2g}" if np.isfinite(gain) else "1e-20"
            raise ValueError(
                f"`{argument}` must be of a size that {data.dtype} can compute with: "
                f"n (high - low)^2 `A.mean_gain()` from {least:g} to {most:g}. "
                f"Received: `{term.measurement.name}`, of {size:.3g}. The answer is "
                f"the same with c A, c y and c `noise`, for c = {c} say"
            )
