"""Writes what commands found: .npy, .npz, images, the standard output.

Nothing is overwritten unasked, and a file is whole or not there.
"""

import io
import pathlib
import sys

HELP = (
    "where x goes: .npy; .npz, with all that was found; .png, of one signal or a grid; "
    "a folder (ending in /), with a PNG for each; or - for .npy on the standard output"
)


def add(parser):
    parser.add_argument("--output", required=True, help=HELP)
    parser.add_argument(
        "--overwrite", action="store_true", help="replace files that are there"
    )


def check(arguments, count=None):
    """Refuses a place that is taken or of no kind that is written, before any work.

    Args:
        arguments: with `output` and `overwrite`.
        count: how many signals there will be; None where it is not known yet.
    """
    name = arguments.output
    if name == "-":
        return
    path = pathlib.Path(name).expanduser()
    if _is_folder(name, path):
        numbers = range(count or 0)
        taken = [p for i in numbers if (p := path / f"{i:06}.png").exists()]
    elif path.suffix not in (".npy", ".npz", ".png"):
        raise ValueError(
            f"--output must be .npy, .npz, .png, a folder or -. Received: {name}"
        )
    else:
        taken = [path] if path.exists() else []
    if taken and not arguments.overwrite:
        raise FileExistsError(
            "--output must not exist yet, or come with --overwrite. "
            f"Received: {taken[0]}"
        )


def write(arguments, found, value_range):
    """Writes a dict of arrays, of which `x` are the signals."""
    import numpy as np

    from tf_gencs import files, images

    name, x = arguments.output, found["x"]
    if name == "-":
        buffer = io.BytesIO()
        np.save(buffer, x)
        sys.stdout.buffer.write(buffer.getvalue())
        return
    path = pathlib.Path(name).expanduser()
    if _is_folder(name, path):
        images.save_images(path, x, value_range=value_range)
    elif path.suffix == ".png":
        images.save_grid(path, x, value_range=value_range)
    else:
        with (
            files.replacing(path, "output") as temporary,
            open(temporary, "wb") as file,
        ):
            np.savez(file, **found) if path.suffix == ".npz" else np.save(file, x)


def say(arguments, text):
    """Says something to a person: not where the signals go."""
    print(text, file=sys.stderr if arguments.output == "-" else sys.stdout)


def _is_folder(name, path):
    return name.endswith("/") or path.is_dir()
