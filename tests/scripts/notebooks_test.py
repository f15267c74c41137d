"""Notebooks are whole, and say what is so; slow: each runs from nothing."""

import ast
import importlib
import json
import pathlib
import pkgutil
import re
import subprocess

import numpy as np
import pytest

SCRIPTS = pathlib.Path(__file__).parents[2] / "scripts"
FOLDER = SCRIPTS / "notebooks"
NAMES = sorted(path.stem for path in FOLDER.glob("*.ipynb"))
NUMBER = re.compile(r"-?\d*\.?\d+(?:e[-+]?\d+)?")
every_notebook = pytest.mark.parametrize("name", NAMES)


def cells(name, kind=None):
    found = json.loads((FOLDER / f"{name}.ipynb").read_text())["cells"]
    return [cell for cell in found if kind in (None, cell["cell_type"])]


def source(cell):
    return "".join(cell["source"])


def printed(cell):
    """What a cell wrote, as one text."""
    streams = [out for out in cell["outputs"] if out["output_type"] == "stream"]
    return "".join("".join(out["text"]) for out in streams)


@pytest.fixture
def run(monkeypatch):
    """The module that runs and saves notebooks."""
    pytest.importorskip("nbclient", reason="nbclient, of extra `dev`, runs notebooks")
    pytest.importorskip(
        "ipykernel", reason="ipykernel, of extra `dev`, is their kernel"
    )
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module("run")


def test_there_are_notebooks_in_the_order_of_their_numbers():
    assert [int(name[:2]) for name in NAMES] == list(range(1, len(NAMES) + 1))


@every_notebook
def test_a_notebook_is_valid_and_small(name):
    nbformat = pytest.importorskip("nbformat")
    path = FOLDER / f"{name}.ipynb"
    nbformat.validate(nbformat.read(path, as_version=4))
    assert path.stat().st_size < 1_000_000
    assert source(cells(name)[0]).startswith("# ")


@every_notebook
def test_a_notebook_was_saved_as_it_ran_once_from_the_top(name):
    code = cells(name, "code")
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    for cell in code:
        shows = re.search(r"^(print|show|side_by_side|plt\.show)\(", source(cell), re.M)
        assert cell["outputs"] or not shows, source(cell)
        for out in cell["outputs"]:
            assert out["output_type"] != "error"
            assert out.get("name") != "stderr", out


@every_notebook
def test_a_notebook_holds_nothing_of_the_machine_it_ran_on(name):
    notebook = json.loads((FOLDER / f"{name}.ipynb").read_text())
    assert set(notebook["metadata"]) == {"kernelspec", "language_info"}
    for cell in notebook["cells"]:
        assert not cell["metadata"]
        for out in cell.get("outputs", []):
            out.get("data", {}).pop("image/png", None)
        text = json.dumps(cell)
        assert not re.search(r"/(home|root|tmp|usr|opt|work|Users|var)/", text), text


@every_notebook
def test_exercises_have_their_answers_below(name):
    text = "\n".join(source(cell) for cell in cells(name, "markdown"))
    found = re.findall(r"\*\*(Exercise|Answer) (\d+)\.\*\*", text)
    count = len(found) // 2
    assert count >= 3
    assert found == [
        (what, str(i + 1)) for i in range(count) for what in ("Exercise", "Answer")
    ]


@every_notebook
def test_a_notebook_asserts_its_claims_and_draws(name):
    code = cells(name, "code")
    claims = [c for c in code if re.search(r"\bassert(_allclose)?\b", source(c))]
    pictures = [
        c for c in code if any("image/png" in o.get("data", {}) for o in c["outputs"])
    ]
    assert len(claims) >= len(code) / 3
    assert len(pictures) >= len(code) / 6


@every_notebook
def test_names_and_links_of_a_notebook_lead_somewhere(name):
    for cell in cells(name):
        for used in re.findall(r"\bgencs((?:\.[A-Za-z_]\w*)+)", source(cell)):
            pkgutil.resolve_name(f"tf_gencs{used}")
        if cell["cell_type"] == "code":
            ast.parse(source(cell))
            continue
        for link in re.findall(r"\]\(([^)\s]+)\)", source(cell)):
            if not re.match(r"[a-z]+:|#", link):
                assert (FOLDER / link.partition("#")[0]).exists(), link


def test_every_notebook_is_listed_with_its_title():
    listed = subprocess.run(
        [SCRIPTS / "notebook"], capture_output=True, text=True, check=True
    ).stdout
    found = dict(re.findall(r"^  (\w+) +(.+)$", listed, re.M))
    assert found == {n: source(cells(n)[0]).splitlines()[0][2:] for n in NAMES}


def test_every_notebook_has_a_row_on_both_pages():
    for page in (FOLDER / "README.md", SCRIPTS.parent / "README.md"):
        rows = re.findall(r"\]\([\w/]*?(\w+)\.ipynb\)", page.read_text())
        assert rows == NAMES, page


@pytest.mark.parametrize("name", ["10_quantum", "../env", ""])
def test_an_unknown_notebook_is_refused_with_the_list(name):
    done = subprocess.run([SCRIPTS / "notebook", name], capture_output=True, text=True)
    assert done.returncode == 2
    assert f"no notebook '{name}'" in done.stderr
    assert NAMES[0] in done.stderr


def test_what_is_saved_knows_no_path_no_time_and_no_log(run):
    from nbformat import v4 as new

    outputs = [
        new.new_output("stream", name="stderr", text="I0000 00:00 1 a.cc:31] hello\n"),
        new.new_output("stream", name="stdout", text="one "),
        new.new_output("stream", name="stdout", text=f"{run.ROOT}/README.md\n"),
    ]
    cell = new.new_code_cell("1", outputs=outputs, execution_count=1)
    cell.metadata["execution"] = {"iopub.status.busy": "2020-01-01"}
    (cleaned,) = run.clean(new.new_notebook(cells=[cell])).cells
    assert not cleaned.metadata
    assert [out.text for out in cleaned.outputs] == ["one README.md\n"]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@every_notebook
def test_a_notebook_runs_from_nothing_to_the_numbers_that_are_saved(name, run):
    for saved, new in zip(cells(name), run.execute(name).cells, strict=True):
        if "assert" in source(saved) and saved["cell_type"] == "code":
            before, after = printed(saved), printed(new)
            assert NUMBER.sub("#", before) == NUMBER.sub("#", after)
            before, after = (
                [float(number) for number in NUMBER.findall(text)]
                for text in (before, after)
            )
            # Other processors round otherwise, and training goes on from there.
            np.testing.assert_allclose(after, before, rtol=0.25, atol=0.05)
