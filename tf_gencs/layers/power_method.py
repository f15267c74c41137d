"""The norm of a linear measurement."""

import tensorflow as tf

_MAX_STEPS = 1000
_GAIN = 1e-6  # smaller relative gains of a step end the search


def operator_norm(measurement):
    """The largest singular value of a built, linear `Measurement`, as a float.

    Repeats x <- A^H A x / ||A^H A x||; ||A x|| tends to the norm. Where signals have
    measurements of their own, the largest norm of all counts.
    """
    signals = measurement.signals or 1

    def unit(x):
        """x of length 1, and its length, both from double precision."""
        wide = tf.cast(x, tf.complex128 if x.dtype.is_complex else tf.float64)
        squares = tf.math.real(wide * tf.math.conj(wide))
        axes = list(range(1, x.shape.rank))
        length = tf.sqrt(tf.reduce_sum(squares, axes, keepdims=True))
        scaled = tf.math.divide_no_nan(wide, tf.cast(length, wide.dtype))
        return tf.cast(scaled, x.dtype), tf.reshape(length, (-1,))

    def unfinished(step, x, norm, gain):
        return (step < _MAX_STEPS) & tf.reduce_any(gain > _GAIN * norm)

    def improve(step, x, norm, gain):
        # Scaled on both sides: no precision then overflows on the way.
        y, length = unit(measurement(x))
        x, _ = unit(measurement.adjoint(y))
        return step + 1, x, length, tf.abs(length - norm)

    def search(x):
        x, norm = unit(x)
        _, _, norm, _ = tf.while_loop(
            unfinished, improve, (0, x, tf.zeros_like(norm), norm)
        )
        return tf.reduce_max(norm)

    shape = (signals, *measurement.signal_shape)
    # A fixed start: the same measurement has the same norm in every call.
    start = tf.cast(tf.random.stateless_normal(shape, (0, 0)), measurement.signal_dtype)
    # Concrete at once: TensorFlow would take one graph per measurement for retracing.
    graph = tf.function(search).get_concrete_function(start)
    return float(graph(start))
