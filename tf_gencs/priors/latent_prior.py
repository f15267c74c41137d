"""What is known about z before anything is measured."""

import numpy as np
import tensorflow as tf

from tf_gencs import checks, seeds
from tf_gencs.config_repr import config_repr


class LatentPrior:
    """A distribution of latents, its penalty and its support.

    Subclasses write `penalty` and `_draw`; `project` and `_outside` where not all z are
    in the support; `truncated` and `to_shell` where some z are likelier than others or
    all have a length; `get_config` and `keras.saving.register_keras_serializable`, if
    they are to be saved.

    Attributes:
        symmetric: whether z and -z are equally likely.

    Example:

    ```python
    prior = model.latent_prior
    prior.penalty(tf.zeros((2, model.latent_dim)))  # [0, 0]: nothing is likelier
    ```
    """

    symmetric = True

    def sample(self, shape, seed, stream="latent", dtype="float32"):
        """Draws latents.

        Args:
            shape: (..., k).
            seed: integer, or scalar integer tensor, in [0, 2**63).
            stream: name of the random stream: other names give other latents.
            dtype: name of a floating-point dtype.

        Returns:
            Tensor of that shape; the same arguments give the same latents.

        Raises:
            ValueError: a wrong seed.
        """
        return self.draw(shape, seeds.stream(seed, stream), dtype)

    def draw(self, shape, stream, dtype="float32"):
        """Draws latents from a stateless seed of TensorFlow.

        Args:
            shape: (..., k), integers, also those that a graph will know, or an
                integer tensor.
            stream: integer tensor (2,).
            dtype: name of a floating-point dtype.

        Returns:
            Tensor of that shape; the same arguments give the same latents.
        """
        dtype = checks.float_dtype(dtype, "dtype")
        if not isinstance(shape, tf.Tensor):
            shape = _items(shape)
            if any(tf.is_tensor(size) for size in shape):
                shape = tf.stack(shape)
            else:
                shape = tuple(checks.integer(s, "shape", at_least=0) for s in shape)
        return self._draw(shape, _checked_stream(stream, "stream"), dtype)

    def penalty(self, z):
        """How unlikely every lane's z is: (..., k) -> (...), at least 0."""
        raise NotImplementedError

    def project(self, z):
        """The nearest latents in the support, (..., k)."""
        z = checks.float_tensor(z, "z")
        return z

    def truncated(self, truncation):
        """The likelier part of the prior, which trades variety for likeness.

        Args:
            truncation: above 0; the less, the more alike are the draws.

        Returns:
            A prior.

        Raises:
            ValueError: the prior has no likelier part, as here, or not of that size.
        """
        raise ValueError(
            "`truncation` must be None for a prior without a likelier part. "
            f"Received: {truncation} with {self}"
        )

    def to_shell(self, z):
        """Brings a latent to where nearly all latents of the prior are.

        Args:
            z: array (k,).

        Returns:
            Array (k,), here the nearest z in the support.

        Raises:
            ValueError: z is 0, and the prior gives latents their length.
        """
        z = checks.float_array(z, "z")
        if not np.any(z):
            raise ValueError("`z` must have a direction to lengthen. Received: 0")
        return np.asarray(self.project(z))

    def resample(self, z, seed):
        """Stochastic clipping: draws anew what left the support, coordinate-wise.

        Clipping leaves a coordinate at the boundary, where it tends to stay; a new
        draw frees it. NaN stays NaN.

        Args:
            z: latents (..., k).
            seed: integer tensor (2,), another one in every step; inside a
                `tf.while_loop` too.

        Returns:
            z with new values where it was outside the support, (..., k).

        Source: Lipton and Tripathi, "Precise recovery of latent vectors from
        generative adversarial networks", ICLR workshop 2017.
        """
        z = checks.float_tensor(z, "z")
        drawn = self._draw(tf.shape(z), _checked_stream(seed, "seed"), z.dtype)
        return tf.where(self._outside(z), drawn, z)

    def flip(self, z):
        """-z, which is as likely as z; z itself if the prior is not symmetric.

        For the sign check of Hand and Voroninski, "Global guarantees for enforcing
        deep generative priors by empirical risk", 2018.
        """
        z = checks.float_tensor(z, "z")
        return -z if self.symmetric else z

    def get_config(self):
        return {}

    @classmethod
    def from_config(cls, config):
        return cls(**config)

    def __repr__(self):
        return config_repr(self)

    def _draw(self, shape, seed, dtype):
        """Samples of the given shape from a stateless seed (2,)."""
        raise NotImplementedError

    def _outside(self, z):
        """Which coordinates are outside the support: bool (..., k)."""
        return tf.zeros_like(z, tf.bool)


def _items(shape):
    """What a shape is made of, else ValueError."""
    if not isinstance(shape, (list, tuple, tf.TensorShape)) and np.ndim(shape) != 1:
        raise ValueError(f"`shape` must be a tuple of integers. Received: {shape!r}")
    return tuple(shape)


def _checked_stream(stream, argument):
    stream = checks.tensor(stream, argument)
    if not stream.dtype.is_integer or not stream.shape.is_compatible_with((2,)):
        raise ValueError(
            f"`{argument}` must be an integer tensor of shape (2,). "
            f"Received: {stream.dtype.name} of shape {stream.shape}"
        )
    return stream
