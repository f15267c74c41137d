"""A training run, from wherever it stands to its end."""

import json

import keras
from records import versions

import tf_gencs as gencs
from tf_gencs import files
from tf_gencs.callbacks import training_step
from training import data
from training.build import build
from training.fit import batches_from, fit
from training.progress import last_losses
from training.settings import PLACES, check_same_run, command
from training.warm_up import warm_up


def run(settings):
    """Trains, or goes on training, and writes the preset.

    Args:
        settings: from `training.settings`.

    Returns:
        Whether the run came to its end: not if it was interrupted, or if a loss turned
        NaN.
    """
    out = files.folder_to_write(settings["out"], "out")
    latest = gencs.callbacks.latest(out / "checkpoints")
    _check_config(out, settings)
    model = keras.saving.load_model(latest) if latest else _new(settings)
    done = training_step(model)
    if done > settings["steps"]:
        raise ValueError(
            f"`steps` must be at least {done}, where the run in {out} stands. "
            f"Received: {settings['steps']}"
        )
    training, held_out = data.images(settings, model.value_range)
    _write_config(out, settings)
    if latest:
        print(f"going on from step {done}", flush=True)
    if done < settings["steps"]:
        print(f"reading {settings['data']} ...", flush=True)
        labels = data.labels(settings)
        started = done or warm_up(model, training, labels, settings)
        if not (started and _train(model, training, labels, settings)):
            return False
    metrics = {**last_losses(out / "log.csv"), **_measure(model, held_out, settings)}
    model.save_to_preset(out / "preset", _record(settings, metrics))
    print(json.dumps(metrics, indent=2))
    print(f"Preset written to {out / 'preset'}")
    return True


def _new(settings):
    """A model as it is before training: new, or with networks of another run."""
    model = build(settings)
    if settings["start"] is None:
        return model
    other = keras.saving.load_model(files.path(settings["start"], "start"))
    for name in ("generator", "discriminator", "encoder"):
        network, trained = getattr(model, name), getattr(other, name, None)
        if network is not None:
            network.set_weights(trained.get_weights())
    if getattr(model, "raw_generator", None) is not None:
        # The one that trains, beside which D learned, and of which the other is a mean.
        model.raw_generator.set_weights(other.training_generator.get_weights())
    return model


def _check_config(out, settings):
    """Raises ValueError where the folder holds checkpoints of another run."""
    path, record = out / "config.json", out / data.HELD_OUT
    if not any(out.rglob("checkpoints/*.keras")):
        # The start failed: the settings were perhaps wrong, and nothing has trained.
        record.unlink(missing_ok=True)
        return
    if path.exists():
        check_same_run(settings, json.loads(path.read_text()))
    if settings["data"] == "folder" and not record.exists():
        raise ValueError(
            f"`out` must be a new folder: the run in {out} has no {record.name}, so "
            "which images it has not trained on is not known."
        )


def _write_config(out, settings):
    with files.replacing(out / "config.json") as temporary:
        temporary.write_text(json.dumps(settings, indent=2) + "\n")


def _train(model, training, labels, settings):
    """Trains up to the last step; whether it came to that."""
    watching, stateful = [], []
    if settings["family"] != "vae":
        watching.append(gencs.callbacks.CollapseWarning(settings["sample_every"]))
    if settings["family"].endswith("began"):
        control = gencs.callbacks.ConvergenceControl(
            every=max(1, settings["patience"] // 10), patience=10
        )
        watching.append(control)
        stateful.append(control)
    out = files.path(settings["out"], "out")
    grid = gencs.callbacks.SampleGrid(out / "samples", every=settings["sample_every"])
    step = training_step(model)
    batches = batches_from(training, settings, step, model.value_range, labels)
    return fit(
        model, batches, settings["steps"], settings, out, [*watching, grid], stateful
    )


def _measure(model, held_out, settings):
    """Losses and representation error on images that nothing was chosen by."""
    measured, images = {}, data.stack(held_out, settings["held_out"])
    if settings["family"] == "vae" and held_out.cardinality() != 0:
        losses = model.evaluate(held_out.batch(500), verbose=0, return_dict=True)
        measured.update(losses)
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
    if settings["start"] is not None:
        told["start"] = _origin(settings["start"])
    return {
        "command": command(settings),
        **told,
        "splits": data.splits(settings),
        "versions": versions(),
        "metrics": metrics,
    }


def _origin(start):
    """The checkpoint and the command that made it, and where that run had started."""
    start = files.path(start, "start")
    before = json.loads((start.parents[1] / "config.json").read_text())
    origin = f"{start.stem} of {command(before)}"
    if before.get("start") is not None:  # runs of 0.1.0 have none
        origin += f", from {_origin(before['start'])}"
    return origin
