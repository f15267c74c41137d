"""The plan of a run: which rows of which files make which shard of the output.

It is written before any work, and never changes. A shard is done where its report is
there, and a run that is started again does what is missing: what went on before, and
how it ended, does not matter.
"""

import dataclasses

from tf_gencs.serving.bulk import places
from tf_gencs.serving.bulk.fields import Fields
from tf_gencs.serving.bulk.sources import Source

DEAD_LETTERS, SUMMARY = "dead-letters.jsonl", "summary.json"

FILE = "plan.json"

_VERSION = 1


@dataclasses.dataclass(frozen=True)
class Shard:
    """A unit of work: some rows of one file, and one file of answers.

    Attributes:
        number, of: its place among all, and how many there are.
        source: `Source` of its rows.
        start, stop: numbers of its first row, and of that after its last.
        byte: where the first one begins, of TFRecords.
    """

    number: int
    of: int
    source: Source
    start: int
    stop: int
    byte: int


@dataclasses.dataclass(frozen=True)
class Plan:
    """What a run was asked, and its shards.

    Attributes:
        model, model_sha256: path of the export's version; see `Exported`.
        inputs, outputs: what `recover` takes, and what is kept of what it gives; see
            `Exported`.
        output: what the paths of all files of the run begin with.
        format: of answers, "tfrecord" or "parquet".
        seed: what the seeds of records follow from that bring none.
        shard_rows: the most rows of a shard.
        sources: list of `Source`.
        shards: list of `Shard`.
    """

    model: str
    model_sha256: str
    inputs: dict
    outputs: dict
    output: str
    format: str
    seed: int
    shard_rows: int
    sources: list = dataclasses.field(default_factory=list)
    shards: list = dataclasses.field(default_factory=list)

    @property
    def fields(self):
        return Fields(self.inputs)

    @property
    def rows(self):
        return sum(source.rows for source in self.sources)

    @property
    def task(self):
        """The plan without its sources and shards: what every worker needs of it."""
        return dataclasses.replace(self, sources=[], shards=[])

    @property
    def folder(self):
        """Where the plan and the reports of shards are."""
        return folder_of(self.output)

    def answers_of(self, shard):
        """Path of the answers of a shard."""
        place = f"{shard.number:05}-of-{shard.of:05}"
        return f"{self.output}-{place}.{self.format}"

    def report_of(self, shard):
        """Path of the report of a shard, which is written last."""
        return f"{self.folder}/{shard.number:05}.json"

    def done(self):
        """Numbers of the shards that are done: a set."""
        names = {name.removesuffix(".json") for name in places.names_in(self.folder)}
        return {int(name) for name in names if name.isdecimal()}

    def left(self):
        """The shards that are not done."""
        done = self.done()
        return [shard for shard in self.shards if shard.number not in done]

    def write(self):
        numbers = {source: i for i, source in enumerate(self.sources)}
        content = {
            "version": _VERSION,
            **{f.name: getattr(self, f.name) for f in dataclasses.fields(self)},
            "sources": [source._asdict() for source in self.sources],
            "shards": [
                (numbers[shard.source], shard.start, shard.stop, shard.byte)
                for shard in self.shards
            ],
        }
        places.make_folder(self.folder, "output")
        places.write_json(f"{self.folder}/{FILE}", content, "output")


def folder_of(output):
    return f"{output}.run"


def is_there(output):
    """Whether a run began that writes there."""
    return places.exists(f"{folder_of(output)}/{FILE}")


def load(output):
    """The `Plan` of a run that began.

    Raises:
        ValueError: it is of another version of tf_gencs.
    """
    path = f"{folder_of(output)}/{FILE}"
    content = places.read_json(path)
    if content.pop("version", None) != _VERSION:
        raise ValueError(
            "`output` must be of a run by this version of tf_gencs, or new. Received: "
            f"{path}, of another version"
        )
    found = [Source(**source) for source in content["sources"]]
    content["sources"] = found
    content["shards"] = [
        Shard(number, len(content["shards"]), found[source], *rest)
        for number, (source, *rest) in enumerate(content["shards"])
    ]
    return Plan(**content)


def cut(indexed, step, shard_rows):
    """`Shard`s of at most so many rows.

    Args:
        indexed: list of pairs of a `Source` and where each `step` rows of it begin.
        step: rows.
        shard_rows: a multiple of `step`.
    """
    parts = [
        (source, start, min(start + shard_rows, source.rows), begins[start // step])
        for source, begins in indexed
        for start in range(0, source.rows, shard_rows)
    ]
    return [Shard(number, len(parts), *part) for number, part in enumerate(parts)]
