"""What a model does with latents."""

import math

import numpy as np

from tf_gencs import checks
from tf_gencs.layers.support import memory
from tf_gencs.models.latent_travel.draws import draw
from tf_gencs.models.latent_travel.paths import path


class LatentTravel:
    """What a `GenerativeModel` does with latents: `generate` and `interpolate`.

    The class it is mixed into has `latent_dim`, `latent_prior`, `signal_shape`,
    `recovery_dtype` and `predict`.
    """

    def generate(self, n=None, *, seed=None, z=None, truncation=None):
        """Samples signals.

        Args:
            n: how many to draw from the latent prior, 0 or more.
            seed: seed of the draw; None draws one.
            z: latents to use instead, (batch, k).
            truncation: trades variety for likeness, see `draw`. Only with `n`.

        Returns:
            Signals as an array, (n, *signal_shape).

        Raises:
            ValueError: both or neither of `n` and `z`, more than fit into memory, a
                wrong shape of `z`, or a `truncation` that the prior has no use for.
        """
        if (n is None) == (z is None):
            raise ValueError(f"Give either `n` or `z`. Received: n={n!r}, z={z!r}")
        if z is None:
            size = checks.integer(n, "n", at_least=0) * math.prod(self.signal_shape)
            way_out = "draw part by part, with a `seed` for each"
            memory.refuse_too_large(size, self.recovery_dtype, "n", way_out)
            z = self.draw_z(n, seed, truncation=truncation)
        elif truncation is not None:
            raise ValueError(
                "`truncation` must come with `n`: it changes how latents are drawn. "
                f"Received: truncation={truncation!r} and `z`"
            )
        z = checks.float_array(z, "z", (self.latent_dim,))
        if not len(z):
            return np.zeros((0, *self.signal_shape), self.recovery_dtype)
        return self.predict(z, verbose=0)

    def draw_z(self, n, seed=None, stream="generate", truncation=None):
        """Latents that `generate` draws, an array (n, k).

        Args:
            n: how many.
            seed: None draws one.
            stream: name of the random stream: other names give other latents.
            truncation: as for `generate`.
        """
        shape = (checks.integer(n, "n", at_least=0), self.latent_dim)
        return draw(self.latent_prior, shape, seed, truncation, stream)

    def interpolate(self, z_from, z_to, steps=8, mode="slerp", *, return_z=False):
        """Signals on the way from some latents to others.

        Args:
            z_from, z_to: where the ways start and end, (batch, k) each.
            steps: signals on each way, both ends included; at least 2.
            mode: "slerp", "lerp" or "great_circle", see
                `gencs.models.latent_travel.path`.
            return_z: return the latents too.

        Returns:
            Signals as an array, (batch, steps, *signal_shape); with `return_z` also
            their latents (batch, steps, k), whose ends are `z_from` and `z_to` to the
            bit.

        Raises:
            TypeError, ValueError: naming the argument that is wrong.

        Source: White, "Sampling generative networks", 2016.
        """
        z_from = checks.float_array(z_from, "z_from", (self.latent_dim,))
        z_to = checks.float_array(z_to, "z_to", (self.latent_dim,))
        checks.flag(return_z, "return_z")
        z = path(z_from, z_to, steps, mode)
        x = self.generate(z=z.reshape(-1, self.latent_dim))
        x = x.reshape(*z.shape[:2], *self.signal_shape)
        return (x, z) if return_z else x
