"""A generator of noise and labels, as seen by a search of the noise alone."""

import math

import keras
import tensorflow as tf

from tf_gencs import solvers
from tf_gencs.layers import Measurement
from tf_gencs.models.generative_model import GenerativeModel
from tf_gencs.recovery import RecoverySettings

_SOLVER = solvers.LBFGS(steps=200, restarts=4, margin=100.0, progress=0.002)


class HeldLabels(Measurement):
    """y = vec G([z, labels]), where each signal has labels of its own: a box z -> y.

    So a search of noise is an ordinary recovery: its signals are noise, and what was
    measured of them are images.

    Args:
        generator: Keras model (batch, noise + columns) -> (batch, *image_shape).
        labels: float array (signals, columns), as the generator takes them.
        **kwargs: as for `keras.layers.Layer`.
    """

    linear = False
    _structural = ()  # labels are a weight, and methods below tell of the generator

    def __init__(self, generator, labels, **kwargs):
        super().__init__(**kwargs)
        self.generator = generator
        self.signals = len(labels)
        self._given = labels
        self.supports_jit = generator.supports_jit

    def build(self, input_shape):
        super().build(input_shape)
        self.labels = self.add_weight(
            name="labels",
            shape=self._given.shape,
            initializer=lambda shape, dtype=None: tf.constant(self._given, dtype),
            trainable=False,
            autocast=False,
        )
        self.measurements = math.prod(self.generator.output_shape[1:])

    def _measure(self, x):
        labels = tf.cast(tf.convert_to_tensor(self.labels), x.dtype)
        # The restarts of a signal stand behind one another.
        restarts = tf.shape(x)[0] // tf.maximum(tf.shape(labels)[0], 1)
        labels = tf.repeat(labels, restarts, axis=0)
        image = self.generator(tf.concat([x, labels], axis=1), training=False)
        return tf.cast(tf.reshape(image, (-1, self.measurements)), x.dtype)

    def _mean_gain(self, x):
        # What goes by it is an automatic penalty: none is asked for here.
        return tf.ones((), x.dtype)

    # One graph serves all images and labels of a generator: labels travel with their
    # signals (True), and another generator is another structure.

    def _sources(self):
        return [(self.labels, True)]

    def _inner_structure(self):
        return (self.generator,)


class NoiseSearch:
    """Searches the noise of a causal model's images, with their labels held.

    L-BFGS from a few draws from the prior: with its labels known, a face is soon found.
    It recovers noise z from y = images and A = `HeldLabels`, by a model whose generator
    is the identity. No Keras object, so that a model that has one neither trains nor
    saves it.
    """

    def __init__(self):
        # Both are kept for the graphs that go by them.
        self._of_noise = None  # the model that recovers noise
        self._settings = {}  # by penalty

    def __call__(self, model, x, held, latent_penalty, **search):
        """Noise (batch, noise_dim) with which images come nearest.

        Args:
            model: has `generator`, `noise_dim`, `latent_prior` and `recovery_dtype`.
            x: images (batch, *image_shape).
            held: their labels, as the generator takes them, (batch, columns).
            latent_penalty: weight of ||noise||^2 against squared errors, at least 0.
            **search: as for `recover`.
        """
        y = x.reshape(len(x), math.prod(x.shape[1:]))
        A = HeldLabels(model.generator, held, dtype=model.recovery_dtype)
        settings = self._settings_of(latent_penalty)
        return self._model_of_noise(model)._recover_as(settings, y, A, **search).z

    def _model_of_noise(self, model):
        """A `GenerativeModel` z -> z with the prior of a model of images."""
        kept, dtype = self._of_noise, model.recovery_dtype
        if kept is None or kept.latent_prior is not model.latent_prior:
            z = keras.Input((model.noise_dim,), dtype=dtype)
            itself = keras.layers.Activation("linear", dtype=dtype)
            self._of_noise = GenerativeModel(
                keras.Model(z, itself(z)), latent_prior=model.latent_prior, dtype=dtype
            )
        return self._of_noise

    def _settings_of(self, latent_penalty):
        if latent_penalty not in self._settings:
            self._settings[latent_penalty] = RecoverySettings(
                solver=_SOLVER,
                latent_penalty=latent_penalty,
                estimate="best",
                explains=False,
            )
        return self._settings[latent_penalty]
