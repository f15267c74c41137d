"""`fit` with what every training has: a log, checkpoints, and ways to end early."""

import tf_gencs as gencs
from tf_gencs.callbacks import training_step
from training.progress import Progress, StopOnSignal
from training.settings import command


def batches_from(training, settings, step, value_range, labels=None):
    """The batches of a run from a step on, endless."""
    return gencs.datasets.training_batches(
        training,
        settings["batch_size"],
        seed=settings["seed"],
        first_step=step,
        flip=settings["flip"],
        value_range=value_range,
        labels=labels,
    )


def fit(model, batches, steps, settings, out, callbacks=(), stateful=()):
    """Trains a model up to a step; whether it came to that.

    Args:
        model: compiled Keras model.
        batches: `tf.data.Dataset`, from the step on at which the model is.
        steps: of the model's whole life.
        settings: of the run.
        out: folder of the log and the checkpoints.
        callbacks: besides those.
        stateful: those of `callbacks` whose state belongs to a checkpoint.
    """
    progress = Progress(out / "log.csv", steps, settings["log_every"])
    signals = StopOnSignal()
    no_nan = gencs.callbacks.StopOnNaN(out / "checkpoints")
    checkpoint = gencs.callbacks.Checkpoint(
        out / "checkpoints",
        settings["save_every"],
        stateful=[progress, *stateful],
    )
    try:
        model.fit(
            batches,
            steps_per_epoch=steps - training_step(model),
            shuffle=False,  # the batches are
            verbose=0,
            callbacks=[progress, no_nan, signals, *callbacks, checkpoint],
        )
    finally:
        signals.restore()
    if no_nan.stopped_at is not None:
        return False
    checkpoint.write()
    step = training_step(model)
    if signals.received and step < steps:
        print(f"Stopped at step {step}. To go on:\n{command(settings, places=True)}")
        return False
    return True
