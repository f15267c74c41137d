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
    _structural = ()

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
        lanes = tf.maximum(tf.shape(labels)[0], 1)
        labels = tf.repeat(labels, tf.shape(x)[0] // lanes, axis=0)
        image = self.generator(tf.concat([x, labels], axis=1), training=False)
        return tf.cast(tf.reshape(image, (-1, self.measurements)), x.dtype)

    def _mean_gain(self, x):
        # What goes by it is an automatic penalty: none is asked for here.
        return tf.ones((), x.dtype)

    def _sources(self):
        # The generator's weights are read where they are: no other takes its place.
        return [(self.labels, True)]

    def _inner_structure(self):
        return (self.generator,)


class NoiseSearch:
    """Searches the noise of a causal model's images, with their labels held.

    L-BFGS from a few draws from the prior: with its labels known, a face is soon found.
    No Keras object, so that a model that has one neither trains nor saves it.
    """

    def __init__(self):
        self._searched = None  # a model whose signals are noise; it has the graphs
        self._settings = {}  # by penalty: graphs go by the object

    def __call__(self, model, x, held, latent_penalty, **search):
        """Noise (batch, noise_dim) with which images come nearest.

        Args:
            model: has `generator`, `noise_dim`, `latent_prior` and `recovery_dtype`.
            x: images (batch, *image_shape).
            held: their labels, as the generator takes them, (batch, columns).
            latent_penalty: weight of ||noise||^2 against squared errors, at least 0.
            **search: as for `recover`.
        """
        found, dtype = self._searched, model.recovery_dtype
        if found is None or found.latent_prior is not model.latent_prior:
            z = keras.Input((model.noise_dim,), dtype=dtype)
            itself = keras.layers.Activation("linear", dtype=dtype)
            self._searched = found = GenerativeModel(
                keras.Model(z, itself(z)), latent_prior=model.latent_prior, dtype=dtype
            )
        if latent_penalty not in self._settings:
            self._settings[latent_penalty] = RecoverySettings(
                solver=_SOLVER,
                latent_penalty=latent_penalty,
                estimate="best",
                explains=False,
            )
        y = x.reshape(len(x), math.prod(x.shape[1:]))
        A = HeldLabels(model.generator, held, dtype=dtype)
        return found._recover_as(self._settings[latent_penalty], y, A, **search).z
