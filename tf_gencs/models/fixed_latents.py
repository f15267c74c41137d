"""Latents of which some are given."""

import keras

from tf_gencs import checks


@keras.saving.register_keras_serializable(package="tf_gencs")
class FixedLatents(keras.layers.Layer):
    """Puts fixed numbers among latents: (batch, k - fixed) -> (batch, k).

    Args:
        fixed: dict from places in [0, k) to numbers.
        latent_dim: k.
        **kwargs: `name` and `dtype`.
    """

    def __init__(self, fixed, latent_dim, **kwargs):
        super().__init__(**kwargs)
        self.fixed = {int(place): float(value) for place, value in fixed.items()}
        self.latent_dim = checks.integer(latent_dim, "latent_dim")
        free = [i for i in range(self.latent_dim) if i not in self.fixed]
        order = [*free, *self.fixed]  # of the latents behind one another
        self._places = [order.index(i) for i in range(self.latent_dim)]

    def call(self, z):
        ops = keras.ops
        values = ops.convert_to_tensor([list(self.fixed.values())], z.dtype)
        values = ops.broadcast_to(values, (ops.shape(z)[0], len(self.fixed)))
        return ops.take(ops.concatenate([z, values], axis=-1), self._places, axis=-1)

    def compute_output_shape(self, shape):
        return (*shape[:-1], self.latent_dim)

    def get_config(self):
        fixed = {str(place): value for place, value in self.fixed.items()}
        return {**super().get_config(), "fixed": fixed, "latent_dim": self.latent_dim}
