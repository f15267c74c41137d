"""Small models that train in a moment, and what they train on."""

import keras
import numpy as np

import tf_gencs as gencs

SHAPE = (4, 4, 1)


def small_vae():
    keras.utils.set_random_seed(0)
    vae = gencs.models.VAE(3, hidden=(8,), signal_shape=SHAPE, seed=0)
    # For a few steps, a graph takes longer to trace than it saves.
    vae.compile(keras.optimizers.Adam(0.01), run_eagerly=True)
    return vae


def images(count=32):
    rng = np.random.default_rng(0)
    return (rng.uniform(size=(count, *SHAPE)) * 255).astype("uint8")


def batches(first_step=0):
    return gencs.datasets.training_batches(
        images(), 8, seed=0, first_step=first_step, value_range=(0, 1)
    )


def train(model, steps, callbacks=(), epochs=1, data=None):
    done = gencs.callbacks.training_step(model)
    model.fit(
        batches(done) if data is None else data,
        steps_per_epoch=steps,
        epochs=epochs,
        shuffle=False,  # the pipeline does
        verbose=0,
        callbacks=list(callbacks),
    )


@keras.saving.register_keras_serializable(package="tf_gencs_tests")
class ScriptedGAN(gencs.models.GenerativeModel):
    """Has the optimizers of a GAN, and for logs what `script(step)` says."""

    def __init__(self, script, generator=None, **kwargs):
        if generator is None:
            generator = keras.Sequential(
                [keras.Input((3,)), keras.layers.Dense(16), keras.layers.Reshape(SHAPE)]
            )
        super().__init__(generator, value_range=(-1, 1), **kwargs)
        self.script = script
        self.training_steps = 0

    def compile(self, d_optimizer, g_optimizer, **kwargs):
        super().compile(run_eagerly=True, **kwargs)
        self.d_optimizer, self.g_optimizer = d_optimizer, g_optimizer

    def train_step(self, data):
        self.training_steps += 1
        return self.script(self.training_steps)


def scripted_gan(script, rate=0.1, **kwargs):
    gan = ScriptedGAN(script, **kwargs)
    gan.compile(keras.optimizers.SGD(rate), keras.optimizers.Adam(rate))
    return gan
