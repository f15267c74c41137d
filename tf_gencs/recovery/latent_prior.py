"""What is known about z before anything is measured."""

import keras
import tensorflow as tf

from tf_gencs import checks, seeds


@keras.saving.register_keras_serializable(package="tf_gencs")
class NormalPrior:
    """z ~ N(0, stddev^2 I), the prior of VAEs and of many GANs.

    Args:
        stddev: standard deviation of each latent value, above 0.
    """

    def __init__(self, stddev=1.0):
        self.stddev = checks.number(stddev, "stddev", above=0)

    def sample(self, shape, seed, stream="latent", dtype="float32"):
        """Draws latents of the given shape; the same seed gives the same latents."""
        # Drawn in float32 and cast, so that every dtype starts from the same z.
        z = tf.random.stateless_normal(shape, seeds.stream(seed, stream))
        return tf.cast(self.stddev * z, dtype)

    def penalty(self, z):
        """||z / stddev||^2 of every lane: (lanes, k) -> (lanes,)."""
        return tf.reduce_sum(tf.square(z / self.stddev), axis=-1)

    def get_config(self):
        return {"stddev": self.stddev}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


def get(identifier):
    """Turns "normal", a prior or a serialised prior into a prior.

    Raises:
        TypeError: `identifier` is none of them.
    """
    if isinstance(identifier, dict):
        identifier = keras.saving.deserialize_keras_object(identifier)
    if identifier == "normal":
        return NormalPrior()
    if isinstance(identifier, str) or not all(
        hasattr(identifier, name) for name in ("sample", "penalty")
    ):
        raise TypeError(
            "`latent_prior` must be 'normal' or an object with `sample` and "
            f"`penalty`. Received: {identifier!r}"
        )
    return identifier
