"""The start of a BEGAN: its autoencoder learns alone, and G starts as the decoder."""

import keras
import numpy as np

import tf_gencs as gencs
from tf_gencs import files
from tf_gencs.callbacks import training_step
from training.fit import batches_from, fit

_IMAGES = 2000  # at least so many, whose codes are to be spread as latents are


def warm_up(model, training, settings):
    """Gives a new model its start, if the settings ask for one; False if interrupted.

    What it does is kept in the run's folder `warm_up`, and goes on from there.
    """
    if not settings.get("warm_up_steps"):
        return True
    out = files.path(settings["out"], "out") / "warm_up"
    out.mkdir(exist_ok=True)
    latest = gencs.callbacks.latest(out / "checkpoints")
    if latest:
        autoencoder = keras.saving.load_model(latest)
    else:
        # A copy, so that the model does not keep the optimizer of this.
        autoencoder = keras.models.clone_model(model.discriminator)
        autoencoder.set_weights(model.discriminator.get_weights())
        autoencoder.compile(keras.optimizers.Adam(settings["warm_up_rate"]), "mae")
    steps, done = settings["warm_up_steps"], training_step(autoencoder)
    if done < steps:
        print(f"warm-up: {steps} steps of the autoencoder", flush=True)
        batches = batches_from(training, settings, done, model.value_range)
        batches = batches.map(lambda x: (x, x))
        if not fit(autoencoder, batches, steps, settings, out):
            return False
    model.discriminator.set_weights(autoencoder.get_weights())
    batches = batches_from(training, settings, 0, model.value_range)
    batches = batches.take(-(-_IMAGES // settings["batch_size"]))
    model.start_from_autoencoder(np.concatenate(list(batches.as_numpy_iterator())))
    return True
