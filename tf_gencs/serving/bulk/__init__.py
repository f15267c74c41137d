"""Bulk recovery: files of measurements to files of signals, through an export.

`recover_bulk` runs an Apache Beam pipeline, on this machine or on a cluster. A plan
cuts the inputs into shards before any work (`start`, `plan`); a shard is read, answered
and written as one unit (`work`, `sources`, `sinks`), in a stage of the pipeline
(`pipeline`); what came of all is counted at the end (`outcome`). Only `pipeline` needs
Beam.
"""

from tf_gencs.serving.bulk.outcome import Outcome
from tf_gencs.serving.bulk.run import recover_bulk

__all__ = ["Outcome", "recover_bulk"]
