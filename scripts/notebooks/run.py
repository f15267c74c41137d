"""Runs notebooks from their first cell to their last and saves them with their outputs.

    ./scripts/notebook --run 01_tensorflow_intro
    ./scripts/notebook --run            # all of them

What is saved depends on nothing but the notebook: no times, no paths of this machine,
and pictures of few colours, so that a file stays small and changes where the notebook
did.
"""

import argparse
import base64
import io
import os
import pathlib
import re

import nbformat
from nbclient import NotebookClient
from PIL import Image

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
NAMES = sorted(path.stem for path in HERE.glob("[0-9][0-9]_*.ipynb"))
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
# As scripts/env sets them: start-up lines of TensorFlow are no part of a lesson.
SURROUNDINGS = {
    "KERAS_BACKEND": "tensorflow",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "GRPC_VERBOSITY": "ERROR",
}
# Progress bars, and what TensorFlow's libraries log before any level is heeded.
PASSING = re.compile(
    r"^(.*\x1b\[1m\d+/\d+\x1b.*|WARNING: All log messages .*|[IWE]\d{4} .*)\n", re.M
)


def execute(name, timeout=600):
    """The notebook of a name, run in a fresh kernel, in the form that is saved.

    Raises:
        nbclient.exceptions.CellExecutionError: where a cell raises.
    """
    notebook = nbformat.read(HERE / f"{name}.ipynb", as_version=4)
    client = NotebookClient(
        notebook,
        timeout=timeout,
        startup_timeout=timeout,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(HERE)}},
    )
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    client.execute(env={**os.environ, **SURROUNDINGS, "PYTHONPATH": path})
    return clean(notebook)


def clean(notebook):
    """The notebook without what differs between machines and runs."""
    notebook.metadata = nbformat.from_dict(METADATA)
    for number, cell in enumerate(notebook.cells, 1):
        cell.id = f"cell-{number:02}"
        cell.metadata = nbformat.from_dict({})
        if cell.cell_type == "code":
            cell.outputs = [_clean_output(output) for output in _joined(cell.outputs)]
    return notebook


def _joined(outputs):
    """Outputs in which each stream is one piece, however it came, of what stays."""
    joined = []
    for output in outputs:
        last = joined[-1] if joined else {}
        if output.output_type != "stream" or last.get("name") != output.name:
            joined.append(output)
        else:
            last.text += output.text
    for output in joined:
        if output.output_type == "stream":
            output.text = PASSING.sub("", output.text)
    return [output for output in joined if output.get("text") != ""]


def _clean_output(output):
    for holder in (output, output.get("data", {})):
        for key, value in holder.items():
            if isinstance(value, str) and key != "image/png":
                holder[key] = value.replace(f"{ROOT}{os.sep}", "")
    if "image/png" in output.get("data", {}):
        output.data = nbformat.from_dict(
            {"image/png": _few_colours(output.data["image/png"])}
        )
        output.metadata = nbformat.from_dict({})
    return output


def _few_colours(png):
    """A PNG in base64 with at most 64 colours, which are enough for the eye."""
    image = Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB")
    small = io.BytesIO()
    image.quantize(64, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
    return base64.b64encode(small.getvalue()).decode("ascii") + "\n"


def main(arguments=None):
    parser = argparse.ArgumentParser(
        prog="./scripts/notebook --run", description=__doc__.splitlines()[0]
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="none means all")
    names = parser.parse_args(arguments).names or NAMES
    for name in names:
        if name not in NAMES:
            parser.error(f"There is no notebook {name!r}, only {', '.join(NAMES)}")
    for name in names:
        print(f"{name} ...", flush=True)
        notebook = execute(name)
        nbformat.write(notebook, HERE / f"{name}.ipynb")


if __name__ == "__main__":
    main()
