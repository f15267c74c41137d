"""y, A -> x_hat: checks, chunks and assembles a recovery."""

import math
import warnings

import keras
import numpy as np

from tf_gencs import checks, seeds
from tf_gencs.recovery.progress import Progress
from tf_gencs.recovery.result import RecoveryResult

# What one chunk's activations may take. Large enough for long matrix products, small
# enough for any machine.
_CHUNK_BYTES = 512 * 2**20


def recover(
    model, engine, y, *, batch_size=None, seed=None, verbose="auto", callbacks=None
):
    """Recovers signals chunk by chunk; see `GenerativeModel.recover`.

    Args:
        model: the `GenerativeModel`, for its generator, prior and callbacks.
        engine: `Engine` of the model's compile settings and the measurement.
        y: array-like, (batch, m).
        batch_size: signals per chunk; None picks it by memory.
        seed: seed of the starts.
        verbose, callbacks: see `Progress`.

    Returns:
        `RecoveryResult`.
    """
    y = checks.float_array(
        y, "y", (engine.measurement.measurements,), dtype=engine.dtype
    )
    if batch_size is None:
        batch_size = _signals_per_chunk(model, engine)
    batch_size = checks.positive_int(batch_size, "batch_size")
    seed = seeds.resolve(seed)
    shape = (len(y), engine.restarts, model.latent_dim)
    # All starts are drawn at once: how y is cut into chunks changes no signal.
    starts = model.latent_prior.sample(shape, seed, "starts", engine.dtype).numpy()
    batches = math.ceil(len(y) / batch_size)
    progress = Progress(model, batches, verbose, callbacks)
    progress.begin({"signals": len(y), "batches": batches})
    chunks = []
    for batch in range(max(1, batches)):  # no signals: one empty chunk gives the shapes
        chunk = slice(batch * batch_size, (batch + 1) * batch_size)
        logs = {"signals": len(y[chunk])}
        if batches:
            progress.batch_begin(batch, logs)
        found = engine.search(y[chunk], starts[chunk])
        chunks.append({name: value.numpy() for name, value in found.items()})
        if batches:
            for name in ("measurement_error", "objective", "steps"):
                logs[name] = float(np.mean(chunks[-1][name]))
            progress.batch_end(batch, logs)
    fields = {
        name: np.concatenate([chunk[name] for chunk in chunks]) for name in chunks[0]
    }
    result = RecoveryResult(seed=seed, **fields)
    _warn_of_lost_signals(result)
    progress.end({"signals": len(y), "batches": batches})
    return result


def _signals_per_chunk(model, engine):
    """How many signals fit into `_CHUNK_BYTES` with all their restarts."""
    activations = 0
    for layer in getattr(model.generator, "layers", []):
        for output in keras.tree.flatten(getattr(layer, "output", ())):
            activations += math.prod(size or 1 for size in output.shape[1:])
    # Nested and subclassed networks do not show their layers: the floor is for them.
    activations = max(activations, 16 * math.prod(model.signal_shape))
    # Values, their gradients and what an op needs while it runs.
    lane_bytes = 3 * activations * np.dtype(engine.dtype).itemsize
    return max(1, _CHUNK_BYTES // (lane_bytes * engine.restarts))


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
