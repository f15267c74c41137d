"""The pair of signals that A tells apart worst, as far as a search finds it."""

import numpy as np
import tensorflow as tf

_LEARNING_RATE = 0.05  # of Adam, in standard deviations of the prior
_LAST = 0.1  # of which the last steps take so much


def worst_pairs(model, measure, z, steps, shortest, reach, scale):
    """Minimises ||A d||^2 / ||d||^2 over pairs of latents, d = G(z1) - G(z2).

    Both latents move by Adam. Without a shortest d a pair would fall together and
    measure a tangent.

    Args:
        model: a `GenerativeModel`.
        measure: function from signals to tensors (batch, m).
        z: starts (pairs, 2, k).
        steps: of Adam.
        shortest: ||d|| of pairs that count.
        reach: most ||z||; the prior's support ends it, too.
        scale: standard deviation of a latent.

    Returns:
        The latents (pairs, 2, k) where each search saw the smallest ratio, ||d|| and
        ||A d|| there, (pairs,) each; ratios of pairs that were never far enough apart
        are infinite.
    """
    k = z.shape[-1]

    def judge(z):
        x = model.generator(tf.reshape(z, (-1, k)), training=False)
        x = tf.cast(tf.reshape(x, (-1, 2, *model.signal_shape)), z.dtype)
        d = x[:, 0] - x[:, 1]
        length = tf.norm(tf.reshape(d, (z.shape[0], -1)), axis=1)
        return length, tf.norm(tf.cast(measure(d), z.dtype), axis=1)

    def bounded(z):
        length = tf.norm(z, axis=-1, keepdims=True)
        z = z * tf.minimum(reach / tf.maximum(length, 1e-12), 1.0)
        return model.latent_prior.project(z)

    @tf.function(autograph=False)
    def step(z, mean, square, count, best):
        with tf.GradientTape() as tape:
            tape.watch(z)
            length, seen = judge(z)
            ratio = seen / tf.maximum(length, 1e-12 * shortest)
            # Logarithms: a pair that is nearly lost still has a slope to follow.
            loss = tf.math.log(tf.maximum(ratio, 1e-9))
            loss += 10 * tf.square(tf.nn.relu(1.1 - length / shortest))
        gradient = tape.gradient(loss, z)
        gradient = tf.where(tf.math.is_finite(gradient), gradient, 0)
        valid = (length >= shortest) & tf.math.is_finite(ratio)
        best = _better(valid, (z, length, seen), best)
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.99 * square + 0.01 * gradient**2
        move = mean / (1 - 0.9**count)
        move /= tf.sqrt(square / (1 - 0.99**count)) + 1e-12
        share = 1 - (1 - _LAST) * count / steps
        return bounded(z - _LEARNING_RATE * scale * share * move), mean, square, best

    z = bounded(tf.constant(z, model.recovery_dtype))
    mean = square = tf.zeros_like(z)
    infinite = tf.fill((len(z),), tf.constant(np.inf, z.dtype))
    best = (z, tf.ones_like(infinite), infinite)
    for count in range(1, steps + 1):
        count = tf.constant(count, z.dtype)
        z, mean, square, best = step(z, mean, square, count, best)
    length, seen = judge(z)
    best = _better(length >= shortest, (z, length, seen), best)
    return tuple(part.numpy() for part in best)


def _better(valid, new, best):
    """Of two sets of pairs, each time the one of the smaller ratio."""
    better = valid & (new[2] * best[1] < best[2] * new[1])
    return tuple(
        tf.where(tf.reshape(better, (-1, *[1] * (len(a.shape) - 1))), a, b)
        for a, b in zip(new, best, strict=True)
    )
