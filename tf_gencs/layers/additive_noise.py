"""Measurement noise."""

import keras
import tensorflow as tf

from tf_gencs import checks, seeds
from tf_gencs.layers.support import trial
from tf_gencs.layers.support.wide_float import in_wide_float


@keras.saving.register_keras_serializable(package="tf_gencs")
class AdditiveNoise(keras.layers.Layer):
    """What an instrument adds to y: Gaussian or Poisson noise, from a seed of its own.

    Gaussian: y + noise * N(0, 1), independent for every number. Poisson: counts of
    photons, Poisson(photons * y) / photons, for y of at least 0; its variance is
    y / photons.

    Every call draws new noise: it counts its calls, in `calls`, so every batch of
    `predict`, `evaluate` or a data set's `map` has its own. The same seed and the same
    sequence of calls give the same noise; files keep the count, so a reloaded layer
    goes on where it was. A call with a seed of its own is not counted: it gives what
    the first call of a layer of that seed gives. Row i of a batch has the same noise
    whatever rows follow it. Inside a recovery the noise stands still, at that of the
    next call, or there would be nothing to minimise. The noise stays on in inference.
    XLA would draw other numbers: `supports_jit` is False.

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
        checks.float_policy(kwargs.get("dtype"))
        super().__init__(**kwargs)
        self.noise = self.photons = None
        if photons is None:
            self.noise = checks.number(noise, "noise", at_least=0)
        else:
            self.photons = checks.number(photons, "photons", above=0)
        self.supports_jit = False  # XLA draws other normal, and no Poisson, numbers
        self.seed = seeds.resolve(seed)
        self.calls = self.add_weight(
            name="calls", shape=(), dtype="int64", initializer="zeros", trainable=False
        )

    def call(self, y, seed=None):
        """Adds noise to y (batch, ...).

        Args:
            y: tensor of real numbers; at least 0 for Poisson noise, whose negative
                values would count as 0. NaN and infinity stay what they are.
            seed: integer or integer tensor in place of the layer's seed and count, for
                noise that is decided by the step of a training, say.

        Returns:
            Tensor of y's shape, with the gradient of y: noise has none.

        Raises:
            TypeError: y does not hold real numbers.
            ValueError: a wrong seed.
        """
        checks.real(y.dtype, "y")
        if not y.dtype.is_floating:
            y = tf.cast(y, self.compute_dtype)
        stream = seeds.stream(self.seed if seed is None else seed, "additive_noise")
        if seed is None:
            # Above the 32 bits that the name of the stream takes.
            count = tf.convert_to_tensor(self.calls)
            stream += tf.stack([tf.zeros_like(count), count * 2**32])
            if not trial.under_way():
                self.calls.assign(count + 1)
        return in_wide_float(lambda y: self._disturb(y, stream), y)

    def _disturb(self, y, stream):
        if self.photons is None:
            normal = tf.random.stateless_normal(tf.shape(y), stream, dtype=y.dtype)
            return y + self.noise * tf.ensure_shape(normal, y.shape)
        # An expectation of NaN or infinity would be drawn for without end.
        finite = tf.math.is_finite(y)
        expected = tf.where(finite, tf.maximum(self.photons * y, 0), 0)
        counts = tf.random.stateless_poisson(tf.shape(y), stream, expected, y.dtype)
        noisy = tf.ensure_shape(counts, y.shape) / self.photons
        return y + tf.stop_gradient(tf.where(finite, noisy - y, 0))

    def load_own_variables(self, store):
        if store.keys():  # files of 0.1.0 hold no count
            super().load_own_variables(store)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        config = {"noise": self.noise, "photons": self.photons, "seed": self.seed}
        return {**super().get_config(), **config}
