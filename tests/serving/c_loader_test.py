"""The C program that loads exports as servers do: no Python, no op library."""

import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

ROOT = pathlib.Path(__file__).parents[2]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        shutil.which("cmake") is None or shutil.which("cc") is None,
        reason="there is no cmake or no C compiler",
    ),
]


@pytest.fixture(scope="module")
def loader(tmp_path_factory):
    """The program, built by CMake."""
    build = tmp_path_factory.mktemp("loader")
    library = pathlib.Path(tf.sysconfig.get_lib(), "libtensorflow_framework.so.2")
    told = {  # what CMake would import TensorFlow for
        "Python_EXECUTABLE": sys.executable,
        "TensorFlow_PYTHON": sys.executable,
        "TensorFlow_VERSION": tf.__version__,
        "TensorFlow_INCLUDE_DIR": tf.sysconfig.get_include(),
        "TensorFlow_LIBRARY": library,
        "GENCS_SERVING": "ON",
        "GENCS_TENSORFLOW": "OFF",
        "GENCS_BINDINGS": "OFF",
        "GENCS_CUDA": "OFF",
    }
    options = [f"-D{name}={value}" for name, value in told.items()]
    run("cmake", "-S", ROOT, "-B", build, *options)
    run("cmake", "--build", build, "--target", "gencs_run_export")
    return build / "gencs_run_export"


def run(*command, expected=0):
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, timeout=300
    )
    assert done.returncode == expected, done.stdout + done.stderr
    return done.stdout


def test_every_signature_answers_as_in_python_alone_and_from_threads(loader, exported):
    said = run(loader, exported.path, 0.001, 200, 4)
    for signature in ("recover", "recover_with", "measure", "adjoint", "generate"):
        assert f"({signature}): " in said
    assert "200 requests from 4 threads: 0 wrong" in said
    assert said.endswith("ok\n")


def test_wrong_answers_and_broken_exports_are_seen(loader, exported, tmp_path):
    copy = tmp_path / "tiny" / "1"
    shutil.copytree(exported.path, copy)
    stored = copy / "assets.extra" / "examples" / "generate" / "outputs" / "x.npy"
    np.save(stored, np.load(stored) * 1.1)
    assert "x 0.091  WRONG" in run(loader, copy, expected=1)
    wrong = np.load(stored)
    wrong[0] = np.nan  # one row that failed hides no other
    np.save(stored, wrong)
    assert "x inf  WRONG" in run(loader, copy, expected=1)
    np.save(stored, wrong.astype("float64"))
    run(loader, copy, expected=2)
    (copy / "saved_model.pb").write_bytes(b"nothing")
    run(loader, copy, expected=2)
    run(loader, tmp_path / "none", expected=2)
