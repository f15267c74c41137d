"""Generative models: a generator, its latent prior and how it was trained."""

from tf_gencs.models.generative_model import GenerativeModel
from tf_gencs.models.latent_travel import latent_arithmetic
from tf_gencs.models.vae import VAE

__all__ = ["VAE", "GenerativeModel", "latent_arithmetic"]
