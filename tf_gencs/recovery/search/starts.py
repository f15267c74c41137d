"""Where lanes start."""

import tensorflow as tf

from tf_gencs.per_lane import known_or_unknown
from tf_gencs.recovery.problem import pairs


def probes_of(prior, solver, latent_dim, seed, dtype):
    """Draws from the prior that all signals of a call try: (probes, k)."""
    shape = (solver.probes, latent_dim)
    if not solver.probes:
        return tf.zeros(shape, dtype)
    return tf.convert_to_tensor(prior.sample(shape, seed, "starts", dtype))


def own_starts(prior, solver, latent_dim, seeds, guesses, dtype):
    """Starts of each signal's own, (batch, starts, k).

    A solver that probes gets the guesses, which compete with the probes. One that does
    not gets `restarts` draws for each signal, the first ones replaced by the guesses.

    Args:
        prior: the latent prior.
        solver: the `Solver` that searches.
        latent_dim: k.
        seeds: int64 (batch,), one for each signal.
        guesses: list of tensors (batch, k).
        dtype: name of the dtype of latents.
    """
    own = [guess[:, None] for guess in guesses]
    if not solver.probes:
        shape = (solver.restarts, latent_dim)

        def draw(seed):
            return tf.convert_to_tensor(prior.sample(shape, seed, "starts", dtype))

        drawn = tf.map_fn(draw, seeds, fn_output_signature=tf.TensorSpec(shape, dtype))
        own.append(drawn[:, len(own) :])
    if not own:
        return tf.zeros((tf.size(seeds), 0, latent_dim), dtype)
    return tf.concat(own, axis=1)


def encoded(encoder, data, value_range):
    """What an encoder sees in the back-projections A^T y: a list of (batch, k).

    Args:
        encoder: Keras model x -> [mean, log variance] of z, or None.
        data: `DataTerms`, bound.
        value_range: (low, high) of signal values, or None.
    """
    if encoder is None:
        return []
    return [
        _encode(encoder, data.adjoint(name, y), value_range)
        for name, y in data.y.items()
        if data.terms[name].measurement.linear
    ]


def _encode(encoder, x, value_range):
    if value_range is not None:
        x = tf.clip_by_value(x, *value_range)
    mean = tf.cast(encoder(x, training=False)[0], x.dtype)
    return tf.where(tf.math.is_finite(mean), mean, 0)


def most_promising(signals, starts, probes, seen, restarts):
    """The starts and probes that explain each signal best: (batch, restarts, k).

    Args:
        signals: `Objective`, bound to signals.
        starts: tensor (batch, own, k), own of 0 or more.
        probes: tensor (probes, k).
        seen: what `pairs.see` says of the probes' signals.
        restarts: how many to take.
    """
    count, (own, k) = signals.data.lanes, starts.shape[1:]
    values = pairs.losses_of_pairs(signals.data, seen)
    if not signals.unpenalised:
        weight = tf.reshape(tf.cast(signals.penalty, values.dtype), (-1, 1))
        values += weight * signals.prior.penalty(probes)
    if own:  # no generator need take a batch of none
        lanes = signals.take(tf.repeat(tf.range(count), own))
        own_values = lanes.value(tf.reshape(starts, (-1, k)))
        values = tf.concat([tf.reshape(own_values, (-1, own)), values], axis=1)
    _, index = tf.math.top_k(-known_or_unknown(values), restarts)
    padding = tf.zeros((count, 1, k), starts.dtype)
    padded = tf.concat([starts, padding], axis=1)  # there may be no own start
    return tf.where(
        (index < own)[:, :, None],
        tf.gather(padded, tf.minimum(index, own), batch_dims=1),
        tf.gather(probes, tf.maximum(index - own, 0)),
    )
