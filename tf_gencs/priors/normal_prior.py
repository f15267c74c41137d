"""The prior of VAEs and of many GANs."""

import math

import keras
import numpy as np
import tensorflow as tf

from tf_gencs import checks
from tf_gencs.priors.latent_prior import LatentPrior


@keras.saving.register_keras_serializable(package="tf_gencs")
class NormalPrior(LatentPrior):
    """z ~ N(0, stddev^2 I), all of it or up to a bound.

    Args:
        stddev: standard deviation of each latent value, above 0.
        bound: where the support ends, in standard deviations, above 0: samples then
            come from the truncated distribution, and `project` and `resample` bring
            back what is beyond. None for no bound.

    Raises:
        ValueError: `stddev` or `bound` is not such a number.

    Example:

    ```python
    prior = gencs.priors.NormalPrior(bound=3.0)  # z within 3 deviations
    gencs.models.GenerativeModel(generator, latent_prior=prior)
    ```
    """

    def __init__(self, stddev=1.0, bound=None):
        self.stddev = checks.number(stddev, "stddev", above=0)
        self.bound = bound if bound is None else checks.number(bound, "bound", above=0)

    def penalty(self, z):
        """||z / stddev||^2 of every lane: (..., k) -> (...)."""
        z = checks.float_tensor(z, "z")
        return tf.reduce_sum(tf.square(z / self.stddev), axis=-1)

    def project(self, z):
        """z, clipped to the bound if there is one."""
        z = checks.float_tensor(z, "z")
        if self.bound is None:
            return z
        return tf.clip_by_value(z, -self._farthest, self._farthest)

    def resample(self, z, seed):
        """See `LatentPrior.resample`; without a bound nothing is outside."""
        z = checks.float_tensor(z, "z")
        return z if self.bound is None else super().resample(z, seed)

    def truncated(self, truncation):
        """Values of up to `truncation` standard deviations."""
        truncation = checks.number(truncation, "truncation", above=0)
        bound = truncation if self.bound is None else min(truncation, self.bound)
        return NormalPrior(self.stddev, bound)

    def to_shell(self, z):
        """z at length stddev * sqrt(k), then within the bound; see `LatentPrior`."""
        z = checks.float_array(z, "z")
        length = np.linalg.norm(z)
        if length:
            z = z * (self.stddev * np.sqrt(len(z)) / length)
        return super().to_shell(z)

    def get_config(self):
        return {"stddev": self.stddev, "bound": self.bound}

    @property
    def _farthest(self):
        return self.stddev * self.bound

    def _outside(self, z):
        return tf.abs(z) > self._farthest

    def _draw(self, shape, seed, dtype):
        if self.bound is None:
            # Drawn in float32 and cast, so that every dtype starts from the same z.
            z = tf.random.stateless_normal(shape, seed)
            return tf.cast(self.stddev * z, dtype)
        # float64, whose quantiles reach all bounds that samples reach.
        beyond = 0.5 * math.erfc(self.bound / math.sqrt(2))
        quantile = tf.random.stateless_uniform(
            shape, seed, beyond, 1 - beyond, tf.float64
        )
        z = tf.cast(self.stddev * tf.math.ndtri(quantile), dtype)
        return self.project(z)  # rounding may pass the bound, and ndtri(0) does
