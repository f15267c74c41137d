"""Recover the measurements in files, by an export, as a pipeline of Apache Beam.

The same line goes on with a run that was stopped: shards that are done stay, and no
record is lost or doubled. Flags of Beam come after --, for other runners than this
machine. The exit code is 1 if any record failed or is a dead letter.
"""

import contextlib
import dataclasses
import json
import logging
import sys

from tf_gencs.commands import quiet

HELP = "recover measurements in files; goes on where a run was stopped"

EXAMPLES = """\
  tf-gencs recover-bulk --model export/digits/1 --input 'y-*.tfrecord' \\
      --output recovered/digits
  tf-gencs recover-bulk --model export/digits --input y.npy --output x/digits \\
      --format parquet --keep x measurement_error --shard-rows 10000
  tf-gencs recover-bulk --model gs://b/digits/1 --input 'gs://b/y/*.tfrecord' \\
      --output gs://b/x/digits -- --runner=FlinkRunner --flink_master=host:8081"""


def add(parser):
    parser.add_argument(
        "--model", required=True, help="export, NAME/VERSION or NAME for its last one"
    )
    parser.add_argument(
        "--input",
        required=True,
        nargs="+",
        metavar="FILE",
        help="TFRecord (tf.train.Example with y, perhaps seed and id), .npy, .npz or "
        "Parquet; patterns with * in quotes",
    )
    parser.add_argument(
        "--output", required=True, help="what names begin with, such as folder/digits"
    )
    parser.add_argument("--format", choices=("tfrecord", "parquet"), default="tfrecord")
    parser.add_argument(
        "--keep", nargs="+", metavar="NAME", help="which outputs to write (all)"
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="of records that bring no seed (0)"
    )
    parser.add_argument(
        "--batch-size", type=int, default=1024, help="records at a time (1024)"
    )
    parser.add_argument(
        "--shard-rows", type=int, help="the most records of a shard (by their number)"
    )
    parser.add_argument(
        "--workers", type=int, default=2, help="threads on this machine (2)"
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="delete what a run left at --output"
    )
    parser.add_argument("--quiet", action="store_true", help="say nothing of progress")
    parser.add_argument("--json", action="store_true", help="report as JSON")
    parser.add_argument(
        "beam_flags", nargs="*", metavar="-- FLAG", help="flags of Apache Beam"
    )


def run(arguments):
    quiet.load()
    from tf_gencs import serving

    with quiet.quiet(), contextlib.suppress(ImportError):  # whose message comes later
        import apache_beam.ml.inference.base  # noqa: F401
    if not arguments.traceback:  # errors come as a sentence, once
        logging.getLogger("apache_beam").setLevel(logging.CRITICAL)

    found = serving.recover_bulk(
        arguments.model,
        arguments.input,
        arguments.output,
        format=arguments.format,
        keep=arguments.keep,
        seed=arguments.seed,
        batch_size=arguments.batch_size,
        shard_rows=arguments.shard_rows,
        workers=arguments.workers,
        beam_flags=arguments.beam_flags,
        overwrite=arguments.overwrite,
        say=None if arguments.quiet else _say,
    )
    print(json.dumps(dataclasses.asdict(found)) if arguments.json else found)
    return int(not found.ok)


def _say(text):
    print(text, file=sys.stderr, flush=True)
