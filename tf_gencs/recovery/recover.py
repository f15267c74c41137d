"""y, A -> x_hat: checks, chunks and assembles a recovery."""

import math
import warnings

import keras
import numpy as np
import tensorflow as tf

from tf_gencs import checks, seeds
from tf_gencs.recovery.progress import Progress
from tf_gencs.recovery.result import RecoveryResult
from tf_gencs.recovery.starts import check_start, starting_points

# What one chunk's activations may take. Large enough for long matrix products, small
# enough for any machine.
_CHUNK_BYTES = 512 * 2**20


def recover(
    model,
    plan,
    y,
    measurements,
    *,
    z=None,
    batch_size=None,
    seed=None,
    verbose="auto",
    callbacks=None,
):
    """Recovers signals chunk by chunk; see `GenerativeModel.recover`.

    Args:
        model: the `GenerativeModel`, for its generator, prior and callbacks.
        plan: `RecoveryPlan`, how to recover.
        y: dict from names of data terms to array-likes (batch, m), or None where the
            term's loss needs none.
        measurements: dict from the same names to built `Measurement`s.
        z: start of every signal besides the others, (batch, k), or None.
        batch_size: signals per chunk; None picks it by memory.
        seed: seed of the starts.
        verbose, callbacks: see `Progress`.

    Returns:
        `RecoveryResult`.
    """
    # All that can be wrong is found before a graph is traced.
    y = _check_y(y, plan.terms(measurements), model.recovery_dtype)
    count = len(next(iter(y.values())))
    z = check_start(z, count, model)
    automatic = batch_size is None or (
        isinstance(batch_size, str) and batch_size == "auto"
    )
    if not automatic:
        batch_size = checks.integer(batch_size, "batch_size")
    seed = seeds.resolve(seed)
    progress = Progress(model, verbose, callbacks)
    engine = plan.engine(model, measurements)
    lanes = _lanes_per_chunk(model, engine)
    if engine.objective.signals is not None:
        batch_size = _all_at_once(engine.objective.signals, count, batch_size)
    elif automatic:
        batch_size = max(1, lanes // engine.solver.restarts)
    batches = math.ceil(count / batch_size) if count else 0
    starts, probes = starting_points(model, engine, y, z, count, seed)
    measured = _in_slices(engine.probe, probes, lanes)
    progress.begin({"signals": count, "batches": batches})
    chunks = []
    for batch in range(max(1, batches)):  # without signals, for the shapes
        chunk = slice(batch * batch_size, (batch + 1) * batch_size)
        y_chunk = {name: tf.constant(rows[chunk]) for name, rows in y.items()}
        logs = {"signals": len(starts[chunk])}
        if batches:
            progress.batch_begin(batch, logs)
        found = engine.search(y_chunk, starts[chunk], probes, measured)
        chunks.append({name: value.numpy() for name, value in found.items()})
        for name in ("measurement_error", "objective", "steps") if batches else ():
            logs[name] = float(np.mean(chunks[-1][name]))
        if batches:
            progress.batch_end(batch, logs)
    result = RecoveryResult(
        seed=seed,
        **{
            name: np.concatenate([chunk[name] for chunk in chunks])
            for name in chunks[0]
        },
    )
    _warn_of_lost_signals(result)
    progress.end({"signals": count, "batches": batches})
    return result


def _check_y(y, terms, dtype):
    """The y that data terms compare with: dict from names to arrays (batch, m)."""
    checked, first = {}, None
    for name, term in terms.items():
        argument = "y" if len(terms) == 1 else f"y[{name!r}]"
        if not term.needs_y:
            if y[name] is not None:
                raise ValueError(
                    f"`{argument}` must be None: its loss {term.loss.name!r} compares "
                    f"with nothing. Received: {y[name]!r}"
                )
            continue
        m = term.measurement.measurements
        if y[name] is None:
            raise TypeError(
                f"`{argument}` must hold measurements (batch, {m}): the loss "
                f"{term.loss.name!r} compares with them. Received: None"
            )
        checked[name] = checks.float_array(y[name], argument, (m,), dtype=dtype)
        first = first or name
        if len(checked[name]) != len(checked[first]):
            raise ValueError(
                f"`{argument}` must hold as many signals as `y[{first!r}]`, "
                f"{len(checked[first])}. Received: {len(checked[name])}"
            )
    if not checked:
        raise ValueError(
            "`y` must hold something to compare with: one data term at least needs a "
            f"loss that takes y. Received: {list(terms)}"
        )
    return checked


def _in_slices(probe, probes, lanes):
    """`probe` on at most `lanes` probes at a time."""
    parts = [
        probe(probes[first : first + lanes])
        for first in range(0, max(1, len(probes)), lanes)
    ]
    return {name: tf.concat([part[name] for part in parts], 0) for name in parts[0]}


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


def _lanes_per_chunk(model, engine):
    """How many lanes fit into `_CHUNK_BYTES`, with all that a search keeps of them."""
    activations = 0
    for layer in getattr(model.generator, "layers", []):
        for output in keras.tree.flatten(getattr(layer, "output", ())):
            activations += math.prod(size or 1 for size in output.shape[1:])
    # Nested and subclassed networks do not show their layers: the floor is for them.
    activations = max(activations, 16 * math.prod(model.signal_shape))
    m = engine.objective.measurements
    # Values, their gradients and what an op needs while it runs.
    n = math.prod(model.signal_shape)
    values = 3 * (activations + m)
    values += engine.solver.state_size(model.latent_dim, m, n)
    return max(1, _CHUNK_BYTES // (values * np.dtype(model.recovery_dtype).itemsize))


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
