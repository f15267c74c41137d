"""The start of a model: parts of it that learn before it trains as a whole.

The autoencoder of a BEGAN learns alone, and G starts as its decoder. Of a causal model
the controller learns the labels, and the labeler reads images.
"""

import keras
import numpy as np

import tf_gencs as gencs
from tf_gencs import files
from tf_gencs.callbacks import training_step
from tf_gencs.models.noisy_images import noisy_images
from training.fit import batches_from, fit

_IMAGES = 2000  # at least so many, whose codes are to be spread as latents are


def warm_up(model, training, labels, settings):
    """Gives a new model its start, if the settings ask for one; False if interrupted.

    What it does is kept in the run's folder `warm_up`, and goes on from there.
    """
    out = files.path(settings["out"], "out") / "warm_up"
    causal = settings["family"].startswith("causal")
    if causal:
        out.mkdir(exist_ok=True)
        _learn_labels(model.controller, labels, settings, out / "controller.keras")
        if not _learn_to_read(model, training, labels, settings, out / "labeler"):
            return False
    steps = settings.get("decoder_steps" if causal else "warm_up_steps", 0)
    return not steps or _learn_to_decode(model, training, steps, settings, out)


def _learn_labels(controller, labels, settings, path):
    """Trains a controller, or takes the one of before."""
    if path.exists():
        learned = keras.saving.load_model(path)
    else:
        steps = settings["controller_steps"]
        print(f"warm-up: {steps} steps of the controller", flush=True)
        # A copy, so that the model does not keep the optimizers of this.
        learned = type(controller).from_config(controller.get_config())
        learned.compile(steps=steps)
        learned.fit(labels, steps_per_epoch=min(steps, 500), verbose=0)
        learned.save(path)
    controller.set_weights(learned.get_weights())


def _learn_to_read(model, training, labels, settings, out):
    """Trains the labeler alone."""
    steps = settings["warm_up_steps"]
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    # A plain model does not mind the range of noisy images.
    plain = keras.Model(model.labeler.input, model.labeler.output)
    network = _start(plain, loss, settings, out)
    noise, seed = settings["labeler_noise"], settings["seed"]

    def batches(step):
        pairs = batches_from(training, settings, step, model.value_range, labels)
        return pairs.enumerate(step).map(
            lambda at, pair: (
                noisy_images(pair[0], noise, seed, at),
                model.label_columns(pair[1]),
            )
        )

    if not _fit(network, batches, "labeler", steps, settings, out):
        return False
    model.labeler.set_weights(network.get_weights())
    return True


def _learn_to_decode(model, training, steps, settings, out):
    """Trains the autoencoder of a BEGAN, and makes G its decoder."""
    autoencoder = _start(model.discriminator, "mae", settings, out)

    def batches(step):
        images = batches_from(training, settings, step, model.value_range)
        return images.map(lambda x: (x, x))

    if not _fit(autoencoder, batches, "autoencoder", steps, settings, out):
        return False
    model.discriminator.set_weights(autoencoder.get_weights())
    batches = batches_from(training, settings, 0, model.value_range)
    batches = batches.take(-(-_IMAGES // settings["batch_size"]))
    model.start_from_autoencoder(np.concatenate(list(batches.as_numpy_iterator())))
    return True


def _start(network, loss, settings, out):
    """A network that trains alone, from where it stands."""
    latest = gencs.callbacks.latest(out / "checkpoints")
    if latest:
        return keras.saving.load_model(latest)
    # A copy, so that the model does not keep the optimizer of this.
    copy = keras.models.clone_model(network)
    copy.set_weights(network.get_weights())
    copy.compile(keras.optimizers.Adam(settings["warm_up_rate"]), loss)
    return copy


def _fit(network, batches, name, steps, settings, out):
    """Whether a network came to the end of its warm-up."""
    done = training_step(network)
    if done >= steps:
        return True
    out.mkdir(exist_ok=True)
    print(f"warm-up: {steps} steps of the {name}", flush=True)
    return fit(network, batches(done), steps, settings, out)
