"""The norm of a linear measurement."""

import collections

import tensorflow as tf

_MAX_STEPS = 1000
_GAIN = 1e-6  # smaller relative gains of a step end the search
_MOST_GRAPHS = 8

_graphs = collections.OrderedDict()  # by structure, the latest last


def operator_norm(measurement):
    """The largest singular value of a built, linear `Measurement`, as a float.

    One graph serves all measurements of a structure.
    """
    structure = measurement.structure
    graph = _graphs.pop(structure, None)
    if graph is None:
        graph = _graph(measurement)
    if structure is not measurement:  # else it serves nobody else
        _graphs[structure] = graph
        if len(_graphs) > _MOST_GRAPHS:
            _graphs.popitem(last=False)
    return float(graph(*measurement.values))


def norm(measurement):
    """The largest singular value of a built, linear `Measurement`, as a scalar tensor.

    For use inside of a `tf.function`. Repeats x <- A^H A x / ||A^H A x||; ||A x|| tends
    to the norm. Where signals have measurements of their own, the largest norm of all
    counts.

    Returns:
        float64 scalar.
    """

    def unit(x):
        """x of length 1, and its length, both from double precision."""
        wide = tf.cast(x, tf.complex128 if x.dtype.is_complex else tf.float64)
        squares = tf.math.real(wide * tf.math.conj(wide))
        axes = list(range(1, x.shape.rank))
        length = tf.sqrt(tf.reduce_sum(squares, axes, keepdims=True))
        scaled = tf.math.divide_no_nan(wide, tf.cast(length, wide.dtype))
        return tf.cast(scaled, x.dtype), tf.reshape(length, (-1,))

    def unfinished(step, x, length, gain):
        return (step < _MAX_STEPS) & tf.reduce_any(gain > _GAIN * length)

    def improve(step, x, length, gain):
        # Scaled on both sides: no precision then overflows on the way.
        y, longer = unit(measurement(x))
        x, _ = unit(measurement.adjoint(y))
        longer = tf.ensure_shape(longer, length.shape)
        return step + 1, tf.ensure_shape(x, start.shape), longer, abs(longer - length)

    lanes = measurement._lanes()
    # A fixed start: the same measurement has the same norm in every call.
    shape = (1 if lanes is None else lanes, *measurement.signal_shape)
    start = tf.random.stateless_normal(shape, (0, 0))
    start = tf.cast(start, measurement.signal_dtype)
    x, length = unit(start)
    _, _, length, _ = tf.while_loop(
        unfinished, improve, (0, x, tf.zeros_like(length), length)
    )
    return tf.reduce_max(length)


def _graph(measurement):
    """The norm as a function of the values; it does not keep the measurement alive."""

    def norm_of(*values):
        with measurement.lend(values):
            return norm(measurement)

    specs = [
        tf.TensorSpec((None, *value.shape[1:]) if travels else value.shape, value.dtype)
        for value, travels in zip(
            measurement.values, measurement.travelling, strict=True
        )
    ]
    # Concrete at once: TensorFlow would take one graph per measurement for retracing.
    return tf.function(norm_of, autograph=False).get_concrete_function(*specs)
