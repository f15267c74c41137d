"""The norm of a linear measurement."""

import math

import tensorflow as tf

_MAX_STEPS = 1000
_GAIN = 1e-6  # smaller relative gains of a step end the search


def operator_norm(measurement):
    """The largest singular value of a built, linear `Measurement`, as a float.

    Repeats x <- A^H A x / ||A^H A x||, whose length tends to the squared norm. Where
    signals have measurements of their own, the largest norm of all counts.
    """
    signals = measurement.signals or 1
    axes = list(range(1, 1 + len(measurement.signal_shape)))

    def lengths(x):
        squares = tf.math.real(x * tf.math.conj(x))
        return tf.sqrt(tf.reduce_sum(squares, axes, keepdims=True))

    def unfinished(step, x, square, gain):
        return (step < _MAX_STEPS) & tf.reduce_any(gain > _GAIN * square)

    def improve(step, x, square, gain):
        x = measurement.adjoint(measurement(x))
        length = lengths(x)
        x = tf.math.divide_no_nan(x, tf.cast(length, x.dtype))
        return step + 1, x, length, tf.abs(length - square)

    @tf.function
    def search(x):
        square = tf.zeros_like(lengths(x))
        _, _, square, _ = tf.while_loop(
            unfinished, improve, (0, x, square, tf.ones_like(square))
        )
        return tf.reduce_max(square)

    shape = (signals, *measurement.signal_shape)
    # A fixed start: the same measurement has the same norm in every call.
    start = tf.random.stateless_normal(shape, (0, 0), dtype="float64")
    start /= lengths(start)
    return math.sqrt(float(search(tf.cast(start, measurement.signal_dtype))))
