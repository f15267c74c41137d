"""How the native library is found, and what happens where it cannot be used."""

import json
import os
import shutil
import subprocess
import sys
import warnings

import numpy as np
import pytest
import tensorflow as tf

from tf_gencs import ops
from tf_gencs.ops import library

needs_native = pytest.mark.skipif(
    library.native() is None, reason="the native library is not built"
)


def measure():
    signs = np.tile(np.array([1, -1, -1], np.int8), 8)
    x = np.sin(np.arange(48.0)).reshape(2, 24)
    return ops.hadamard_measure(x, signs, np.arange(0, 24, 5, dtype=np.int32)).numpy()


@pytest.fixture
def elsewhere(monkeypatch, tmp_path):
    """An empty folder in which `library.load()` looks for the library."""
    for name in ("_native", "_unsaid"):  # to be put back
        monkeypatch.setattr(library, name, None)
    monkeypatch.setattr(library, "_FOLDER", tmp_path)
    monkeypatch.delenv("TF_GENCS_NATIVE", raising=False)
    return tmp_path


def write_build_info(folder, tensorflow):
    info = {"tensorflow": tensorflow, "compiler": "GNU 12", "cuda": None}
    (folder / "build_info.json").write_text(json.dumps(info))


def test_backend_is_one_of_the_three():
    assert ops.backend() in ("cuda", "cpu", "twin")
    if library.native() is not None and not tf.config.list_physical_devices("GPU"):
        assert ops.backend() == "cpu"


def test_missing_library_warns_once_and_gives_the_same_results(elsewhere):
    expected = library_results_of_twin()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        library.load()  # on import, when nobody has asked for an op
    with pytest.warns(RuntimeWarning, match="is missing") as record:
        results = measure()
    assert len(record) == 1
    assert tf.__version__ in str(record[0].message)
    assert "TF_GENCS_NATIVE=0" in str(record[0].message)
    np.testing.assert_allclose(results, expected, rtol=1e-12)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        measure()
    assert ops.backend() == "twin"


def test_mismatched_tensorflow_is_refused_before_loading(elsewhere, monkeypatch):
    (elsewhere / "_gencs_ops.so").write_bytes(b"")
    write_build_info(elsewhere, "2.3.1")
    monkeypatch.setattr(
        tf, "load_op_library", lambda path: pytest.fail("must not be opened")
    )
    library.load()
    with pytest.warns(RuntimeWarning) as record:
        assert ops.backend() == "twin"
    message = str(record[0].message)
    assert len(record) == 1
    assert "2.3.1" in message
    assert tf.__version__ in message
    assert "pip install" in message


def test_another_patch_release_of_tensorflow_is_accepted(elsewhere, monkeypatch):
    (elsewhere / "_gencs_ops.so").write_bytes(b"")
    write_build_info(elsewhere, ".".join(tf.__version__.split(".")[:2]) + ".99")
    loaded = object()
    monkeypatch.setattr(tf, "load_op_library", lambda path: loaded)
    library.load()
    assert library.native() is loaded


def test_damaged_library_warns_with_the_reason(elsewhere):
    (elsewhere / "_gencs_ops.so").write_bytes(b"this is no library")
    write_build_info(elsewhere, tf.__version__)
    library.load()
    with pytest.warns(RuntimeWarning, match="cannot be loaded"):
        assert ops.backend() == "twin"


def test_library_without_its_record_is_not_opened(elsewhere):
    (elsewhere / "_gencs_ops.so").write_bytes(b"")
    (elsewhere / "build_info.json").write_text("{")
    library.load()
    with pytest.warns(RuntimeWarning, match=r"no readable build_info\.json"):
        assert ops.backend() == "twin"


def test_environment_variable_forces_twins_silently(elsewhere, monkeypatch):
    monkeypatch.setenv("TF_GENCS_NATIVE", "0")
    library.load()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert ops.backend() == "twin"
        np.testing.assert_allclose(measure(), library_results_of_twin(), rtol=1e-12)


def library_results_of_twin():
    with library.twins():
        return measure()


@needs_native
def test_twins_context_leaves_no_native_op_in_a_graph():
    signs, rows = np.ones(24, np.int8), np.arange(5, dtype=np.int32)

    def op_types():
        @tf.function(input_signature=[tf.TensorSpec([None, 24])])
        def function(x):
            return ops.hadamard_measure(x, signs, rows)

        graph = function.get_concrete_function().graph
        return {operation.type for operation in graph.get_operations()}

    with ops.twins():
        assert not any(name.startswith("Gencs>") for name in op_types())
    assert "Gencs>HadamardMeasure" in op_types()


@needs_native
@pytest.mark.long
def test_fresh_process_without_the_library_file_works_on_twins(tmp_path):
    source = library._FOLDER.parent
    copy = tmp_path / "tf_gencs"
    copy.mkdir()
    (copy / "__init__.py").write_text("")
    shutil.copytree(source / "ops", copy / "ops", ignore=shutil.ignore_patterns("*.so"))
    script = (
        "import warnings, numpy as np, tf_gencs.ops as ops\n"
        "with warnings.catch_warnings(record=True) as caught:\n"
        "    warnings.simplefilter('always')\n"
        "    y = ops.hadamard_measure(np.ones((1, 4)), np.ones(4, 'int8'), [0, 1])\n"
        "    ops.backend()\n"
        "count = sum('op library of tf_gencs' in str(w.message) for w in caught)\n"
        "print(count, ops.backend(), y.numpy().round(6).tolist())"
    )
    assert run(script, cwd=tmp_path) == "1 twin [[2.828427, 0.0]]"


def run(script, cwd=None):
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment.pop("TF_GENCS_NATIVE", None)
    result = subprocess.run(
        [sys.executable, "-c", script],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()
