"""What a run came to: counts, and the letters that could not be delivered."""

import collections
import dataclasses
import json

from tf_gencs.recovery import Status
from tf_gencs.serving.bulk import places
from tf_gencs.serving.bulk.plan import DEAD_LETTERS, SUMMARY


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a run came to.

    Attributes:
        output: what the paths of its files begin with.
        shards, done: how many there are, and how many are done.
        records: rows of all inputs.
        written: answers.
        status: dict from names of `gencs.recovery.Status` to how many have it.
        dead_letters: rows, and ends of damaged files, that nothing was made of.
        seconds: that the run took this time; 0 where nothing was left to do.
        recovered: answers that it wrote this time.
    """

    output: str
    shards: int
    done: int
    records: int
    written: int
    status: dict
    dead_letters: int
    seconds: float = 0.0
    recovered: int = 0

    @property
    def failed(self):
        """Answers whose search ran into NaN or infinity."""
        return self.status.get(Status.FAILED.name, 0)

    @property
    def ok(self):
        """Whether each record has an answer that did not fail."""
        return self.done == self.shards and not (self.dead_letters or self.failed)

    def __str__(self):
        status = ", ".join(f"{n} {name}" for name, n in sorted(self.status.items()))
        speed = ""
        if self.seconds:
            rate = self.recovered / self.seconds
            speed = f"; {self.recovered} of them in {self.seconds:.0f} s, {rate:.0f}/s"
        return (
            f"{self.output}: {self.written} of {self.records} records recovered "
            f"({status or 'none'}){speed}; {self.dead_letters} dead letters; "
            f"{self.done} of {self.shards} shards done"
        )


def written(plan, shards):
    """How many answers shards of a `Plan` have, all of which are done."""
    return sum(places.read_json(plan.report_of(each))["written"] for each in shards)


def of(plan):
    """The `Outcome` of what is done of a `Plan`; of a whole run, it is written too.

    The dead letters go to one file, a line of JSON each, which is there only if there
    are any.
    """
    done, written, status, dead = plan.done(), 0, collections.Counter(), []
    for shard in plan.shards:
        if shard.number in done:
            report = places.read_json(plan.report_of(shard))
            written += report["written"]
            status.update(report["status"])
            dead += report["dead"]
    dead += [
        {"file": source.path, "byte": source.ends, "reason": source.damage}
        for source in plan.sources
        if source.damage
    ]
    found = Outcome(
        plan.output,
        len(plan.shards),
        len(done),
        plan.rows,
        written,
        dict(status),
        len(dead),
    )
    if found.done == found.shards:
        _write(plan, found, dead)
    return found


def _write(plan, found, dead):
    if dead:
        letters = f"{plan.output}-{DEAD_LETTERS}"
        with (
            places.replacing(letters, "output") as temporary,
            places.opened_to_write(temporary) as file,
        ):
            file.write("".join(f"{json.dumps(each)}\n" for each in dead).encode())
    told = dataclasses.asdict(found)
    told = {name: told[name] for name in told if name not in ("seconds", "recovered")}
    told |= {"model": plan.model, "model_sha256": plan.model_sha256, "seed": plan.seed}
    places.write_json(f"{plan.output}-{SUMMARY}", told, "output")
