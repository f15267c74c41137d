"""The largest stretch of G that a search finds."""

import numpy as np
import tensorflow as tf

_POWER_STEPS = 20
_LENGTH = 0.1  # of a step of ascent, in standard deviations of the prior


def largest_stretch(generator, z, steps, reach, scale, project):
    """||J u|| for unit u, made large over u and z.

    u follows the power method at every z, and z the slope of <v, J u>, v being the
    direction of J u.

    Args:
        generator: G.
        z: starts (batch, k).
        steps: of ascent in z.
        reach, scale: largest ||z||, and standard deviation of a latent.
        project: function that takes z into the prior's support.

    Returns:
        The largest ||J u|| at the starts, and of all that were seen; floats.
    """
    k = z.shape[1]

    def forward(z, u):
        with tf.GradientTape(watch_accessed_variables=False) as pushing:
            with tf.GradientTape(watch_accessed_variables=False) as pulling:
                pulling.watch(z)
                x = generator(z, training=False)
            weights = tf.zeros_like(x)
            pushing.watch(weights)
            pulled = pulling.gradient(x, z, weights, unconnected_gradients="zero")
        return _flat(
            pushing.gradient(pulled, weights, u, unconnected_gradients="zero")
        ), x.shape[1:]

    def back(z, v, shape):
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(z)
            x = generator(z, training=False)
        v = tf.reshape(v, (-1, *shape))
        return tape.gradient(x, z, v, unconnected_gradients="zero")

    @tf.function(autograph=False)
    def power_step(z, u):
        moved, shape = forward(z, u)
        return _unit(back(z, moved, shape)), tf.norm(moved, axis=1)

    @tf.function(autograph=False)
    def ascent_step(z, u):
        moved, shape = forward(z, u)
        v = tf.reshape(_unit(moved), (-1, *shape))
        with tf.GradientTape(watch_accessed_variables=False) as outer:
            outer.watch(z)
            with tf.GradientTape(watch_accessed_variables=False) as inner:
                inner.watch(z)
                x = generator(z, training=False)
            stretch = inner.gradient(x, z, v, unconnected_gradients="zero")
            stretch = tf.reduce_sum(stretch * u, axis=1)
        slope = outer.gradient(stretch, z, unconnected_gradients="zero")
        z = z + _LENGTH * scale * _unit(slope)
        length = tf.norm(z, axis=1, keepdims=True)
        z = project(z * tf.minimum(reach / tf.maximum(length, 1e-12), 1.0))
        return z, tf.norm(moved, axis=1)

    u = np.random.default_rng(0).normal(size=(len(z), k))
    z = tf.constant(z)
    u = _unit(tf.constant(u, z.dtype))
    for _ in range(_POWER_STEPS):
        u, found = power_step(z, u)
    at_starts = float(tf.reduce_max(found))
    largest = at_starts
    for _ in range(steps):
        z, found = ascent_step(z, u)
        largest = max(largest, float(tf.reduce_max(found)))
        u, _ = power_step(z, u)
    for _ in range(_POWER_STEPS):
        u, found = power_step(z, u)
    return at_starts, max(largest, float(tf.reduce_max(found)))


def _flat(x):
    return tf.reshape(x, (tf.shape(x)[0], -1))


def _unit(rows):
    return rows / tf.maximum(tf.norm(rows, axis=1, keepdims=True), 1e-30)
