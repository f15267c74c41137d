"""Ways through the latent space: draws, paths between latents, and sums of them."""

from tf_gencs.models.latent_travel.arithmetic import latent_arithmetic
from tf_gencs.models.latent_travel.draws import draw
from tf_gencs.models.latent_travel.paths import MODES, path
from tf_gencs.models.latent_travel.travel import LatentTravel

__all__ = ["MODES", "LatentTravel", "draw", "latent_arithmetic", "path"]
