"""The prior of GANs that take latents from a box."""

import keras
import numpy as np
import tensorflow as tf

from tf_gencs import checks
from tf_gencs.priors.latent_prior import LatentPrior


@keras.saving.register_keras_serializable(package="tf_gencs")
class UniformPrior(LatentPrior):
    """Independent latent values, uniform between two bounds.

    Inside the box every z is as likely as any other; the penalty is 0 there and the
    squared distance to the box outside, so that gradients lead back.

    Args:
        low, high: the bounds, low < high.

    Raises:
        ValueError: the bounds are not such numbers.

    Example:

    ```python
    prior = gencs.priors.UniformPrior(-1, 1)
    gencs.models.GenerativeModel(generator, latent_prior=prior)
    ```
    """

    def __init__(self, low=-1.0, high=1.0):
        self.low = checks.number(low, "low")
        self.high = checks.number(high, "high")
        if self.low >= self.high:
            raise ValueError(
                f"`low` must be below `high`. Received: low={low}, high={high}"
            )

    @property
    def symmetric(self):
        return self.low == -self.high

    def penalty(self, z):
        """Squared distance of every lane to the box: (..., k) -> (...)."""
        z = checks.float_tensor(z, "z")
        return tf.reduce_sum(tf.square(z - self.project(z)), axis=-1)

    def project(self, z):
        """z, clipped to the box."""
        z = checks.float_tensor(z, "z")
        return tf.clip_by_value(z, self.low, self.high)

    def truncated(self, truncation):
        """The box, shrunk by `truncation`, at most 1, about its centre."""
        truncation = checks.number(truncation, "truncation", above=0, at_most=1)
        centre, half = (self.low + self.high) / 2, (self.high - self.low) / 2
        return UniformPrior(centre - truncation * half, centre + truncation * half)

    def to_shell(self, z):
        """z, clipped to the box; 0 too."""
        return np.asarray(self.project(checks.float_array(z, "z")))

    def get_config(self):
        return {"low": self.low, "high": self.high}

    def _outside(self, z):
        return (z < self.low) | (z > self.high)

    def _draw(self, shape, seed, dtype):
        # Drawn in float32 and cast, so that every dtype starts from the same z.
        share = tf.cast(tf.random.stateless_uniform(shape, seed), dtype)
        return self.project(self.low + (self.high - self.low) * share)
