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


def resolve(
    latent_penalty,
    representation_error,
    signal_size,
    latent_dim,
    measurements,
    noise=None,
    gain=1.0,
):
    """Weight of the latent penalty against the sum of squared measurement errors.

    "auto" is `g E / m * min(m / k, k / m) + noise^2`, where E, n times the
    representation error, is the part of ||x||^2 that no G(z) reaches, and g the mean
    gain of A, ||A||_F^2 / n. That is Bayes' rule: that part looks like noise of
    variance g E / m in every measurement, and the variance of the noise is the weight
    at which ||z||^2 belongs to a N(0, I) prior.

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
        gain: ||A||_F^2 / n, a number or a scalar tensor; 1 for entries of N(0, 1/m).

    Returns:
        A number, or a scalar tensor, of at least 0.
    """
    if latent_penalty != "auto":
        return latent_penalty
    k, m = latent_dim, measurements
    misfit = representation_error * signal_size / m
    misfit = misfit and gain * misfit  # 0 stays a number: then there is no penalty
    return misfit * min(m / k, k / m) + (noise or 0.0) ** 2
