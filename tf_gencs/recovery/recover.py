"""y, A -> x_hat: checks, chunks and assembles a recovery."""

import math
import warnings

import keras
import numpy as np
import tensorflow as tf

from tf_gencs import checks, seeds
from tf_gencs.recovery.progress import Progress
from tf_gencs.recovery.result import RecoveryResult

# What one chunk's activations may take. Large enough for long matrix products, small
# enough for any machine.
_CHUNK_BYTES = 512 * 2**20


def recover(
    model,
    plan,
    measurement,
    y,
    *,
    batch_size=None,
    seed=None,
    verbose="auto",
    callbacks=None,
):
    """Recovers signals chunk by chunk; see `GenerativeModel.recover`.

    Args:
        model: the `GenerativeModel`, for its generator, prior and callbacks.
        plan: `RecoveryPlan`, how to recover.
        measurement: built `Measurement`.
        y: array-like, (batch, m).
        batch_size: signals per chunk; None picks it by memory.
        seed: seed of the starts.
        verbose, callbacks: see `Progress`.

    Returns:
        `RecoveryResult`.
    """
    dtype, restarts = model.recovery_dtype, plan.solver.restarts
    y = checks.float_array(y, "y", (measurement.measurements,), dtype=dtype)
    if measurement.signals is not None:
        batch_size = _all_at_once(measurement.signals, len(y), batch_size)
    elif batch_size is None:
        batch_size = _signals_per_chunk(model, restarts)
    batch_size = checks.integer(batch_size, "batch_size")
    seed = seeds.resolve(seed)
    batches = math.ceil(len(y) / batch_size)
    progress = Progress(model, batches, verbose, callbacks)
    engine = plan.engine(model, measurement)
    # All starts are drawn at once: a signal's do not depend on how y is cut.
    shape = (len(y), restarts, model.latent_dim)
    starts = model.latent_prior.sample(shape, seed, "starts", dtype)
    progress.begin({"signals": len(y), "batches": batches})
    chunks = []
    for batch in range(batches):
        chunk = slice(batch * batch_size, (batch + 1) * batch_size)
        logs = {"signals": len(y[chunk])}
        progress.batch_begin(batch, logs)
        chunks.append(_search(engine, y[chunk], starts[chunk]))
        for name in ("measurement_error", "objective", "steps"):
            logs[name] = float(np.mean(chunks[-1][name]))
        progress.batch_end(batch, logs)
    if not chunks:  # no signals: the engine still knows the shapes
        chunks.append(_search(engine, y, starts))
    result = RecoveryResult(
        seed=seed,
        **{
            name: np.concatenate([chunk[name] for chunk in chunks])
            for name in chunks[0]
        },
    )
    _warn_of_lost_signals(result)
    progress.end({"signals": len(y), "batches": batches})
    return result


def _search(engine, y, starts):
    found = engine.search(tf.constant(y), starts)
    return {name: value.numpy() for name, value in found.items()}


def _all_at_once(signals, count, batch_size):
    """The batch size where each of `signals` signals has its own measurement."""
    if count != signals:
        raise ValueError(
            f"`y` must hold {signals} signals: `A` has a measurement for each. "
            f"Received: {count}"
        )
    if batch_size not in (None, signals):
        raise ValueError(
            f"`batch_size` must be None or {signals}: `A` has a measurement for each "
            f"signal and takes them together. Received: {batch_size}"
        )
    return signals


def _signals_per_chunk(model, restarts):
    """How many signals fit into `_CHUNK_BYTES` with all their restarts."""
    activations = 0
    for layer in getattr(model.generator, "layers", []):
        for output in keras.tree.flatten(getattr(layer, "output", ())):
            activations += math.prod(size or 1 for size in output.shape[1:])
    # Nested and subclassed networks do not show their layers: the floor is for them.
    activations = max(activations, 16 * math.prod(model.signal_shape))
    # Values, their gradients and what an op needs while it runs.
    lane_bytes = 3 * activations * np.dtype(model.recovery_dtype).itemsize
    return max(1, _CHUNK_BYTES // (lane_bytes * restarts))


def _warn_of_lost_signals(result):
    lost = np.isinf(result.restart_errors)
    if lost.any():
        warnings.warn(
            f"{np.count_nonzero(lost)} of {lost.size} restarts met NaN or infinity and "
            f"were ended; {np.count_nonzero(lost.all(axis=1))} of {len(lost)} signals "
            "have no finite restart and `converged` is False for them.",
            RuntimeWarning,
            stacklevel=3,
        )
