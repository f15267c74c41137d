"""Measurement noise."""

import keras
import tensorflow as tf

from tf_gencs import checks, seeds


@keras.saving.register_keras_serializable(package="tf_gencs")
class AdditiveNoise(keras.layers.Layer):
    """What an instrument adds to y: Gaussian or Poisson noise, from a seed of its own.

    Gaussian: y + noise * N(0, 1), independent for every number. Poisson: counts of
    photons, Poisson(photons * y) / photons, for y of at least 0; its variance is
    y / photons. Stateless: the same call gives the same noise, and row i of a batch
    the same whatever rows follow it. Fresh noise needs another seed, of the layer or
    of the call. The noise stays on in inference.

    Args:
        noise: standard deviation per number, at least 0, for Gaussian noise.
        photons: expected count where y is 1, above 0, for Poisson noise. Give either
            this or `noise`.
        seed: seed of the noise; None draws one, see `get_config()["seed"]`.
        **kwargs: as for `keras.layers.Layer`.

    Raises:
        ValueError: both or none of `noise` and `photons`, one outside its range, or a
            wrong seed.

    Example:

    ```python
    y = gencs.layers.AdditiveNoise(0.01, seed=1)(A(x))
    ```
    """

    def __init__(self, noise=None, photons=None, seed=None, **kwargs):
        if (noise is None) == (photons is None):
            raise ValueError(
                "Either `noise` (Gaussian) or `photons` (Poisson) must be given. "
                f"Received: noise={noise}, photons={photons}"
            )
        kwargs.setdefault("trainable", False)
        super().__init__(**kwargs)
        self.noise = noise and checks.number(noise, "noise", at_least=0)
        self.photons = photons
        if photons is not None:
            self.photons = checks.number(photons, "photons", above=0)
        self.seed = seeds.resolve(seed)

    def call(self, y, seed=None):
        """Adds noise to y (batch, ...).

        Args:
            y: floating-point tensor; at least 0 for Poisson noise, whose negative
                values would count as 0.
            seed: integer or integer tensor in place of the layer's seed.

        Returns:
            Tensor of y's shape.

        Raises:
            TypeError: y does not hold floating-point numbers.
        """
        if not y.dtype.is_floating:
            raise TypeError(
                f"`y` must hold floating-point numbers. Received: dtype {y.dtype.name}"
            )
        stream = seeds.stream(self.seed if seed is None else seed, "additive_noise")
        if self.photons is None:
            normal = tf.random.stateless_normal(tf.shape(y), stream, dtype=y.dtype)
            return y + self.noise * tf.ensure_shape(normal, y.shape)
        expected = tf.maximum(self.photons * y, 0)
        counts = tf.random.stateless_poisson(tf.shape(y), stream, expected, y.dtype)
        return tf.ensure_shape(counts, y.shape) / self.photons

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        config = {"noise": self.noise, "photons": self.photons, "seed": self.seed}
        return {**super().get_config(), **config}
