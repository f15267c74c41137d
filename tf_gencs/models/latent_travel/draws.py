"""Latents drawn from a prior, or from its likelier part."""

from tf_gencs import checks, seeds


def draw(latent_prior, shape, seed=None, truncation=None, stream="generate"):
    """Draws latents as `generate` does.

    Args:
        latent_prior: a prior from `gencs.priors`.
        shape: (batch, k).
        seed: None draws one.
        truncation: None for the prior itself. For a `NormalPrior`, above 0: values of
            more than so many standard deviations are drawn again. For a
            `UniformPrior`, in (0, 1]: the box shrinks by it about its centre. A
            `SphericalPrior` has no likelier part to keep to.
        stream: name of the random stream.

    Returns:
        Array of that shape, float32.

    Raises:
        ValueError: a wrong `seed` or `truncation`.

    Source: Brock, Donahue and Simonyan, "Large scale GAN training for high fidelity
    natural image synthesis", ICLR 2019 (the normal case).
    """
    seed = seeds.resolve(seed)
    if truncation is not None:
        truncation = checks.number(truncation, "truncation", above=0)
        latent_prior = latent_prior.truncated(truncation)
    return latent_prior.sample(shape, seed, stream).numpy()
