"""What the tests of lesser instruction sets share."""

import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

_LOAD = """
import importlib.util, sys, numpy as np
spec = importlib.util.spec_from_file_location('_gencs_core', sys.argv[1])
core = importlib.util.module_from_spec(spec)
spec.loader.exec_module(core)
data, out = np.load('in.npz'), {}
"""
_SAVE = """
np.savez('out.npz', used=core.isa(), **out)
assert 'tensorflow' not in sys.modules
"""


def run_with_isa(core, isa, code, arrays):
    """Runs code on the core, in a process that may use an instruction set only.

    Args:
        core: the module of bindings.
        isa: "portable" or "avx2"; where the latter is missing, the former runs.
        code: str, Python that reads the arrays in `data`, calls `core` and puts arrays
            into the dict `out`.
        arrays: dict from names to arrays.

    Returns:
        What the code put into `out`, by name.
    """
    with tempfile.TemporaryDirectory() as folder:
        np.savez(pathlib.Path(folder, "in.npz"), **arrays)
        subprocess.run(
            [sys.executable, "-c", _LOAD + code + _SAVE, core.__file__],
            cwd=folder,
            env={**os.environ, "GENCS_ISA": isa},
            check=True,
        )
        with np.load(pathlib.Path(folder, "out.npz")) as out:
            arrays = dict(out)
    assert str(arrays.pop("used")) in ("portable", isa)
    return arrays
