"""Where lanes start."""

import numpy as np
import tensorflow as tf

from tf_gencs import checks

_ENCODED_AT_ONCE = 256


def check_start(z, count, model):
    """Returns None or an array (count, k), the caller's starts; else raises."""
    if z is None:
        return None
    z = checks.float_array(z, "z", (model.latent_dim,), dtype=model.recovery_dtype)
    if len(z) != count:
        raise ValueError(
            f"`z` must have shape ({count}, {model.latent_dim}), a start for each "
            f"signal of `y`. Received: {z.shape}"
        )
    return z


def starting_points(model, engine, y, z, count, seed):
    """Starts of each signal's own, and probes for all of them.

    A solver that probes gets draws from the prior that all signals share, and of each
    signal's own the caller's z and, where the model has an encoder and A is linear,
    what the encoder sees in the back-projection A^T y. One that does not probe gets
    `restarts` draws of each signal's own, the first of them replaced by the caller's.

    All starts of a call are drawn at once: a signal's do not depend on how y is cut.

    Args:
        model: the `GenerativeModel`.
        engine: the `Engine` that will search.
        y: dict from names of data terms to arrays (batch, m).
        z: the caller's starts as `check_start` returns them.
        count: how many signals there are.
        seed: seed of the draws.

    Returns:
        Tensors (batch, starts, k) and (probes, k).
    """
    k, dtype, solver = model.latent_dim, model.recovery_dtype, engine.solver
    own = []
    if z is not None:
        own.append(z)
    if not solver.probes:
        shape = (count, solver.restarts, k)
        starts = model.latent_prior.sample(shape, seed, "starts", dtype)
        if own:
            starts = tf.concat([own[0][:, None], starts[:, 1:]], axis=1)
        return starts, tf.zeros((0, k), dtype)
    probes = model.latent_prior.sample((solver.probes, k), seed, "starts", dtype)
    own += [_encoded(model, term, y[name]) for name, term in _encodable(model, engine)]
    own = np.stack(own, axis=1) if own else np.zeros((count, 0, k), dtype)
    return tf.constant(own, dtype), probes


def _encodable(model, engine):
    """The data terms whose back-projection an encoder can look at."""
    if model.encoder is None:
        return []
    return [
        (name, term)
        for name, term in engine.objective.measured.items()
        if term.measurement.linear and not term.measurement.complex_signals
    ]


def _encoded(model, term, y):
    x = term.measurement.adjoint(y)
    if model.value_range is not None:
        x = tf.clip_by_value(x, *model.value_range)
    # Called by parts: `predict` takes longer to set up than most searches.
    parts = [
        model.encoder(x[first : first + _ENCODED_AT_ONCE], training=False)[0]
        for first in range(0, max(1, len(x)), _ENCODED_AT_ONCE)
    ]
    mean = np.concatenate([np.asarray(part) for part in parts])
    return np.where(np.isfinite(mean), mean, 0.0)
