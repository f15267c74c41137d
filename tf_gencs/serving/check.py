"""Whether an export does, where tf_gencs is not, what the model did here."""

import dataclasses
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from tf_gencs import checks, ops
from tf_gencs.serving.examples import FOLDER
from tf_gencs.serving.place import exported_version

# How far signals may be, relative to the largest number: searches on other operations
# end in other roundings of one answer.
TOLERANCE = 0.01

TIMEOUT = 600.0  # seconds

_FRESH = pathlib.Path(__file__).with_name("fresh.py")


@dataclasses.dataclass(frozen=True)
class CheckReport:
    """What `check` found.

    Attributes:
        path: the folder that was looked at, NAME/VERSION.
        problems: what is wrong, a list of sentences; empty if nothing is.
        foreign_ops: names of operations that TensorFlow has not by itself; a stock
            server cannot load them.
        signatures: dict from names to {"inputs": ..., "outputs": ...}, each a dict from
            names to (dtype, shape), None for the batch.
        differences: dict from names of examples to dicts from names of outputs to the
            largest difference from the answer in Python, relative to the largest
            number there.
        warmup_requests: how many the warm-up file holds; all were run.
        graph_bytes: size of `saved_model.pb`.
        load_seconds: how long loading took.
        memory_bytes: that it takes, loaded and asked once.

    Example:

    ```python
    model.export_recovery("export/digits", A)
    report = gencs.serving.check("export/digits", verbose=False)
    report.ok, report.foreign_ops  # True, []
    report.differences["recover"]["x"]  # below 0.01, relative to the largest number
    ```
    """

    path: pathlib.Path
    problems: list
    foreign_ops: list = dataclasses.field(default_factory=list)
    signatures: dict = dataclasses.field(default_factory=dict)
    differences: dict = dataclasses.field(default_factory=dict)
    warmup_requests: int = 0
    graph_bytes: int = 0
    load_seconds: float = 0.0
    memory_bytes: int = 0

    @property
    def ok(self):
        """Whether a stock server can load it, and answers as the model did."""
        return not self.problems

    def __str__(self):
        lines = [f"{self.path}: {'ok' if self.ok else 'NOT OK'}"]
        lines += [f"  problem: {problem}" for problem in self.problems]
        lines += [
            f"  graph {self.graph_bytes / 1024:.0f} KiB, loaded in "
            f"{self.load_seconds:.1f} s; {self.warmup_requests} warm-up requests; "
            f"operations that servers lack: {', '.join(self.foreign_ops) or 'none'}"
        ]
        for name, parts in self.signatures.items():
            told = (
                ", ".join(
                    f"{key} {dtype} {_shape(shape)}"
                    for key, (dtype, shape) in sorted(parts[kind].items())
                )
                for kind in ("inputs", "outputs")
            )
            lines.append(f"  {name}: {' -> '.join(told)}")
        for name, parts in self.differences.items():
            told = (f"{key} {value:.1g}" for key, value in sorted(parts.items()))
            lines.append(f"  example {name}, relative differences: {', '.join(told)}")
        return "\n".join(lines)


def check(path, *, tolerance=TOLERANCE, timeout=TIMEOUT, verbose=True):
    """Loads an export in a fresh process without tf_gencs, and asks it.

    It lists operations that servers lack, runs the warm-up requests, and compares the
    answers to the stored examples with those that the model gave when it was exported.

    Args:
        path: of a version, NAME/VERSION, or of the model, NAME, for its last version.
        tolerance: how far x, y and other signals may be from the answers in Python,
            relative to their largest number. Other outputs are reported.
        timeout: seconds that the process may take.
        verbose: whether to print the report.

    Returns:
        `CheckReport`.

    Raises:
        TypeError, ValueError: a wrong argument.
        FileNotFoundError: there is no export at `path`.

    Example:

    ```python
    path = model.export_recovery("export/digits", A)
    report = gencs.serving.check(path)  # prints what it found
    report.problems  # []
    ```
    """
    tolerance = checks.number(tolerance, "tolerance", above=0)
    timeout = checks.number(timeout, "timeout", above=0)
    verbose = checks.flag(verbose, "verbose")
    folder = exported_version(path)
    found = _in_fresh_process(folder, timeout)
    problem = found.pop("problem", None)
    problems = _problems(folder, found, problem, tolerance)
    found["signatures"] = _as_tuples(found.get("signatures", {}))
    report = CheckReport(folder, problems, **found)
    if verbose:
        print(report)
    return report


def _in_fresh_process(folder, timeout):
    with tempfile.TemporaryDirectory() as scratch:
        report = pathlib.Path(scratch, "report.json")
        command = [sys.executable, str(_FRESH), str(folder.absolute()), str(report)]
        content = (folder / "saved_model.pb").read_bytes()
        if b"Gencs>" in content and ops.backend() != "twin":
            command.append(str(ops.library_path()))
        try:
            done = subprocess.run(
                command,
                cwd=scratch,
                env={"TF_CPP_MIN_LOG_LEVEL": "3", **os.environ},
                capture_output=True,
                text=True,
                timeout=timeout,
            )
        except subprocess.TimeoutExpired:
            return {"problem": f"it took more than {timeout:g} seconds, `timeout`"}
        if not report.exists():
            last = done.stderr.strip().splitlines()[-1:]
            return {
                "problem": f"the process ended with {done.returncode}: {''.join(last)}"
            }
        return json.loads(report.read_text())


def _problems(folder, found, problem, tolerance):
    problems = [] if problem is None else [f"it could not be run: {problem}"]
    foreign = found.get("foreign_ops")
    if foreign:
        problems.append(f"a stock server has no operations {', '.join(foreign)}")
    if problem is None and not found.get("differences"):
        problems.append("it holds no examples to compare: export with `warmup=True`")
    for name, parts in found.get("differences", {}).items():
        free = _may_differ(folder, name)
        for key, difference in parts.items():
            if not difference <= tolerance and key not in free:
                problems.append(
                    f"{key} of example {name} differs by {difference:.2g} from the "
                    f"answer in Python; {tolerance:g} is allowed"
                )
    return problems


def _may_differ(folder, example):
    """Names of the outputs of an example that need not be alike."""
    file = folder / FOLDER / example / "may_differ.txt"
    return file.read_text().split() if file.exists() else []


def _as_tuples(signatures):
    return {
        name: {
            kind: {key: (dtype, tuple(shape)) for key, (dtype, shape) in specs.items()}
            for kind, specs in parts.items()
        }
        for name, parts in signatures.items()
    }


def _shape(shape):
    sizes = ["batch" if size is None else str(size) for size in shape]
    return f"({', '.join(sizes)})"
