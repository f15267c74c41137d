"""The rule behind `latent_penalty="auto"`."""

from tf_gencs import checks


def check(latent_penalty):
    """Returns "auto" or a float of at least 0, else ValueError."""
    if isinstance(latent_penalty, str) and latent_penalty == "auto":
        return "auto"
    return checks.number(latent_penalty, "latent_penalty", at_least=0)


def expected_variance(representation_error, signal_size, measurements, noise=None):
    """Variance of what the best G(z) leaves unexplained of each measurement.

    It is E / m + noise^2, where E = `representation_error * n` is the part of ||x||^2
    that no G(z) reaches: with A of N(0, 1/m) entries, that part looks like noise of
    variance E / m in every measurement.

    Args:
        representation_error: mean squared error per signal value of the best G(z), or
            None if it is unknown, which counts as 0.
        signal_size: n.
        measurements: m.
        noise: standard deviation of the noise in each measurement, or None.

    Returns:
        A float of at least 0.
    """
    unreachable = (representation_error or 0.0) * signal_size
    return unreachable / measurements + (noise or 0.0) ** 2


def resolve(latent_penalty, variance, latent_dim, measurements):
    """Weight of the latent penalty against the sum of squared measurement errors.

    "auto" is `variance * min(m / k, k / m)`. The first factor is Bayes' rule: errors of
    that variance in every measurement make it the weight at which ||z||^2 belongs to a
    N(0, I) prior. k / m takes the penalty back where there are more measurements than
    latent values: what G cannot reach is fixed, unlike noise, so more measurements
    average it out, and at m = n the nearest signal is found without any penalty. m / k
    takes it back where there are fewer: the lanes then spread over all that explains y,
    and their mean does what a penalty would do to one lane.

    Args:
        latent_penalty: "auto", or the weight itself.
        variance: of what G(z) leaves unexplained, see `expected_variance`.
        latent_dim: k.
        measurements: m.

    Returns:
        A float of at least 0.
    """
    if latent_penalty != "auto":
        return latent_penalty
    return variance * min(measurements / latent_dim, latent_dim / measurements)
