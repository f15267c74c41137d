"""`check` runs an export where tf_gencs is not, and sees what is wrong with it."""

import shutil

import numpy as np
import pytest

import tf_gencs as gencs
from tests.serving.exports import model_of, random_a

pytestmark = pytest.mark.long  # each export is traced for seconds

SIGNATURES = {"serving_default", "recover", "recover_with", "measure", "adjoint"}


def test_a_good_export_passes_and_the_report_says_what_is_there(exported, capsys):
    report = gencs.serving.check(exported.path)
    assert report.ok, report.problems
    assert not report.foreign_ops
    assert set(report.signatures) == SIGNATURES | {"generate"}
    assert report.signatures["recover"]["inputs"] == {
        "seed": ("int64", (None,)),
        "y": ("float32", (None, 16)),
    }
    assert report.warmup_requests == len(report.differences) == 6
    assert report.differences["recover"]["x"] < 1e-3
    assert report.graph_bytes < 200_000  # and 258,000 with names as they were traced
    printed = capsys.readouterr().out
    assert f"{exported.path}: ok" in printed
    assert "generate: z float32 (batch, 4) -> x float32 (batch, 6, 6, 1)" in printed


@pytest.mark.slow
def test_wrong_answers_and_broken_files_are_seen(exported, tmp_path):
    copy = tmp_path / "tiny" / "3"
    shutil.copytree(exported.path, copy)
    stored = copy / "assets.extra" / "examples" / "measure" / "outputs" / "y.npy"
    wrong = np.load(stored) + 1
    wrong[0] = np.nan  # one row that failed hides no other
    np.save(stored, wrong)
    (problem,) = gencs.serving.check(tmp_path / "tiny", verbose=False).problems
    assert problem.startswith("y of example measure differs by")
    shutil.rmtree(copy / "assets.extra")
    (problem,) = gencs.serving.check(copy, verbose=False).problems
    assert problem.startswith("it holds no examples")
    (variables,) = copy.glob("variables/variables.data*")
    variables.write_bytes(variables.read_bytes()[:100])
    (problem,) = gencs.serving.check(copy, verbose=False).problems
    assert problem.startswith("it could not be run: ")


@pytest.mark.slow
def test_native_operations_are_foreign_to_a_stock_server(tmp_path):
    if gencs.ops.backend() == "twin":
        pytest.skip("the native library is not loaded")
    path = model_of().export_recovery(tmp_path / "native", random_a(), ops="native")
    report = gencs.serving.check(path, verbose=False)
    assert any(name.startswith("Gencs>") for name in report.foreign_ops)
    (problem,) = report.problems
    assert problem.startswith("a stock server has no operations Gencs>")
    assert report.differences["recover"]["x"] < 1e-5


def test_where_there_is_no_export_check_says_so(tmp_path):
    for place in (tmp_path, tmp_path / "none"):
        with pytest.raises(FileNotFoundError, match="`path` must be an export"):
            gencs.serving.check(place)
