"""What other rooms are given of models, checked and asked alike."""

import numpy as np

from tf_gencs import lookup
from tf_gencs.models.generative_model import GenerativeModel


def generative(model, argument="model"):
    """Refuses what is no generative model.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(model, GenerativeModel):
        raise TypeError(
            f"`{argument}` must be a `gencs.models.GenerativeModel`, which says what "
            "its latents are; `GenerativeModel(generator)` makes one of any Keras "
            f"generator. Received: {lookup.received(model)}"
        )
    return model


def prior_reach(model):
    """Length that hardly any latent of the prior exceeds, one in a thousand."""
    z = model.draw_z(4000, 0, "theory prior")
    return float(np.quantile(np.linalg.norm(z, axis=1), 0.999))
