"""A bulk run as a pipeline of Apache Beam: shards are read, recovered and written.

A shard travels as one element, from reading through `RunInference` to writing, in one
stage: its answers are on the disk before the worker takes up the next one. Were each
record an element, a `GroupByKey` would have to bring the answers of a shard together
again; every runner of bounded data lets no group out before all are in, so a run that
was killed a minute before its end would have nothing to show. So `RecoveryHandler` gets
a shard and cuts it into batches itself.
"""

import apache_beam as beam
import tensorflow as tf
from apache_beam.metrics import Metrics
from apache_beam.ml.inference.base import ModelHandler, PredictionResult, RunInference
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.runner import PipelineState

from tf_gencs.serving.bulk import work
from tf_gencs.serving.bulk.exported import SIGNATURE
from tf_gencs.serving.bulk.pipeline_errors import cause

COUNTERS = "recover_bulk"

_STOPPED = "The run stopped; the same call goes on with it."

# Beam's runner in Python: of those that the name DirectRunner may stand for, the one
# whose threads can share a model, and that downloads nothing.
_HERE = "apache_beam.runners.portability.fn_api_runner.FnApiRunner"


class RecoveryHandler(ModelHandler):
    """Asks an export for the `Rows` of a shard.

    A process loads the export once, whatever it has of threads.

    Args:
        task: the `Plan`, without its shards.
        batch_size: rows that go in at a time.
    """

    def __init__(self, task, batch_size):
        super().__init__()
        self._task, self._batch_size = task, batch_size

    def load_model(self):
        return load(self._task.model)

    def run_inference(self, batch, model, inference_args=None):
        for rows in batch:
            recover = model.signatures[SIGNATURE]
            outputs = self._task.outputs
            answers = work.answer(recover, rows, self._batch_size, outputs)
            yield PredictionResult(rows, answers)

    def batch_elements_kwargs(self):
        return {"min_batch_size": 1, "max_batch_size": 1}

    def get_num_bytes(self, batch):
        return sum(rows.nbytes for rows in batch)

    def get_metrics_namespace(self):
        return COUNTERS


def load(path):
    """An export, to be asked: what `tf.saved_model.load` gives.

    Raises:
        OSError: its variables are damaged.
    """
    try:
        return tf.saved_model.load(path)
    except (tf.errors.OpError, OSError, ValueError) as error:
        raise OSError(f"`model` cannot be loaded from {path}: {error}") from error


class _Write(beam.DoFn):
    """Writes answers, and counts."""

    def __init__(self, task):
        self._task = task

    def process(self, result):
        report = work.write(self._task, result.example, result.inference)
        counts = {"records": report["rows"], "dead_letters": len(report["dead"])}
        counts |= {f"status_{name}": n for name, n in report["status"].items()}
        for name, count in counts.items():
            Metrics.counter(COUNTERS, name).inc(count)
        yield report


def run(plan, shards, batch_size, workers, flags):
    """Runs some shards of a `Plan`, and waits for them.

    Args:
        plan: the `Plan`.
        shards: list of `Shard`s.
        batch_size: rows that the export gets at a time.
        workers: threads on this machine; unused where `flags` name a runner.
        flags: list of flags of Beam.

    Raises:
        RuntimeError: the pipeline failed.
    """
    task = plan.task
    if not any(flag.startswith("--runner") for flag in flags):
        flags = [
            f"--runner={_HERE}",
            f"--direct_num_workers={workers}",
            "--direct_running_mode=multi_threading",
            *flags,
        ]
    pipeline = beam.Pipeline(options=PipelineOptions(flags))
    (
        pipeline
        | "Shards" >> beam.Create(shards)
        | "Spread" >> beam.Reshuffle()
        | "Read" >> beam.Map(lambda shard: work.read(task, shard))
        | "Recover" >> RunInference(RecoveryHandler(task, batch_size))
        | "Write" >> beam.ParDo(_Write(task))
    )
    try:
        result = pipeline.run()
        state = result.wait_until_finish()
    except Exception as error:  # runners have theirs
        raise RuntimeError(f"{_STOPPED} {cause(error)}") from error
    if state not in (None, PipelineState.DONE):
        raise RuntimeError(f"{_STOPPED} Beam says: {state}")
