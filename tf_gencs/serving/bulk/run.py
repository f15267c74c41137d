"""`recover_bulk`: measurements in files to signals in files."""

import contextlib
import dataclasses
import fcntl
import os
import time

from tf_gencs import checks
from tf_gencs.serving.bulk import outcome, places
from tf_gencs.serving.bulk.plan import folder_of, is_there
from tf_gencs.serving.bulk.start import Asked, plan_of
from tf_gencs.serving.bulk.watch import watching

BATCH_SIZE = 1024


def recover_bulk(
    model,
    input,
    output,
    *,
    format="tfrecord",
    keep=None,
    seed=0,
    batch_size=BATCH_SIZE,
    shard_rows=None,
    workers=2,
    beam_flags=(),
    overwrite=False,
    say=None,
):
    """Recovers the measurements in files, by an export, as an Apache Beam pipeline.

    The same call goes on with a run that was stopped, however it was. Each shard of the
    output is whole or not there, and is made once; which rows are in it was decided
    before any work. Records that cannot be recovered from are dead letters: they are
    told of in OUTPUT-dead-letters.jsonl, with file, row and reason.

    Args:
        model: path of an export of `export_recovery`, NAME/VERSION, or NAME for its
            last version.
        input: path or pattern with * of TFRecord files of `tf.train.Example`, .npy,
            .npz or Parquet files, or a list of them. A record has "y" (m numbers; what
            the export's `recover` takes, of a mixture by its names), and may have
            "seed", an integer, and "id", a text or integer.
        output: what the paths of all files that it writes begin with. Answers go to
            OUTPUT-00000-of-00025.tfrecord ..., in the order of the records: "id" (or
            FILE:ROW), "seed", and what `recover` gives.
        format: of answers, "tfrecord" or "parquet".
        keep: which outputs to keep, such as ("x",); None for all. "status" is kept.
        seed: integer, of records that bring no seed: theirs follow from this one, the
            name of their file and their row.
        batch_size: records that the export gets at a time.
        shard_rows: the most records of a shard; None for at most some 1,000 shards
            that fit in memory.
        workers: threads of this process that share the work and the model, which
            computes on all cores by itself: while one reads or writes, another has it.
        beam_flags: flags of Beam, such as ("--runner=FlinkRunner", ...), for other
            places than this process.
        overwrite: whether to delete what another run left at `output`.
        say: function that is told of progress, such as `print`; None for silence.

    Returns:
        `Outcome`.

    Raises:
        FileExistsError: `output` has files, of another run or of none.
        FileNotFoundError: there is no export or no input.
        ImportError: Apache Beam is not installed; or pyarrow, for Parquet.
        OSError: a file cannot be read or written, also while the run goes on.
        RuntimeError: the pipeline failed; or another run writes there.
        TypeError, ValueError: naming the argument that is wrong, before any work.

    Example:

    ```python
    model.export_recovery("export/digits", A)
    np.save("y.npy", y)
    done = gencs.serving.recover_bulk("export/digits", "y.npy", "recovered")
    done.written, done.ok  # 8, True: see recovered-00000-of-00001.tfrecord
    ```
    """
    asked = Asked(model, input, output, format, keep and tuple(keep), seed, shard_rows)
    batch_size = checks.integer(batch_size, "batch_size")
    workers = checks.integer(workers, "workers")
    overwrite = checks.flag(overwrite, "overwrite")
    pipeline = _pipeline()
    with _alone(asked.output):
        plan = plan_of(asked, overwrite)
        places.remove_unfinished(plan.output)
        left = plan.left()
        if not left:
            return outcome.of(plan)
        pipeline.load(plan.model)  # what is wrong with it is said here, not by workers
        start = time.perf_counter()
        with watching(plan, say):
            pipeline.run(plan, left, batch_size, workers, list(beam_flags))
        seconds, found = time.perf_counter() - start, outcome.of(plan)
    recovered = outcome.written(plan, left)
    return dataclasses.replace(found, seconds=seconds, recovered=recovered)


def _pipeline():
    try:
        import apache_beam  # noqa: F401

        from tf_gencs.serving.bulk import pipeline
    except ImportError as error:
        if not (error.name or "").startswith("apache_beam"):
            raise
        raise ImportError(
            "Bulk recovery needs Apache Beam: `pip install tf-gencs[beam]`."
        ) from error
    return pipeline


@contextlib.contextmanager
def _alone(output):
    """Refuses a second run at a time that writes there, on this machine."""
    if places.remote(output):
        yield
        return
    folder = folder_of(output)
    places.make_folder(folder, "output")
    try:
        with open(f"{folder}/lock", "w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise RuntimeError(
                    "Another run writes to `output` now: wait for it. "
                    f"Received: {output}"
                ) from None
            yield
    finally:
        if not is_there(output):  # nothing began
            with contextlib.suppress(OSError):
                os.remove(f"{folder}/lock")
                os.rmdir(folder)
