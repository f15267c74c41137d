"""Export a recovery as a SavedModel for TensorFlow Serving.

The folder NAME/VERSION is whole or not there; of NAME alone the next version is made.
"""

import argparse

from tf_gencs.commands import arguments as shared
from tf_gencs.commands import quiet

HELP = "export a recovery for TensorFlow Serving and recover-bulk"

EXAMPLES = """\
  tf-gencs export --model mnist_vae --measurement gaussian --m 100 --seed 0 \\
      --output export/digits
  tf-gencs export --model mnist_vae --A matrix.npy --output export/digits/3 --native"""


def add(parser):
    shared.add_model(parser)
    shared.add_measurement(parser)
    shared.add_recovery(parser)
    parser.add_argument("--output", required=True, help="NAME/VERSION, or NAME")
    parser.add_argument(
        "--native",
        action="store_true",
        help="with tf_gencs's own operations, which stock servers cannot load",
    )
    parser.add_argument(
        "--max-batch-size",
        type=int,
        default=64,
        help="the largest batch that a server makes (64)",
    )
    parser.add_argument(
        "--no-warmup",
        dest="warmup",
        action="store_false",
        help="without warm-up requests and examples",
    )
    parser.add_argument(
        "--A-in-requests",
        action=argparse.BooleanOptionalAction,
        help="whether requests may bring an A (if it is less than 4 MiB)",
    )


def run(arguments):
    shared.check_files(arguments)
    quiet.load()
    model = shared.load_model(arguments.model)
    A = shared.load_measurement(arguments)
    model.compile(**shared.recovery(arguments))
    path = model.export_recovery(
        arguments.output,
        A,
        seed=arguments.seed,
        warmup=arguments.warmup,
        A_in_requests=arguments.A_in_requests,
        max_batch_size=arguments.max_batch_size,
        ops="native" if arguments.native else "core",
    )
    print(path)
