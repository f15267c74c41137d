"""Generative models: a generator, its latent prior and how it was trained."""

from tf_gencs.models.adversarial import AdversarialModel
from tf_gencs.models.began import BEGAN
from tf_gencs.models.causal_began import CausalBEGAN
from tf_gencs.models.causal_gan import CausalGAN
from tf_gencs.models.dcgan import DCGAN
from tf_gencs.models.generative_model import GenerativeModel
from tf_gencs.models.halving_decay import HalvingDecay
from tf_gencs.models.latent_travel import latent_arithmetic
from tf_gencs.models.signal_model import SignalModel
from tf_gencs.models.vae import VAE
from tf_gencs.pages import with_page

__doc__ = with_page(__doc__, __file__)

__all__ = [
    "BEGAN",
    "DCGAN",
    "VAE",
    "AdversarialModel",
    "CausalBEGAN",
    "CausalGAN",
    "GenerativeModel",
    "HalvingDecay",
    "SignalModel",
    "latent_arithmetic",
]
