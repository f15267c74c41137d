"""y, A -> x_hat: checks, chunks and assembles a recovery."""

import math

import numpy as np
import tensorflow as tf

from tf_gencs import seeds
from tf_gencs.per_lane import known
from tf_gencs.recovery import arguments, doubts
from tf_gencs.recovery.progress import Progress
from tf_gencs.recovery.result import RecoveryResult

# What one chunk may take. Large enough for long matrix products, small enough for any
# machine.
_CHUNK_BYTES = 512 * 2**20


def recover(
    model,
    settings,
    y,
    measurements,
    *,
    start=None,
    batch_size=None,
    seed=None,
    verbose="auto",
    callbacks=None,
):
    """Recovers signals chunk by chunk; see `SignalModel.recover`.

    Args:
        model: the `SignalModel`.
        settings: `RecoverySettings`, how to recover.
        y: dict from names of data terms to array-likes (batch, m) or (batch,
            *measurement_shape), or None where the term's loss needs none.
        measurements: dict from the same names to built `Measurement`s.
        start: where to begin with every signal, as the method takes it, or None.
        batch_size: signals per chunk; None picks it by memory.
        seed: seed of the call.
        verbose, callbacks: see `Progress`.

    Returns:
        `RecoveryResult`.

    Example:

    ```python
    settings = gencs.recovery.RecoverySettings(noise=0.1)
    result = gencs.recovery.recover(model, settings, {"y": y}, {"y": A}, seed=0)
    result.x  # as by `model.recover`, after `model.compile(noise=0.1)`
    ```
    """
    # All that can be wrong is found before a graph is traced.
    data = settings.data(measurements, model.recovery_dtype, model.facts)
    y = arguments.checked_y(y, data)
    count = len(next(iter(y.values())))
    batch_size = arguments.check_batch_size(batch_size)
    seed = seeds.resolve(seed)
    progress = Progress(model, verbose, callbacks)
    runner = model.programs.get(model, data)
    program = runner.program
    start = program.check_start(start, count)
    if batch_size is None:
        batch_size = max(1, _CHUNK_BYTES // program.bytes_per_signal)
        batch_size *= max(1, len(runner.devices))
    batches = math.ceil(count / batch_size)
    values = data.values()
    observed = arguments.check_travelling(data.observe(y, values), count)
    if not count:
        # One signal, of which nothing is kept, tells the shapes: no generator need
        # take a batch of none.
        observed, start = tf.nest.map_structure(_one_of_zeros, observed), None
    derived = runner.derive(values)
    shared = runner.share(seed, derived)
    own_seeds = seeds.of_signals(seed, max(1, count))
    progress.begin({"signals": count, "batches": batches})
    chunks = []
    for batch in range(max(1, batches)):
        chunk = slice(batch * batch_size, (batch + 1) * batch_size)
        y_chunk, seeds_chunk, start_chunk = _cut((observed, own_seeds, start), chunk)
        own = runner.draw(y_chunk, seeds_chunk, derived, start_chunk)
        logs = {"signals": len(seeds_chunk)}
        if batches:
            progress.batch_begin(batch, logs)
        found = runner.run(y_chunk, own, shared, derived)
        chunks.append({name: np.asarray(part)[:count] for name, part in found.items()})
        for name in ("measurement_error", "objective", "steps") if batches else ():
            if name in found:
                logs[name] = float(np.mean(chunks[-1][name]))
        if batches:
            progress.batch_end(batch, logs)
    found = {
        name: np.concatenate([chunk[name] for chunk in chunks]) for name in chunks[0]
    }
    # Within graphs what is not known is finite, for `enable_check_numerics`.
    outside = {"objective": np.inf, "restart_errors": np.inf, "samples": np.nan}
    for name in outside.keys() & found.keys():
        found[name] = np.where(known(found[name]), found[name], outside[name])
    if data.noise is not None:
        found.setdefault("noise", np.full(count, data.noise, data.dtype))
    result = RecoveryResult(
        seed=seed,
        method=program.method,
        explained=doubts.share_explained(y, found["measurement_error"]),
        **found,
    )
    doubts.warn(result, data)
    progress.end({"signals": count, "batches": batches})
    return result


def _one_of_zeros(part):
    return tf.zeros((1, *part.shape[1:]), part.dtype)


def _cut(nest, chunk):
    """The part of a chunk in a nest of arrays and tensors (batch, ...), as tensors."""
    return tf.nest.map_structure(
        lambda part: None if part is None else tf.convert_to_tensor(part[chunk]), nest
    )
