import pathlib
import signal
import subprocess
import sys
import textwrap
import time

import keras
import numpy as np
import pytest

import tf_gencs as gencs
from tests.callbacks.models import scripted_gan, small_vae, train

ROOT = pathlib.Path(__file__).parents[2]


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.long
def test_keeps_the_newest_and_finds_them(tmp_path):
    train(small_vae(), 10, [gencs.callbacks.Checkpoint(tmp_path, every=2, keep=3)])
    assert names(tmp_path) == [f"step_{n:08}.keras" for n in (6, 8, 10)]
    assert gencs.callbacks.latest(tmp_path).name == "step_00000010.keras"


@pytest.mark.long
def test_keeps_all_if_wanted_by_epochs_too(tmp_path):
    checkpoint = gencs.callbacks.Checkpoint(tmp_path, every=2, keep=0, unit="epochs")
    train(small_vae(), 3, [checkpoint], epochs=6)
    assert names(tmp_path) == [f"step_{n:08}.keras" for n in (6, 12, 18)]


@pytest.mark.long
def test_a_stopped_training_goes_on_to_the_same_bits(tmp_path):
    whole, stopped = small_vae(), small_vae()
    train(whole, 12)
    train(stopped, 6, [gencs.callbacks.Checkpoint(tmp_path, every=3)])
    resumed = keras.saving.load_model(gencs.callbacks.latest(tmp_path))
    assert gencs.callbacks.training_step(resumed) == 6
    resumed.run_eagerly = True
    train(resumed, 6)
    states = (
        model.get_weights() + [np.asarray(v) for v in model.optimizer.variables]
        for model in (whole, resumed)
    )
    for first, second in zip(*states, strict=True):
        np.testing.assert_array_equal(first, second)


def test_counts_steps_over_the_life_of_the_model(tmp_path):
    vae = small_vae()
    train(vae, 3)
    train(vae, 4, [gencs.callbacks.Checkpoint(tmp_path, every=5)])
    assert names(tmp_path) == ["step_00000005.keras"]


def test_passes_over_damaged_and_unfinished_files(tmp_path):
    assert gencs.callbacks.latest(tmp_path / "missing") is None
    train(small_vae(), 6, [gencs.callbacks.Checkpoint(tmp_path, every=3)])
    newest = tmp_path / "step_00000006.keras"
    (tmp_path / "writing_step_00000009.keras").write_bytes(newest.read_bytes()[:500])
    (tmp_path / "step_best.keras").write_bytes(b"something else")
    assert gencs.callbacks.latest(tmp_path) == newest
    newest.write_bytes(newest.read_bytes()[:-500])
    with pytest.warns(RuntimeWarning, match=f"Damaged checkpoint.*{newest.name}"):
        assert gencs.callbacks.latest(tmp_path).name == "step_00000003.keras"


@pytest.mark.slow
def test_the_one_before_survives_a_process_killed_in_the_middle_of_a_write(tmp_path):
    # The weights reach the file under its other name, then the write hangs.
    script = """
        import time
        import tf_gencs as gencs
        from tests.callbacks.models import small_vae, train

        folder = {folder!r}
        vae = small_vae()
        train(vae, 2, [gencs.callbacks.Checkpoint(folder, every=2)])
        save = type(vae).save

        def slow_save(self, path):
            save(self, path)
            with open(path, "r+b") as file:
                file.truncate(path.stat().st_size // 2)
            time.sleep(600)

        type(vae).save = slow_save
        train(vae, 2, [gencs.callbacks.Checkpoint(folder, every=2)])
    """
    script = textwrap.dedent(script).format(folder=str(tmp_path))
    process = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT)
    unfinished = tmp_path / "writing_step_00000004.keras"
    try:
        deadline = time.monotonic() + 120
        while not (unfinished.exists() and unfinished.stat().st_size):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert names(tmp_path) == ["step_00000002.keras", unfinished.name]
    model = keras.saving.load_model(gencs.callbacks.latest(tmp_path))
    assert gencs.callbacks.training_step(model) == 2
    train(model, 2, [gencs.callbacks.Checkpoint(tmp_path, every=2)])
    assert names(tmp_path) == ["step_00000002.keras", "step_00000004.keras"]


def test_a_failed_write_leaves_nothing_behind(tmp_path, monkeypatch):
    vae = small_vae()
    checkpoint = gencs.callbacks.Checkpoint(tmp_path, every=2)
    train(vae, 2, [checkpoint])

    def full(self, path):
        path.write_bytes(b"half of it")
        raise OSError("No space left on device")

    monkeypatch.setattr(type(vae), "save", full)
    with pytest.raises(OSError, match="No space left"):
        train(vae, 2, [checkpoint])
    assert names(tmp_path) == ["step_00000002.keras"]


@pytest.mark.parametrize("where", ["weights", "optimizer", "losses"])
def test_is_never_written_with_nan(tmp_path, where):
    vae = small_vae()
    train(vae, 1)
    logs = {"loss": 1.0}
    if where == "losses":
        logs["loss"] = float("inf")
    else:
        source = vae.generator if where == "weights" else vae.optimizer
        variable = (source.weights if where == "weights" else source.variables)[-1]
        variable.assign(np.full(variable.shape, np.nan, "float32"))
    checkpoint = gencs.callbacks.Checkpoint(tmp_path)
    checkpoint.set_model(vae)
    with pytest.warns(RuntimeWarning, match="No checkpoint at step 1: NaN or infinity"):
        assert checkpoint.write(1, logs) is None
    assert names(tmp_path) == []


@pytest.mark.long
def test_keeps_the_state_of_callbacks_with_the_step_it_belongs_to(tmp_path):
    def control():
        return gencs.callbacks.ConvergenceControl(every=2, patience=9, monitor="loss")

    def fit(model, steps, control):
        checkpoint = gencs.callbacks.Checkpoint(tmp_path, every=3, stateful=[control])
        train(model, steps, [control, checkpoint])

    whole, first, second = control(), control(), control()
    fit(small_vae(), 6, first)
    fit(keras.saving.load_model(gencs.callbacks.latest(tmp_path)), 3, second)
    assert names(tmp_path)[:2] == ["step_00000006.json", "step_00000006.keras"]
    # The losses in the logs are means since `fit` began: compare what does not change.
    assert second.get_state()[3] == 1
    fit(small_vae(), 9, whole)
    assert second.get_state()[1] == whole.get_state()[1]
    assert second.best <= first.best


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"every": 0}, "`every`"),
        ({"keep": -1}, "`keep`"),
        ({"unit": "hours"}, "`unit` must be one of .*'hours'"),
    ],
)
def test_rejects_wrong_arguments(tmp_path, kwargs, message):
    with pytest.raises(ValueError, match=message):
        gencs.callbacks.Checkpoint(tmp_path, **kwargs)


def test_stop_on_nan_names_the_step_and_the_way_back(tmp_path):
    def script(step):
        return {"d_loss": 0.5 if step < 5 else float("nan")}

    gan = scripted_gan(script)
    stop = gencs.callbacks.StopOnNaN(tmp_path)
    with pytest.warns(RuntimeWarning) as caught:
        train(gan, 10, [stop, gencs.callbacks.Checkpoint(tmp_path, every=1)])
    said = " | ".join(str(warning.message) for warning in caught)
    assert "stopped at step 5: NaN or infinity in d_loss" in said
    assert str(tmp_path / "step_00000004.keras") in said
    assert stop.stopped_at == 5
    assert gan.training_steps == 5
    assert gencs.callbacks.latest(tmp_path).name == "step_00000004.keras"
