"""Whether a function that is said to be linear is."""

import tensorflow as tf

from tf_gencs import seeds

_SCALES = (1.0, 1e3)  # what bends small or large signals only is found, too
_FACTORS = (2.0, -0.75)


def check(measurement):
    """Tries a function on zeros, on sums and on its gradient, in eager mode.

    Args:
        measurement: built `FunctionMeasurement`.

    Raises:
        ValueError: it is not linear; the message says by how much.
    """
    dtype = tf.as_dtype(measurement.compute_dtype)
    eps = tf.experimental.numpy.finfo(dtype.as_numpy_dtype).eps
    # Functions may compute in single precision, whatever they are given.
    tolerance = max(1e-4, 32 * float(eps))
    for scale in _SCALES if dtype.size > 2 else _SCALES[:1]:
        x = scale * _normal((2, *measurement.signal_shape), dtype, "linearity_x")
        _try(measurement, x, tolerance)


def _try(measurement, x, tolerance):
    a, b = _FACTORS
    # One batch: what depends on other signals of it is not linear either.
    batch = tf.stack([x[0], x[1], a * x[0] + b * x[1], tf.zeros_like(x[0])])
    w = _normal((len(batch), measurement.measurements), batch.dtype, "linearity_y")
    y, back = _measured(measurement, batch, w)
    first, second, joint, nothing = tf.unstack(tf.cast(y, tf.float64))
    size = abs(a) * tf.norm(first) + abs(b) * tf.norm(second)
    wrong = {
        "f(0) must be 0": tf.norm(nothing),
        "f(a x + b y) must be a f(x) + b f(y)": tf.norm(joint - a * first - b * second),
    }
    for rule, difference in wrong.items():
        _refuse(measurement, rule, difference, size, tolerance)
    if back is None:
        raise ValueError(
            "`function` must be differentiable if `linear=True`: its gradient makes "
            f"the adjoint. Received: {measurement.function!r}, which has none"
        )
    rule = "its gradient must be its adjoint"
    size = _dot(y, y) ** 0.5 * _dot(w, w) ** 0.5
    _refuse(measurement, rule, abs(_dot(y, w) - _dot(batch, back)), size, tolerance)


def _measured(measurement, batch, w):
    """f(batch), and what its gradient makes of w; None where it has none."""

    def measure(batch, w):
        y = measurement._measure(batch)
        return y, tf.gradients(y, batch, w)[0]

    # A graph of its own: no tape records in an `init_scope`. A concrete one: of others
    # TensorFlow warns where function follows function.
    graph = tf.function(measure, autograph=False).get_concrete_function(batch, w)
    return graph(batch, w)


def _refuse(measurement, rule, difference, size, tolerance):
    if bool(difference <= tolerance * size):
        return
    by = f"{float(difference):.3g}"
    if size > 0:
        by = f"{float(difference / size):.3g} of the size of its results"
    raise ValueError(
        f"`function` must be linear if `linear=True`: {rule}. Received: "
        f"{measurement.function!r}, which misses that by {by}; {tolerance:.2g} is "
        "allowed for rounding"
    )


def _normal(shape, dtype, name):
    numbers = tf.random.stateless_normal(shape, seeds.stream(0, name), dtype="float64")
    return tf.cast(numbers, dtype)


def _dot(a, b):
    return tf.reduce_sum(tf.cast(a, tf.float64) * tf.cast(b, tf.float64))
