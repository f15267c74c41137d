"""How a run starts: a new plan, or that of a run that was stopped."""

import dataclasses
import itertools
import math
import os
import pathlib
import re

from tf_gencs import checks
from tf_gencs.serving.bulk import exported, places, plan, sources
from tf_gencs.serving.bulk.fields import Fields
from tf_gencs.serving.bulk.malformed import Malformed

FORMATS = ("tfrecord", "parquet")

# A shard is lost where a run is killed within, is in memory as a whole, and is a file.
_STEP, _MOST_SHARDS, _MOST_BYTES = 1024, 1000, 128 * 2**20

_FIRST = 100  # records of a file that are looked at before work begins


@dataclasses.dataclass(frozen=True)
class Asked:
    """What a user asks of a run; see `recover_bulk`.

    Raises:
        TypeError, ValueError: naming the argument that is wrong.
    """

    model: str
    input: tuple
    output: str
    format: str = "tfrecord"
    keep: tuple | None = None
    seed: int = 0
    shard_rows: int | None = None

    def __post_init__(self):
        one = isinstance(self.input, (str, os.PathLike))
        patterns = [os.fspath(each) for each in ([self.input] if one else self.input)]
        if not patterns:
            raise FileNotFoundError("`input` must name at least one file. Received: []")
        object.__setattr__(self, "input", tuple(patterns))
        output = places.absolute(self.output, "output")
        if str(self.output).endswith("/"):
            raise ValueError(
                "`output` must be what names of files begin with, such as "
                f"{self.output}digits. Received: {self.output!r}"
            )
        object.__setattr__(self, "output", output)
        checks.choice(self.format, "format", FORMATS)
        checks.integer(self.seed, "seed", at_least=0, at_most=2**63 - 1)
        if self.shard_rows is not None:
            checks.integer(self.shard_rows, "shard_rows")
        if self.format == "parquet":
            sources.parquet.pyarrow()


def plan_of(asked, overwrite=False):
    """The `Plan` of a run, which is on the disk.

    Args:
        asked: `Asked`.
        overwrite: whether to delete what another run left there.

    Raises:
        FileExistsError: there is something that no run left, or another one.
        FileNotFoundError: there is no model or no input.
        ValueError: these are not what they must be.
    """
    model = exported.read(asked.model)
    outputs = _kept(model.outputs, asked.keep)
    found = places.matching(asked.input)
    if plan.is_there(asked.output) and not overwrite:
        return _again(asked, model, outputs, found)
    if not overwrite and (others := _files(asked.output)):
        raise FileExistsError(
            "`output` must not exist yet: nothing is overwritten unless `overwrite`. "
            f"Received: {asked.output}, and {others[0]} is there"
        )
    made = _new(asked, model, outputs, found)
    for path in _files(asked.output) if overwrite else ():
        places.remove(path)
    made.write()
    return made


def _kept(outputs, keep):
    """Those outputs of the export that are to be kept."""
    if keep is None:
        return outputs
    unknown = [name for name in keep if name not in outputs]
    if unknown or not keep:
        raise ValueError(
            f"`keep` must name some of {sorted(outputs)}. Received: {list(keep)}"
        )
    return {name: outputs[name] for name in sorted({*keep, "status"} & set(outputs))}


def _new(asked, model, outputs, found):
    """The `Plan` of a run that has not begun."""
    fields = Fields(model.inputs)
    bytes_of_row = fields.bytes + Fields(outputs).bytes
    most = max(1, _MOST_BYTES // bytes_of_row)
    step = asked.shard_rows or min(_STEP, most)
    indexed = [sources.index(each, fields, step) for each in found]
    rows = sum(source.rows for source, _ in indexed)
    shard_rows = step
    if asked.shard_rows is None:
        parts = min(most // step, math.ceil(rows / (step * _MOST_SHARDS)))
        shard_rows = step * max(1, parts)
    made = plan.Plan(
        model.path,
        model.sha256,
        model.inputs,
        outputs,
        asked.output,
        asked.format,
        asked.seed,
        shard_rows,
        [source for source, _ in indexed],
        plan.cut(indexed, step, shard_rows),
    )
    _check_output(asked, made)
    _check_records(made)
    return made


def _check_output(asked, made):
    patterns = [places.absolute(pattern, "input") for pattern in asked.input]
    for shard, pattern in itertools.product(made.shards[:1], patterns):
        if pathlib.PurePath(made.answers_of(shard)).match(pattern):
            raise ValueError(
                "`output` must not be among the files that `input` names. "
                f"Received: {made.output} and {pattern}"
            )


def _check_records(made):
    """Refuses files of which nothing can be recovered, as with another A's export."""
    fields, first = made.fields, None
    for source in made.sources:
        begin = 0
        stop = min(source.rows, _FIRST)
        for found in sources.records(source, 0, stop, begin, fields):
            try:
                fields.read(found)
                return
            except Malformed as error:
                first = first or (source, error)
    if first is not None:
        raise ValueError(
            f"`input` must hold what the export takes, {made.inputs}. Received: "
            f"{first[0].path}, whose first record {first[1]}; none that was looked at "
            "is any better"
        )


def _again(asked, model, outputs, found):
    """The `Plan` of a run that began, if it is what is asked."""
    made = plan.load(asked.output)
    same = {
        "model": (made.model_sha256, model.sha256),
        "format": (made.format, asked.format),
        "keep": (sorted(made.outputs), sorted(outputs)),
        "seed": (made.seed, asked.seed),
        "shard_rows": (made.shard_rows, asked.shard_rows or made.shard_rows),
        "input": ([s.name for s in made.sources], [f.name for f in found]),
    }
    for argument, (then, now) in same.items():
        if then != now:
            raise FileExistsError(
                f"`output` holds a run of another `{argument}`: go on with that one, "
                "give another `output`, or `overwrite` it. Received: "
                f"{argument} {_short(now)}, and {_short(then)} then"
            )
    for source, file in zip(made.sources, found, strict=True):
        if not _unchanged(source, file):
            raise FileExistsError(
                f"`input` has changed since the run at `output` began, so its answers "
                "would be of two kinds: give another `output`, or `overwrite` it. "
                f"Received: {file.path}"
            )
    return dataclasses.replace(made, model=model.path)


def _unchanged(source, file):
    stamp = places.stamp(file.path)
    if stamp == (source.size, source.modified) and file.path == source.path:
        return True
    return stamp.size == source.size and places.digest(file.path) == source.sha256


def _short(value):
    text = str(value)
    return text if len(text) < 200 else f"{text[:200]} ..."


def _files(output):
    """Paths of all files of a run, the plan first: without it there is none."""
    parent, _, name = output.rpartition("/")
    own = re.compile(
        re.escape(name)
        + r"-(\d{5,}-of-\d{5,}\.(tfrecord|parquet)|"
        + f"{re.escape(plan.DEAD_LETTERS)}|{re.escape(plan.SUMMARY)})"
    )
    folder = plan.folder_of(output)
    reports = sorted(places.names_in(folder), key=lambda name: name != plan.FILE)
    found = [f"{folder}/{name}" for name in reports if name.endswith(".json")]
    found += [f"{parent}/{n}" for n in places.names_in(parent) if own.fullmatch(n)]
    return found
