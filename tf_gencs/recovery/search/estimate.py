"""From the lanes of a signal to one signal."""

import tensorflow as tf

from tf_gencs.per_lane import known, unknown

# Weights below this share of the largest one are not worth a run of the generator.
_LIGHTEST = 1e-3

# Lanes stand for modes of unequal width, and what G cannot reach has heavier tails than
# a Gaussian: at 10 to 50 measurements of MNIST, weights at twice the variance bring
# errors 1 to 5 % below those at once the variance, four times hardly less again.
_TEMPERATURE = 2.0


def combine(estimate, objective, found, misfit):
    """The estimate of each signal from its restarts.

    "best" is G(z) of the restart with the smallest data loss. The loss and not the
    objective decides: the penalty prefers short z, the question is which start
    explains y (Bora et al. rank by the objective).

    "mean" is the posterior mean over the restarts, with weights exp(-J / 2 s^2),
    tempered. Where few measurements leave several answers plausible, their mean has the
    smallest expected squared error; where one answer stands out, the mean is that one.

    Args:
        estimate: "best" or "mean".
        objective: `Objective`.
        found: `Found`, with `unknown` values where a lane failed.
        misfit: `Misfit`, which knows s^2.

    Returns:
        x (batch, *signal_shape), and which restart is each signal's best, (batch,).
    """
    value, restarts = found.value, found.z.shape[1]
    rank = value if estimate == "mean" else value - found.penalty
    best = tf.argmin(rank, axis=1)
    if estimate == "best":
        return objective.generate(tf.gather(found.z, best, batch_dims=1)), best
    smallest = tf.reduce_min(value, axis=1, keepdims=True)
    variance = _TEMPERATURE * misfit.variance(smallest)
    certain = known(value)
    excess = tf.where(certain, value - smallest, 0) / (2 * variance)
    weights = tf.nn.softmax(tf.where(certain, -excess, value.dtype.min), axis=1)
    # A signal without a finite lane keeps its first one, whatever that gives.
    lost = ~known(smallest)
    weights = tf.where(lost, tf.one_hot([0], restarts, dtype=value.dtype), weights)
    least = _LIGHTEST * tf.reduce_max(weights, axis=1, keepdims=True)
    weights = tf.where(weights < least, tf.zeros_like(weights), weights)
    weights /= tf.reduce_sum(weights, axis=1, keepdims=True)
    weights = tf.reshape(weights, [-1])
    heavy = tf.where(weights > 0)[:, 0]
    z = tf.reshape(found.z, (-1, found.z.shape[2]))
    x = objective.generate(tf.gather(z, heavy))
    shares = tf.reshape(tf.gather(weights, heavy), [-1] + [1] * (x.shape.rank - 1))
    of_signal = tf.cast(heavy, tf.int32) // restarts
    return tf.math.segment_sum(shares * x, of_signal), best


def of_draws(objective, draws, restarts):
    """The mean of what was drawn from the posterior, and the draws as signals.

    Args:
        objective: `Objective`.
        draws: latents (batch * restarts, d, k), `unknown` where a lane failed.
        restarts: lanes per signal.

    Returns:
        A dict with `x`, `samples` and `std` as in `RecoveryResult`, but for samples
        that are `unknown` where they are NaN there.
    """
    drawn = tf.reduce_all(known(draws), axis=-1, keepdims=True)
    draws = tf.where(drawn, draws, 0)
    # A draw of every lane at a time: the activations of all would not fit.
    samples = tf.map_fn(
        objective.generate, tf.transpose(draws, (1, 0, 2)), parallel_iterations=1
    )
    kept, shape = draws.shape[1], samples.shape[2:]
    samples = tf.experimental.numpy.moveaxis(samples, 0, 1)
    samples = tf.reshape(samples, (-1, restarts * kept, *shape))
    drawn = tf.reshape(drawn, (-1, restarts * kept, *(1 for _ in shape)))
    drawn &= tf.math.is_finite(samples)
    count = tf.reduce_sum(tf.cast(drawn, samples.dtype), axis=1)
    x = tf.reduce_sum(tf.where(drawn, samples, 0), axis=1) / count
    squares = tf.where(drawn, tf.square(samples - x[:, None]), 0)
    std = tf.sqrt(tf.reduce_sum(squares, axis=1) / tf.maximum(count - 1, 1))
    samples = tf.where(drawn, samples, unknown(samples.dtype))
    return {"x": x, "samples": samples, "std": std}
