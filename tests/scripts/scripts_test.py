"""The scripts run as a user runs them; their figures are not judged here."""

import importlib
import pathlib
import subprocess
import sys

import pytest

SCRIPTS = pathlib.Path(__file__).parents[2] / "scripts"


def run(name, *arguments):
    command = [sys.executable, str(SCRIPTS / f"{name}.py"), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_quickstart_prints_a_row_per_method_and_draws(tmp_path):
    picture = tmp_path / "digits.png"
    output = run("quickstart", "--signals", 2, "--picture", picture)
    for method in ("ours", "reference protocol", "Lasso, pixel", "Lasso, DCT"):
        assert any(
            line.startswith(method) and "100" in line for line in output.split("\n")
        )
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_bench_serving_prints_latencies_and_a_ratio():
    output = run("bench_serving", "--requests", 3)
    for line in ("check: ok", "batch  1: p50", "batch 64: p50", "ratio"):
        assert line in output


def test_quickstart_rejects_more_digits_than_there_are(monkeypatch, capsys):
    monkeypatch.syspath_prepend(str(SCRIPTS))
    monkeypatch.setattr("sys.argv", ["quickstart", "--signals", "301"])
    with pytest.raises(SystemExit, match="2"):
        importlib.import_module("quickstart").main()
    expected = "--signals must be from 1 to 300. Received: 301"
    assert expected in capsys.readouterr().err
