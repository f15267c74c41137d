"""scripts/train: what it refuses, how it goes on, what it leaves behind."""

import csv
import json
import os
import pathlib
import re
import shlex
import signal
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs
from tests.datasets.image_folder_test import flat, write
from tests.datasets.small_mnist import write_small_mnist

SCRIPTS = pathlib.Path(__file__).parents[2] / "scripts"
sys.path.append(str(SCRIPTS))  # where scripts find each other

from training import settings as training_settings  # noqa: E402
from training.build import build  # noqa: E402
from training.data import signal_shape  # noqa: E402
from training.run import run  # noqa: E402

TINY = {
    "vae": {"width": 8, "latent_dim": 2, "kl_warmup_steps": 4},
    "dcgan": {"width": 2, "latent_dim": 3, "ema": 0.9},
    "began": {"width": 2, "latent_dim": 3, "ema": 0.9, "patience": 10},
}
_WARM = {"controller_steps": 1, "warm_up_steps": 1, "noise_dim": 3, "labeler_width": 2}
TINY["causal_gan"] = {"width": 2, "ema": 0.9, "train_labeler": True, **_WARM}
TINY["causal_began"] = {"width": 2, "decoder_steps": 1, "patience": 10, **_WARM}
# A folder has no labels.
PAIRS = [
    (family, data)
    for family in sorted(training_settings.FAMILIES)
    for data in sorted(training_settings.DATA)
    if data != "folder" or not family.startswith("causal")
]


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """60 training and 10 test images as a tensorflow-datasets directory."""
    return write_small_mnist(tmp_path_factory.mktemp("digits"))


@pytest.fixture(autouse=True)
def run_eagerly(monkeypatch):
    """For a few steps of tiny networks, graphs take longer to trace than they save."""
    eagerly = property(lambda model: True, lambda model, value: None)
    monkeypatch.setattr(keras.Model, "run_eagerly", eagerly)


def tiny(family, digits, out, steps=12, **given):
    return training_settings.resolve(
        {
            "family": family,
            "data": "mnist",
            "data_dir": str(digits),
            "out": str(out),
            "train_split": "train[:50]",
            "held_out_split": "train[50:]",
            "batch_size": 8,
            "steps": steps,
            "held_out": 0,
            "log_every": 4,
            "save_every": 100,
            "sample_every": 100,
            "flip": True,
            **TINY[family],
            **given,
        }
    )


def state(out):
    """Everything that a run trains: weights, optimizers, averages, balance."""
    path = gencs.callbacks.latest(out / "checkpoints")
    model = keras.saving.load_model(path)
    values = {("model", i): np.asarray(v) for i, v in enumerate(model.variables)}
    pair = getattr(model.optimizer, "optimizers", [model.optimizer])
    for name, optimizer in enumerate(pair):
        for i, variable in enumerate(optimizer.variables):
            values["optimizer", name, i] = np.asarray(variable)
    return values


class StopAt(keras.callbacks.Callback):
    """Asks the process to end, as Ctrl-C does, in the middle of training."""

    stopped_at = None  # also in the place of a StopOnNaN

    def __init__(self, batch):
        super().__init__()
        self.batch = batch

    def on_train_batch_begin(self, batch, logs=None):
        if batch == self.batch:
            os.kill(os.getpid(), signal.SIGINT)


# BEGAN has whatever state there is: two optimizers, an average, a balance, a control.
@pytest.mark.long
@pytest.mark.parametrize(
    "family",
    [
        "vae",
        *(
            pytest.param(family, marks=pytest.mark.slow)
            for family in ("began", "dcgan", "causal_gan", "causal_began")
        ),
    ],
)
def test_a_run_that_was_stopped_ends_in_the_bits_of_one_that_was_not(
    digits, tmp_path, monkeypatch, capsys, family
):
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    assert run(tiny(family, digits, whole, steps=6))
    with monkeypatch.context() as patch:
        grid = gencs.callbacks.SampleGrid
        patch.setattr(gencs.callbacks, "SampleGrid", lambda *_, **__: StopAt(2))
        assert not run(tiny(family, digits, stopped, steps=6))
        assert gencs.callbacks.SampleGrid is not grid
    said = capsys.readouterr().out
    assert "Stopped at step 3. To go on:\n./scripts/train --family " + family in said
    assert f"--out {stopped}" in said
    assert not (stopped / "preset").exists()
    assert run(tiny(family, digits, stopped, steps=6))
    assert "going on from step 3" in capsys.readouterr().out
    expected, found = state(whole), state(stopped)
    assert len(expected) > 10
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, err_msg=str(name))
    # Line by line: an interruption between two lines does not show.
    assert (stopped / "log.csv").read_text() == (whole / "log.csv").read_text()


@pytest.mark.slow
def test_a_warm_up_that_was_stopped_goes_on_too(digits, tmp_path, monkeypatch, capsys):
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    given = {"steps": 2, "warm_up_steps": 6, "decoder_weight": 1.0}
    assert run(tiny("began", digits, whole, **given))
    with monkeypatch.context() as patch:
        patch.setattr(gencs.callbacks, "StopOnNaN", lambda _: StopAt(2))
        assert not run(tiny("began", digits, stopped, **given))
    assert "Stopped at step 3. To go on:\n" in capsys.readouterr().out
    assert not (stopped / "checkpoints").exists()
    assert run(tiny("began", digits, stopped, **given))
    expected, found = state(whole), state(stopped)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, err_msg=str(name))


@pytest.mark.long
def test_a_run_leaves_config_log_samples_checkpoints_and_preset(
    digits, tmp_path, capsys
):
    settings = tiny("vae", digits, tmp_path, held_out=4, save_every=5, sample_every=6)
    assert run(settings)
    lines = [row for row in capsys.readouterr().out.split("\n") if "steps/s" in row]
    assert [row.split()[1] for row in lines] == ["4/12", "8/12", "12/12"]
    assert json.loads((tmp_path / "config.json").read_text()) == settings
    with (tmp_path / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["step"] for row in rows] == ["4", "8", "12"]
    grid = tf.io.decode_png((tmp_path / "samples" / "step_00000012.png").read_bytes())
    assert grid.shape == (8 * 28, 8 * 28, 1)
    saved = sorted(path.name for path in (tmp_path / "checkpoints").glob("*.keras"))
    assert saved == ["step_00000010.keras", "step_00000012.keras"]
    model = gencs.models.VAE.from_preset(tmp_path / "preset")
    record = json.loads((tmp_path / "preset" / "record.json").read_text())
    metrics = record["metrics"]
    assert metrics["representation_error"] == model.representation_error > 0
    assert metrics["held_out_images"] == 4
    assert metrics["train_loss"] == pytest.approx(float(rows[-1]["loss"]))
    assert record["command"].startswith("./scripts/train --family vae --data mnist")
    assert str(tmp_path) not in json.dumps(record)
    assert str(digits) not in json.dumps(record)
    # The command of the record is one that gives the run's settings.
    again = training_settings.parse(shlex.split(record["command"])[1:])
    assert {k: v for k, v in again.items() if k not in training_settings.PLACES} == {
        k: v for k, v in settings.items() if k not in training_settings.PLACES
    }


@pytest.mark.long
def test_a_run_whose_loss_turns_nan_keeps_its_last_good_checkpoint(digits, tmp_path):
    settings = tiny("vae", digits, tmp_path, save_every=1, learning_rate=1e30)
    with pytest.warns(RuntimeWarning, match=r"stopped at step \d+|No checkpoint"):
        assert not run(settings)
    assert not (tmp_path / "preset").exists()
    for value in state(tmp_path).values():
        assert np.isfinite(value).all()


@pytest.mark.long
def test_a_run_folder_is_of_one_run(digits, tmp_path):
    run(tiny("vae", digits, tmp_path, steps=2))
    with pytest.raises(ValueError, match=r"`out` must be a new folder.*batch_size=8"):
        run(tiny("vae", digits, tmp_path, steps=2, batch_size=9))
    with pytest.raises(ValueError, match="steps=2"):
        run(tiny("vae", digits, tmp_path, steps=4))


@pytest.mark.long
def test_a_run_does_not_go_back(digits, tmp_path):
    run(tiny("dcgan", digits, tmp_path, steps=3))
    config = (tmp_path / "config.json").read_text()
    with pytest.raises(ValueError, match=r"`steps` must be at least 3.*Received: 2"):
        run(tiny("dcgan", digits, tmp_path, steps=2))
    assert (tmp_path / "config.json").read_text() == config


@pytest.mark.long
def test_the_last_step_is_in_the_log(digits, tmp_path):
    run(tiny("dcgan", digits, tmp_path, steps=6))
    lines = (tmp_path / "log.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in lines] == ["step", "4", "6"]


@pytest.mark.long
def test_a_batch_larger_than_the_data_is_refused(digits, tmp_path):
    with pytest.raises(ValueError, match=r"`batch_size` must be at most .* 50"):
        run(tiny("vae", digits, tmp_path, batch_size=51))
    # A start that failed does not keep the folder.
    assert run(tiny("vae", digits, tmp_path, steps=2, batch_size=8))


def test_settings_come_from_flags_then_file_then_table(tmp_path):
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"family": "dcgan", "width": 16, "seed": 3}))
    settings = training_settings.parse(["--config", str(file), "--seed", "5"])
    assert (settings["seed"], settings["width"]) == (5, 16)
    assert settings["ema"] == training_settings.FAMILIES["dcgan"]["ema"]
    pair = training_settings.PAIRS["dcgan", "mnist"]
    assert settings["learning_rate"] == pair["learning_rate"]
    assert settings["out"] == "runs/dcgan_mnist"


@pytest.mark.parametrize(("family", "data"), PAIRS)
def test_every_family_has_settings_for_every_data_set(family, data, tmp_path):
    given = {"family": family, "data": data}
    if data == "folder":
        given["folder"] = str(tmp_path)
    settings = training_settings.resolve(given)
    assert training_settings.resolve(settings) == settings
    assert settings["steps"] > 0


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ("--family vae --ema 0.9", "`ema` is no setting of family 'vae'"),
        ("--family began --kl-warmup-steps 9", "`kl_warmup_steps` is no setting"),
        ("--family vae --adversarial-loss hinge", "`adversarial_loss` is no setting"),
        ("--data mnist --held-out 0.1", "`held_out` must be a number of images"),
        ("--data folder --folder . --size 64 48 3", "`size` must hold 2 integers"),
        ("--data folder --folder . --held-out 1.5", "`held_out` must be a finite"),
        ("--data mnist --size 32", "`size` is no setting of family 'vae' on data"),
        ("--data mnist --folder photos", "`folder` is only for data 'folder'"),
        ("--data folder", "`folder` must be given"),
        ("--data folder --folder /nowhere/at/all", "`folder` must be an existing"),
        ("--steps 0", "`steps`"),
        ("--family dcgan --ema 1.0", "`ema`"),
        ("--family began --gamma 1.5", "`gamma`"),
        ("--learning-rate nan", "`learning_rate`"),
        ("--threads 0", "`threads`"),
        ("--config /nowhere/config.json", "config.json"),
        ("--family gan", "invalid choice: 'gan'"),
        ("--family causal_gan --data folder", "`data` must have labels for family"),
        ("--family causal_gan --label-loss squared", "`label_loss` is no setting"),
    ],
)
def test_refuses_settings_that_make_no_sense_before_any_work(flags, message, capsys):
    with pytest.raises(SystemExit) as ended:
        training_settings.parse(flags.split())
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


def test_a_penalty_grows_late(digits, tmp_path):
    settings = {"real_penalty": 1.0, "late_real_penalty": 10.0, "late_from": 7}
    penalty = build(tiny("dcgan", digits, tmp_path, **settings)).real_penalty
    assert [float(penalty(step)) for step in (0, 7, 8, 100)] == [1.0, 1.0, 10.0, 10.0]


@pytest.mark.slow
def test_a_run_starts_from_the_networks_of_another(digits, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    assert run(tiny("began", digits, first, steps=2))
    start = gencs.callbacks.latest(first / "checkpoints")
    given = {"start": str(start), "learning_rate": 1e-9, "steps": 1}
    assert run(tiny("began", digits, second, **given))
    before, after = (
        keras.saving.load_model(gencs.callbacks.latest(out / "checkpoints"))
        for out in (first, second)
    )
    for name in ("raw_generator", "discriminator"):
        networks = getattr(before, name), getattr(after, name)
        for one, other in zip(*(n.get_weights() for n in networks), strict=True):
            np.testing.assert_allclose(one, other, atol=1e-6)
    record = json.loads((second / "preset" / "record.json").read_text())
    told = "step_00000002 of ./scripts/train --family began"
    assert record["start"].startswith(told)
    start = gencs.callbacks.latest(second / "checkpoints")
    third = tmp_path / "third"
    assert run(tiny("began", digits, third, start=str(start), steps=1))
    record = json.loads((third / "preset" / "record.json").read_text())
    assert record["start"].startswith("step_00000001 of ")
    assert f", from {told}" in record["start"]


def test_every_setting_has_a_flag_and_every_flag_a_setting(capsys, tmp_path):
    known = {"family", "data", "out", "config"}
    for family, data in PAIRS:
        given = {"family": family, "data": data}
        if data == "folder":
            given["folder"] = str(tmp_path)
        settings = training_settings.resolve(given)
        words = shlex.split(training_settings.command(settings, places=True))
        assert training_settings.parse(words[1:]) == settings
        known |= set(settings)
    with pytest.raises(SystemExit):
        training_settings.parse(["--help"])
    shown = set(re.findall(r"--([a-z0-9-]+)", capsys.readouterr().out))
    flags = {flag.replace("-", "_") for flag in shown if not flag.startswith("no-")}
    assert flags - {"help"} <= known


@pytest.mark.parametrize("content", ["{", "[1]", '{"famly": "vae"}'])
def test_refuses_a_config_that_is_none(tmp_path, content, capsys):
    file = tmp_path / "config.json"
    file.write_text(content)
    with pytest.raises(SystemExit):
        training_settings.parse(["--config", str(file)])
    assert "`config`" in capsys.readouterr().err or "famly" in content


@pytest.fixture
def photos(tmp_path):
    """Twelve images of 18 x 12 pixels."""
    for i in range(12):
        write(tmp_path / "photos" / f"{i:02}.png", flat(20 * i, size=(18, 12)))
    return tmp_path / "photos"


def tiny_photos(photos, out, steps, **given):
    return training_settings.resolve(
        {
            "family": "dcgan",
            "data": "folder",
            "folder": str(photos),
            "out": str(out),
            "size": [12, 8],
            "batch_size": 4,
            "steps": steps,
            **TINY["dcgan"],
            **given,
        }
    )


@pytest.mark.long
def test_what_is_held_out_of_a_folder_stays_so_when_images_are_added(
    photos, tmp_path, monkeypatch
):
    taken = []

    def look(model, held_out, settings):
        taken.append([float(x.mean()) for x in held_out.as_numpy_iterator()])
        return {}

    monkeypatch.setattr("training.run._measure", look)
    out = tmp_path / "run"
    settings = {"held_out": 3, "flip": False, "ema": 0.0}
    assert run(tiny_photos(photos, out, 1, **settings))
    for i in range(12):
        write(photos / f"0{i}_new.png", flat(20 * i + 7, size=(18, 12)))
    assert run(tiny_photos(photos, out, 2, **settings))
    assert len(taken[0]) == 3
    assert taken[1] == taken[0]
    with pytest.raises(ValueError, match=r"`held_out` must be at most 3"):
        run(tiny_photos(photos, out, 3, **{**settings, "held_out": 4}))
    (out / "held_out.json").unlink()
    with pytest.raises(ValueError, match=r"`out` must be a new folder.*held_out.json"):
        run(tiny_photos(photos, out, 3, **settings))
    # A start that failed has trained on nothing.
    new = tmp_path / "new"
    with pytest.raises(ValueError, match="`batch_size` must be at most"):
        run(tiny_photos(photos, new, 1, batch_size=99, **settings))
    assert run(tiny_photos(photos, new, 1, **{**settings, "held_out": 4}))
    assert len(taken[2]) == 4


def test_splits_that_share_images_are_refused(digits, tmp_path):
    shared = {"train_split": "train", "held_out_split": "train[55:]"}
    with pytest.raises(ValueError, match=r"no image of `train_split`.*share 5"):
        run(tiny("vae", digits, tmp_path, **shared))


def test_a_size_is_one_number_or_two(tmp_path):
    for words, size in (("8", [8, 8]), ("12 8", [12, 8])):
        flags = [
            "--data",
            "folder",
            "--folder",
            str(tmp_path),
            "--size",
            *words.split(),
        ]
        settings = training_settings.parse(flags)
        assert settings["size"] == size
        assert signal_shape(settings) == (*size, 3)
        again = training_settings.command(settings, places=True)
        assert training_settings.parse(shlex.split(again)[1:]) == settings


def test_a_home_folder_is_one_for_every_place(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "photos").mkdir()
    flags = [
        "--data",
        "folder",
        "--folder",
        "~/photos",
        "--out",
        "~/run",
        "--data-dir",
        "~/data",
    ]
    settings = training_settings.parse(flags)
    for name in ("folder", "out", "data_dir"):
        assert settings[name].startswith(str(tmp_path))


def test_an_unwritable_run_folder_is_told_before_any_work(digits, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="`out` must be a place that can be written to"):
        run(tiny("vae", digits, tmp_path / "file" / "run"))
