"""The scripts run as a user runs them; their figures are not judged here."""

import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest

import tf_gencs as gencs
from tests.datasets.idx_files_test import idx_bytes
from tf_gencs.datasets.mnist_from_idx import mnist_from_idx

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


def test_quickstart_rejects_more_digits_than_there_are():
    command = [sys.executable, str(SCRIPTS / "quickstart.py"), "--signals", "301"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert "--signals must be from 1 to 300. Received: 301" in done.stderr


# Stopped like this, Keras leaves its log file to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_training_goes_on_where_it_stopped_and_ends_in_a_preset(tmp_path, monkeypatch):
    write_small_mnist(tmp_path)
    monkeypatch.syspath_prepend(str(SCRIPTS))
    import train

    monkeypatch.setitem(train.SPLITS, "mnist", ("train[:50]", "train[50:]"))
    out = tmp_path / "run"
    arguments = ["train", "--data-dir", tmp_path / "tfds", "--out", out, "--epochs", 3]
    monkeypatch.setattr("sys.argv", [str(argument) for argument in arguments])

    def stop_after_first_epoch(self, epoch, logs=None):
        save(self, epoch, logs)
        raise KeyboardInterrupt

    save = train.Checkpoint.on_epoch_end
    with monkeypatch.context() as patch:
        patch.setattr(train.Checkpoint, "on_epoch_end", stop_after_first_epoch)
        with pytest.raises(KeyboardInterrupt):
            train.main()
    assert not (out / "preset").exists()
    train.main()
    log = (out / "log.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in log] == ["epoch", "0", "1", "2"]
    model = gencs.models.VAE.from_preset(out / "preset")
    record = json.loads((out / "preset" / "record.json").read_text())
    assert record["metrics"]["representation_error"] == model.representation_error > 0
    assert record["command"].startswith("./scripts/train --family vae")
    assert str(tmp_path) not in json.dumps(record)


def write_small_mnist(folder):
    """60 training and 10 test images as a tensorflow-datasets directory."""
    rng = np.random.default_rng(0)
    counts = {"train": 60, "t10k": 10}
    for split, count in counts.items():
        images = rng.integers(0, 256, (count, 28, 28), np.uint8)
        labels = rng.integers(0, 10, count, np.uint8)
        (folder / f"{split}-images-idx3-ubyte").write_bytes(idx_bytes(images))
        (folder / f"{split}-labels-idx1-ubyte").write_bytes(idx_bytes(labels))
    examples = {"train": 60, "test": 10}
    mnist_from_idx(folder, folder / "tfds", examples=examples)
