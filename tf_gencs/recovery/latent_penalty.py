"""The rule behind `latent_penalty="auto"`."""

from tf_gencs import checks


def check(latent_penalty):
    """Returns "auto" or a float of at least 0, else ValueError."""
    if isinstance(latent_penalty, str) and latent_penalty == "auto":
        return "auto"
    try:
        return checks.number(latent_penalty, "latent_penalty", at_least=0)
    except ValueError:
        raise ValueError(
            "`latent_penalty` must be 'auto' or a finite number at least 0. "
            f"Received: {latent_penalty!r}"
        ) from None


# No float image is known to better than a thousandth of its range. Where G reaches
# everything else, this prefers the shortest of all z that explain y.
_LEAST_ERROR = 1e-6


def known_error(representation_error, value_range):
    """The representation error, at least that of rounding; None counts as unknown, 0.

    Args:
        representation_error: mean squared error per signal value of the best G(z).
        value_range: (low, high) of signal values, or None.

    Returns:
        A float of at least 0.
    """
    if representation_error is None:
        return 0.0
    low, high = value_range or (0.0, 1.0)
    return max(representation_error, _LEAST_ERROR * (high - low) ** 2)


def resolve(
    latent_penalty,
    representation_error,
    signal_size,
    latent_dim,
    measurements,
    noise=None,
):
    """Weight of the latent penalty against the sum of squared measurement errors.

    "auto" is `E / m * min(m / k, k / m) + noise^2`, where E, n times the representation
    error, is the part of ||x||^2 that no G(z) reaches. That is Bayes' rule: with A of
    N(0, 1/m) entries, that part looks like noise of variance E / m in every
    measurement, and the variance of the noise is the weight at which ||z||^2 belongs to
    a N(0, I) prior.

    k / m takes it back where there are more measurements than latent values: what G
    cannot reach is fixed, unlike noise, so more measurements average it out, and at
    m = n the nearest signal is found without any penalty. m / k takes it back where
    there are fewer: the lanes then spread over all that explains y, and their mean does
    what a penalty would do to one lane.

    Args:
        latent_penalty: "auto", or the weight itself.
        representation_error: mean squared error per signal value of the best G(z), 0
            where it is unknown.
        signal_size: n.
        latent_dim: k.
        measurements: m.
        noise: standard deviation of the noise in each measurement; None counts as 0.

    Returns:
        A float of at least 0.
    """
    if latent_penalty != "auto":
        return latent_penalty
    k, m = latent_dim, measurements
    misfit = representation_error * signal_size / m
    return misfit * min(m / k, k / m) + (noise or 0.0) ** 2
