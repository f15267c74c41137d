"""Sums and differences of latents."""

import numpy as np

from tf_gencs import checks, priors


def latent_arithmetic(plus, minus=(), latent_prior=None):
    """Adds and subtracts latents: with glasses - without glasses + somebody.

    Each term is a latent (k,) or several (n, k), which count as their mean: what the
    samples of an attribute share stands out when the rest averages away.

    ```python
    z = gencs.models.latent_arithmetic(
        plus=[smiling_women, neutral_men], minus=[neutral_women], latent_prior="normal"
    )
    smiling_man = model.generate(z=z[None])
    ```

    Args:
        plus, minus: sequences of such terms; `plus` has one at least.
        latent_prior: brings the sum back to where latents of the prior are: a normal
            prior to the length stddev * sqrt(k), near which nearly all samples lie, and
            then within its bound; a spherical one to its radius; a uniform one into its
            box. A name or object as for `GenerativeModel`, or None for the bare sum.

    Returns:
        z, (k,), of the terms' dtype.

    Raises:
        TypeError, ValueError: naming the argument; a sum of 0 has no direction to
            lengthen.

    Source: Radford, Metz and Chintala, "Unsupervised representation learning with deep
    convolutional generative adversarial networks", ICLR 2016, section 6.3.2.
    """
    terms = {"plus": _means(plus, "plus"), "minus": _means(minus, "minus")}
    if not terms["plus"]:
        raise ValueError("`plus` must hold at least one term. Received: none")
    shape = terms["plus"][0].shape
    for name, means in terms.items():
        for mean in means:
            if mean.shape != shape:
                raise ValueError(
                    f"`{name}` must hold latents of {shape[0]} values. "
                    f"Received: {mean.shape[0]}"
                )
    dtype = np.result_type(*terms["plus"], *terms["minus"])
    z = sum(mean.astype(np.float64) for mean in terms["plus"])
    z = z - sum(mean.astype(np.float64) for mean in terms["minus"])
    if latent_prior is not None:
        try:
            z = priors.get(latent_prior).to_shell(z)
        except ValueError as error:
            raise ValueError(
                "`plus` and `minus` must not cancel out with a `latent_prior` that "
                "gives latents their length. Received: a sum of 0"
            ) from error
    return z.astype(dtype)


def _means(terms, argument):
    means = []
    for term in terms:
        term = np.asarray(term)
        if term.ndim == 1:
            term = term[None]
        term = checks.float_array(term, argument, term.shape[1:2])
        if not term.size:
            raise ValueError(
                f"`{argument}` must hold latents (k,) or (n, k). "
                f"Received: shape {term.shape}"
            )
        means.append(term.mean(axis=0))
    return means
