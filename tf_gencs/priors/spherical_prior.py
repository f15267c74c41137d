"""The prior of generators that take latents from a sphere."""

import keras
import numpy as np
import tensorflow as tf

from tf_gencs import checks
from tf_gencs.priors.latent_prior import LatentPrior


@keras.saving.register_keras_serializable(package="tf_gencs")
class SphericalPrior(LatentPrior):
    """z uniform on the sphere ||z|| = radius.

    In many dimensions nearly all of N(0, I) lies close to ||z|| = sqrt(k), the default
    radius.

    Args:
        radius: above 0; None for sqrt(k).

    Raises:
        ValueError: `radius` is not such a number.

    Example:

    ```python
    prior = gencs.priors.SphericalPrior(radius=4.0)
    gencs.models.GenerativeModel(generator, latent_prior=prior)
    ```

    Source: Bojanowski, Joulin, Lopez-Paz and Szlam, "Optimizing the latent space of
    generative networks", ICML 2018; Menon et al., "PULSE", CVPR 2020.
    """

    def __init__(self, radius=None):
        if radius is not None:
            radius = checks.number(radius, "radius", above=0)
        self.radius = radius

    def penalty(self, z):
        """(||z|| - radius)^2 of every lane, (..., k) -> (...); its gradient at 0 is 0.

        All directions lead away from 0 alike, so none is taken there.
        """
        z = checks.float_tensor(z, "z")
        square = tf.reduce_sum(tf.square(z), axis=-1)
        # The root has no gradient at 0: there it must not be asked for one.
        rooted = square != 0  # NaN too
        norm = tf.where(rooted, tf.sqrt(tf.where(rooted, square, 1)), 0)
        return tf.square(norm - self._radius(z))

    def project(self, z):
        """z, rescaled to the radius; 0 goes to the point of equal coordinates."""
        z = checks.float_tensor(z, "z")
        # First by the largest value: the square of a large or small one may not be.
        largest = tf.reduce_max(tf.abs(z), axis=-1, keepdims=True)
        directed = ~(largest <= np.finfo(z.dtype.as_numpy_dtype).tiny)  # NaN too
        direction = tf.where(directed, z / tf.where(directed, largest, 1), 1)
        norm = tf.norm(direction, axis=-1, keepdims=True)
        return self._radius(z) * direction / norm

    def resample(self, z, seed):
        """As `project`: no coordinate by itself is on the sphere or off it."""
        return self.project(z)

    def get_config(self):
        return {"radius": self.radius}

    def _radius(self, z):
        if self.radius is not None:
            return tf.constant(self.radius, z.dtype)
        return tf.sqrt(tf.cast(tf.shape(z)[-1], z.dtype))

    def _draw(self, shape, seed, dtype):
        # Drawn in float32 and cast, so that every dtype starts from the same z.
        return self.project(tf.cast(tf.random.stateless_normal(shape, seed), dtype))
