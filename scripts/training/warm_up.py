"""The start of a BEGAN: its autoencoder learns alone, and G starts as the decoder."""

import pathlib

import keras

import tf_gencs as gencs
from tf_gencs.callbacks import training_step
from training.fit import batches_from, fit


def warm_up(model, training, settings):
    """Gives a new model its start, if the settings ask for one; False if interrupted.

    What it does is kept in the run's folder `warm_up`, and goes on from there.
    """
    steps = settings.get("warm_up_steps")
    if not steps:
        return True
    out = pathlib.Path(settings["out"]) / "warm_up"
    out.mkdir(exist_ok=True)
    latest = gencs.callbacks.latest(out / "checkpoints")
    if latest:
        autoencoder = keras.saving.load_model(latest)
    else:
        autoencoder = model.variational_autoencoder(settings["divergence_weight"])
        rate = keras.optimizers.schedules.CosineDecay(settings["warm_up_rate"], steps)
        autoencoder.compile(keras.optimizers.Adam(rate), "mae")
    done = training_step(autoencoder)
    if done < steps:
        print(f"warm-up: {steps} steps of the autoencoder", flush=True)
        batches = batches_from(training, settings, done, model.value_range)
        batches = batches.map(lambda x: (x, x))
        if not fit(autoencoder, batches, steps, settings, out):
            return False
    model.start_from_autoencoder(autoencoder)
    return True
