"""What is done to a shard: its rows are read, answered and written.

It asks nothing of what runs it: a pipeline does, and tests do without one.
"""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tf_gencs import seeds
from tf_gencs.recovery import Status
from tf_gencs.serving.bulk import places, sinks, sources
from tf_gencs.serving.bulk.fields import ID
from tf_gencs.serving.bulk.malformed import Malformed
from tf_gencs.serving.bulk.plan import Shard
from tf_gencs.serving.requests import SEED


class Rows(NamedTuple):
    """The rows of a shard.

    Attributes:
        shard: the `Shard`.
        inputs: dict from names to arrays (count, ...), "seed" among them: what is
            asked.
        ids: list of texts (count,): as records have them, or "FILE:ROW".
        dead: list of dicts, of rows that cannot be recovered from.
    """

    shard: Shard
    inputs: dict
    ids: list
    dead: list

    @property
    def nbytes(self):
        return sum(array.nbytes for array in self.inputs.values())


def read(plan, shard):
    """The `Rows` of a shard.

    Raises:
        OSError: its file cannot be read, or is not what it was when the run began.
    """
    fields, source = plan.fields, shard.source
    if places.stamp(source.path).size != source.size:
        raise OSError(f"{source.path} has changed while the run goes on.")
    own_seeds = seeds_of(plan.seed, source.name, shard.start, shard.stop)
    good, dead = [], []
    found = sources.records(source, shard.start, shard.stop, shard.byte, fields)
    for row, (each, own_seed) in enumerate(zip(found, own_seeds, strict=True)):
        row += shard.start
        try:
            record = fields.read(each)
        except Malformed as error:
            dead.append(_dead(source, row, each, error))
            continue
        seed = own_seed if record.seed is None else record.seed
        good.append((record.inputs, seed, record.id or f"{source.name}:{row}"))
    inputs = {
        name: np.array([each[name] for each, _, _ in good], dtype).reshape(-1, *shape)
        for name, (dtype, shape) in fields.inputs.items()
    }
    inputs[SEED] = np.array([seed for _, seed, _ in good], "int64")
    return Rows(shard, inputs, [each for _, _, each in good], dead)


def seeds_of(seed, name, start, stop):
    """Seeds of rows of a file, whatever shard they are in: an int64 array."""
    return seeds.of_signals(seeds.named(seed, name), stop - start, first=start)


def _dead(source, row, found, error):
    brought = found.get(ID) if isinstance(found, dict) else None
    own = {} if brought is None else {ID: _text(brought)}
    return {"file": source.path, "row": row, **own, "reason": f"the record {error}"}


def _text(value):
    parts = np.asarray(value, object).reshape(-1).tolist()
    parts = [p.decode(errors="replace") if isinstance(p, bytes) else p for p in parts]
    return str(parts[0] if len(parts) == 1 else parts)


def answer(recover, rows, batch_size, outputs):
    """What an export makes of rows: a dict from names to arrays.

    Args:
        recover: its signature, a function of tensors by name.
        rows: `Rows`.
        batch_size: how many go in at a time.
        outputs: what to keep, see `Plan`.
    """
    count, found = len(rows.ids), {name: [] for name in outputs}
    for start in range(0, count, batch_size):
        part = slice(start, start + batch_size)
        asked = {name: tf.constant(array[part]) for name, array in rows.inputs.items()}
        told = recover(**asked)
        for name, parts in found.items():
            parts.append(np.asarray(told[name]))
    return {
        name: np.concatenate([np.zeros((0, *shape), dtype), *found[name]])
        for name, (dtype, shape) in outputs.items()
    }


def write(plan, rows, answers):
    """Writes the answers of a shard, then its report: a dict.

    Raises:
        OSError: they cannot be written, naming `output`.
    """
    with places.replacing(plan.answers_of(rows.shard), "output") as temporary:
        sinks.write(plan.format, temporary, rows, answers, plan.outputs)
    report = {
        "rows": rows.shard.stop - rows.shard.start,
        "written": len(rows.ids),
        "status": _statuses(answers.get("status")),
        "dead": rows.dead,
    }
    places.write_json(plan.report_of(rows.shard), report, "output")
    return report


def _statuses(status):
    if status is None:
        return {}
    numbers, counts = np.unique(status, return_counts=True)
    return {
        Status(int(number)).name: int(count)
        for number, count in zip(numbers, counts, strict=True)
    }
