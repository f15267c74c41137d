"""Check an export: load it where tf_gencs is not, and compare its answers."""

import dataclasses
import json

from tf_gencs.commands import quiet

HELP = "check an export in a fresh process without tf_gencs"

EXAMPLES = """\
  tf-gencs check export/digits
  tf-gencs check export/digits/1 --tolerance 0.001 --json"""


def add(parser):
    parser.add_argument("path", help="of a version, NAME/VERSION, or NAME for the last")
    parser.add_argument(
        "--tolerance",
        type=float,
        default=0.01,
        help="how far signals may be from those in Python, relative to the largest "
        "number (0.01)",
    )
    parser.add_argument(
        "--timeout", type=float, default=600, help="seconds that it may take (600)"
    )
    parser.add_argument("--json", action="store_true", help="report as JSON")


def run(arguments):
    quiet.load()
    from tf_gencs import serving

    report = serving.check(
        arguments.path,
        tolerance=arguments.tolerance,
        timeout=arguments.timeout,
        verbose=not arguments.json,
    )
    if arguments.json:
        told = {**dataclasses.asdict(report), "ok": report.ok}
        print(json.dumps(told, default=str))
    return int(not report.ok)
