"""What the functions of this room are given, checked alike."""

import numpy as np

from tf_gencs import checks, layers, pixels, priors, seeds
from tf_gencs.recovery import RecoverySettings


def linear(model, A):
    """A as a built, linear `Measurement` of the model's signals, one for all of them.

    Raises:
        TypeError: it is not linear, or measures nothing.
        ValueError: each signal has its own, or it does not fit the signals.
    """
    A = layers.as_measurement(A, model.signal_shape, model.recovery_dtype)
    if not A.linear:
        raise TypeError(
            "`A` must be linear: these numbers are about differences of signals, which "
            "a nonlinear A measures otherwise at every signal; of a linear function "
            "`gencs.layers.FunctionMeasurement(f, linear=True)` says so. "
            f"Received: `{A.name}`, a {type(A).__name__}"
        )
    A._require_shared("theory")
    if not float(A.mean_gain()) > 0:
        raise ValueError(
            f"`A` must measure something. Received: `{A.name}`, of mean gain 0"
        )
    return A


def noise(value):
    """The noise of each measurement as a float, 0 where there is none."""
    return 0.0 if value is None else checks.number(value, "noise", at_least=0)


def representation(model, value):
    """Mean squared error per value of the best G(z): as given, or as the model knows.

    Raises:
        ValueError: neither is known.
    """
    if value is None:
        value = model.representation_error
    if value is None:
        raise ValueError(
            "`model` must know its `representation_error`, which "
            "`model.measure_representation_error(x)` finds on signals that it was not "
            "trained on; what takes `representation` may be told. Received: None"
        )
    return checks.number(value, "representation", at_least=0)


def images(model, x, argument="images", at_least=1):
    """Signals as an array, enough of them and in the model's range.

    Raises:
        ValueError: too few, another shape, or out of `value_range`.
    """
    x = checks.float_array(x, argument, model.signal_shape, model.recovery_dtype)
    if len(x) < at_least:
        raise ValueError(
            f"`{argument}` must hold at least {at_least} signals that G was not "
            f"trained on. Received: shape {x.shape}"
        )
    ends = float(x.min()), float(x.max())
    pixels.judge(*ends, model.value_range, f"`{argument}`", quiet=True)
    return x


def noisy(A, x, noise, seed):
    """y = A(x) + noise as arrays: (batch, m), and the noise in it.

    Args:
        noise: its standard deviation in each measurement.
        seed: of the noise.
    """
    clean = A(x).numpy()
    # A generator of its own: noise must not repeat the numbers behind A.
    rng = np.random.default_rng([seeds.resolve(seed), *b"noise of theory"])
    error = (noise * rng.normal(size=clean.shape)).astype(clean.dtype)
    return clean + error, error


def nearest(model, images, seed, verbose=0):
    """The nearest G(z) to signals that a search finds, whatever was compiled."""
    settings = RecoverySettings().nearest
    found = model._invert_as(settings, images, seed=seed, verbose=verbose)
    return model.generate(z=found.z)


def prior_scale(model):
    """Standard deviation of a latent number under the prior."""
    prior = model.latent_prior
    if isinstance(prior, priors.NormalPrior) and prior.bound is None:
        return prior.stddev
    z = model.draw_z(1000, 0, "theory prior")
    return float(np.sqrt(np.mean(np.square(z, dtype="float64"))))
