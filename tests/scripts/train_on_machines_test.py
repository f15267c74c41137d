"""Two processes, as on two machines, train as one does, also where one is killed."""

import os
import pathlib
import re
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import pytest

import tf_gencs as gencs

SCRIPT = pathlib.Path(__file__).parents[2] / "scripts" / "train_on_machines.py"


def command(folder, family, *options):
    told = ["--out", folder, "--family", family, "--dtype", "float64", *options]
    return [sys.executable, str(SCRIPT), *map(str, told), "--steps", "20"]


def weights(folder):
    path = gencs.callbacks.latest(folder / "checkpoints")
    assert path.name == "step_00000020.keras"
    return keras.saving.load_model(path).get_weights()


def wait_for_checkpoint(folder):
    for _ in range(60_000):
        if gencs.callbacks.latest(folder):
            return
        time.sleep(0.01)
    raise AssertionError("There was no checkpoint")


def assert_same(folder, other):
    for one, another in zip(weights(folder), weights(other), strict=True):
        np.testing.assert_allclose(one, another, rtol=1e-9, atol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("family", ["vae", "dcgan"])
def test_two_processes_train_as_one_does(family, tmp_path):
    together = command(tmp_path / "together", family, "--processes", 2)
    subprocess.run(together, check=True, timeout=1800)
    subprocess.run(command(tmp_path / "alone", family), check=True, timeout=1800)
    assert_same(tmp_path / "together", tmp_path / "alone")


@pytest.mark.slow
def test_training_goes_on_where_a_process_was_killed(tmp_path):
    """One is killed once there is a checkpoint; both start again from the last."""
    folder, every = tmp_path / "killed", ("--save-every", 2)
    together = command(folder, "dcgan", *every, "--processes", 2)
    log, killed = [], False
    with subprocess.Popen(together, stdout=subprocess.PIPE, text=True) as running:
        for line in running.stdout:
            log.append(line)
            if not killed and "from step 0" in line:
                victim = int(re.search(r"process 1 has id (\d+)", "".join(log))[1])
                wait_for_checkpoint(folder / "checkpoints")
                os.kill(victim, signal.SIGKILL)
                killed = True
        assert running.wait(timeout=1800) == 0
    log = "".join(log)
    assert "A process ended with status -9: all start again" in log
    started = [int(step) for step in re.findall(r"from step (\d+)", log)]
    assert 0 < max(started) < 20
    subprocess.run(command(tmp_path / "alone", "dcgan"), check=True, timeout=1800)
    assert_same(folder, tmp_path / "alone")
