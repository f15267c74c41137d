"""The rule behind `latent_penalty="auto"`."""

from tf_gencs import checks


def check(latent_penalty):
    """Returns "auto" or a float of at least 0, else ValueError."""
    if isinstance(latent_penalty, str) and latent_penalty == "auto":
        return "auto"
    return checks.number(latent_penalty, "latent_penalty", at_least=0)


def resolve(
    latent_penalty, representation_error, signal_size, latent_dim, measurements
):
    """Weight of the latent penalty against the sum of squared measurement errors.

    "auto" is `E / m * min(1, k / m)`, where E = `representation_error * n` is the part
    of ||x||^2 that no G(z) reaches. The first factor is Bayes' rule: with A of
    N(0, 1/m) entries, that part looks like noise of variance E / m in every
    measurement, which is the weight at which ||z||^2 belongs to a N(0, I) prior. The
    second one takes the penalty back once there are more measurements than latent
    values: what G cannot reach is fixed, unlike noise, so more measurements average
    it out, and at m = n the nearest signal is found without any penalty.

    Args:
        latent_penalty: "auto", or the weight itself.
        representation_error: mean squared error per signal value of the best G(z), or
            None if it is unknown; "auto" is then 0.
        signal_size: n.
        latent_dim: k.
        measurements: m.

    Returns:
        A float of at least 0.
    """
    if latent_penalty != "auto":
        return latent_penalty
    if representation_error is None:
        return 0.0
    unreachable = representation_error * signal_size
    return unreachable / measurements * min(1.0, latent_dim / measurements)
