"""A training run, from wherever it stands to its end."""

import json
import pathlib
import platform

import keras
import tensorflow as tf

import tf_gencs as gencs
from tf_gencs import files
from training import data
from training.build import build
from training.progress import Progress, StopOnSignal, last_losses
from training.settings import PLACES, check_same_run, command


def run(settings):
    """Trains, or goes on training, and writes the preset.

    Args:
        settings: from `training.settings`.

    Returns:
        Whether the run came to its end: not if it was interrupted, or if a loss turned
        NaN.
    """
    out = pathlib.Path(settings["out"])
    _settle(out, settings)
    checkpoints = out / "checkpoints"
    latest = gencs.callbacks.latest(checkpoints)
    model = keras.saving.load_model(latest) if latest else build(settings)
    done = gencs.callbacks.training_step(model)
    if latest:
        print(f"going on from step {done}", flush=True)
    training, held_out = data.images(settings, model.value_range)
    if done < settings["steps"]:
        print(f"reading {settings['data']} ...", flush=True)
        if not _fit(model, training, settings, out, done):
            return False
    metrics = {**last_losses(out / "log.csv"), **_measure(model, held_out, settings)}
    model.save_to_preset(out / "preset", _record(settings, metrics))
    print(json.dumps(metrics, indent=2))
    print(f"Preset written to {out / 'preset'}")
    return True


def _settle(out, settings):
    """Writes config.json, or checks that the folder is of this run."""
    path = out / "config.json"
    if path.exists():
        check_same_run(settings, json.loads(path.read_text()))
    with files.replacing(path) as temporary:
        temporary.write_text(json.dumps(settings, indent=2) + "\n")


def _fit(model, training, settings, out, done):
    """Trains up to the last step; whether it came to that."""
    batches = gencs.datasets.training_batches(
        training,
        settings["batch_size"],
        seed=settings["seed"],
        first_step=done,
        flip=settings["flip"],
        value_range=model.value_range,
    )
    progress = Progress(out / "log.csv", settings["steps"], settings["log_every"])
    signals = StopOnSignal()
    no_nan = gencs.callbacks.StopOnNaN(out / "checkpoints")
    watching, stateful = [], [progress]
    if settings["family"] != "vae":
        watching.append(gencs.callbacks.CollapseWarning(settings["sample_every"]))
    if settings["family"] == "began":
        control = gencs.callbacks.ConvergenceControl(
            every=max(1, settings["patience"] // 10), patience=10
        )
        watching.append(control)
        stateful.append(control)
    checkpoint = gencs.callbacks.Checkpoint(
        out / "checkpoints", settings["save_every"], stateful=stateful
    )
    grid = gencs.callbacks.SampleGrid(out / "samples", every=settings["sample_every"])
    try:
        model.fit(
            batches,
            steps_per_epoch=settings["steps"] - done,
            shuffle=False,  # the batches are
            verbose=0,
            callbacks=[progress, no_nan, signals, *watching, grid, checkpoint],
        )
    finally:
        signals.restore()
    if no_nan.stopped_at is not None:
        return False
    checkpoint.write()
    step = gencs.callbacks.training_step(model)
    if signals.received and step < settings["steps"]:
        print(f"Stopped at step {step}. To go on:\n{command(settings, places=True)}")
        return False
    return True


def _measure(model, held_out, settings):
    """Losses and representation error on images that nothing was chosen by."""
    measured = {}
    if settings["family"] == "vae":
        losses = model.evaluate(held_out.batch(500), verbose=0, return_dict=True)
        measured.update(losses)
    images = data.stack(held_out, settings["held_out"])
    if len(images):
        print(f"measuring the representation error on {len(images)} held-out images")
        measured["held_out_images"] = len(images)
        measured["representation_error"] = model.measure_representation_error(
            images, seed=settings["seed"]
        )
    return measured


def _record(settings, metrics):
    # Where files lay on one machine says nothing about the run.
    told = {name: value for name, value in settings.items() if name not in PLACES}
    return {
        "command": command(settings),
        **told,
        "splits": data.splits(settings),
        "versions": {
            "python": platform.python_version(),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
        },
        "metrics": metrics,
    }
