"""Reads a command line, runs its command, and says in one sentence what went wrong.

Exit codes: 0, all is well; 1, the work failed, or some records did; 2, the line, or
what it names, is not what it must be; 130, Ctrl-C.
"""

import argparse
import contextlib
import os
import sys
import traceback
import warnings

from tf_gencs.commands import (
    backend,
    check,
    export,
    presets,
    recover,
    recover_bulk,
    sample,
)

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130

COMMANDS = {
    "recover": recover,
    "recover-bulk": recover_bulk,
    "export": export,
    "check": check,
    "sample": sample,
    "presets": presets,
    "backend": backend,
}

# Of what the line names: files that are not there, numbers out of range.
_OF_THE_LINE = (
    FileExistsError,
    FileNotFoundError,
    IsADirectoryError,
    NotADirectoryError,
    TypeError,
    ValueError,
)


def parser():
    """The `argparse.ArgumentParser` of all commands."""
    whole = argparse.ArgumentParser(
        prog="tf-gencs",
        description="Recovers signals from few measurements with generative models.",
        epilog="exit codes: 0 all is well, 1 the work or some records failed, 2 usage",
    )
    whole.add_argument(
        "--traceback", action="store_true", help="show where errors come from"
    )
    commands = whole.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, module in COMMANDS.items():
        command = commands.add_parser(
            name,
            help=module.HELP,
            description=module.__doc__,
            epilog=f"examples:\n{module.EXAMPLES}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add(command)
    return whole


def main(line=None):
    """Runs a command.

    Args:
        line: list of words; None for those of the process.

    Returns:
        The exit code.
    """
    try:
        arguments = parser().parse_args(line)
    except SystemExit as end:  # argparse has said why
        return end.code or OK
    # Before TensorFlow is imported; a line is no place for the backend of others.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
    os.environ["KERAS_BACKEND"] = "tensorflow"
    try:
        with _warnings_as_sentences(arguments.command):
            code = COMMANDS[arguments.command].run(arguments) or OK
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # whoever read has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:  # a sentence, whatever it is
        if arguments.traceback:
            traceback.print_exc()
        said = " ".join(str(error).split()) or type(error).__name__
        print(f"tf-gencs {arguments.command}: error: {said}", file=sys.stderr)
        return USAGE if isinstance(error, _OF_THE_LINE) else FAILED


@contextlib.contextmanager
def _warnings_as_sentences(command):
    def say(message, *where, **others):
        said = " ".join(str(message).split())
        print(f"tf-gencs {command}: warning: {said}", file=sys.stderr)

    with warnings.catch_warnings():
        warnings.simplefilter("default")
        for library in ("keras", "tensorflow", "apache_beam"):
            warnings.filterwarnings("ignore", module=library)
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        warnings.showwarning = say
        yield
