"""Losses between measured and predicted y, and of adversarial training."""

import keras

from tf_gencs import lookup
from tf_gencs.losses.absolute_error import AbsoluteError
from tf_gencs.losses.adversarial import (
    AdversarialLoss,
    Hinge,
    LeastSquares,
    LogRatio,
    Minimax,
    NonSaturating,
    Wasserstein,
)
from tf_gencs.losses.amplitude_error import AmplitudeError
from tf_gencs.losses.cross_entropy import CrossEntropy
from tf_gencs.losses.gradient_penalty import gradient_penalty_of
from tf_gencs.losses.huber import Huber
from tf_gencs.losses.maximize import Maximize
from tf_gencs.losses.measurement_loss import MeasurementLoss
from tf_gencs.losses.poisson import Poisson
from tf_gencs.losses.sum_squared_error import SumSquaredError

__all__ = [
    "AbsoluteError",
    "AdversarialLoss",
    "AmplitudeError",
    "CrossEntropy",
    "Hinge",
    "Huber",
    "LeastSquares",
    "LogRatio",
    "Maximize",
    "MeasurementLoss",
    "Minimax",
    "NonSaturating",
    "Poisson",
    "SumSquaredError",
    "Wasserstein",
    "get",
    "get_adversarial",
    "gradient_penalty_of",
    "names",
]

# Huber is not among them: its delta depends on the noise.
_BY_NAME = {
    "amplitude": AmplitudeError,
    "cross_entropy": CrossEntropy,
    "hinge": Hinge,
    "l1": AbsoluteError,
    "least_squares": LeastSquares,
    "log_ratio": LogRatio,
    "maximize": Maximize,
    "minimax": Minimax,
    "non_saturating": NonSaturating,
    "poisson": Poisson,
    "sse": SumSquaredError,
    "wasserstein": Wasserstein,
}

names = tuple(_BY_NAME)

_RULE = (
    f"`loss` must be one of {list(names)}, an object from `gencs.losses`, such as "
    "`gencs.losses.Huber(delta)`, or a Keras loss object with `reduction=None`, such "
    "as `keras.losses.MeanSquaredError(reduction=None)`; functions and Keras's names "
    "of losses are not taken."
)


def get(identifier):
    """Turns a name from `names`, a Keras loss or a serialised one into a loss.

    A Keras loss must keep its lanes apart (`reduction=None`). It is taken to need y,
    and it has no `curvature`.

    Raises:
        TypeError: `identifier` is none of them.
        ValueError: an unknown name, or a loss that mixes lanes.

    Example:

    ```python
    gencs.losses.get("l1")  # AbsoluteError()
    gencs.losses.get(keras.losses.LogCosh(reduction=None))  # Keras's own serve too
    ```
    """
    if isinstance(identifier, dict) and "class_name" in identifier:
        identifier = lookup.made(identifier, f"{_RULE} Received: ")
    if isinstance(identifier, str):
        if identifier not in _BY_NAME:
            raise ValueError(f"{_RULE} Received: {identifier!r}")
        return _BY_NAME[identifier]()
    if not isinstance(identifier, keras.losses.Loss):
        raise TypeError(f"{_RULE} Received: {lookup.received(identifier)}")
    if identifier.reduction not in (None, "none"):
        raise ValueError(
            "`loss` must keep its lanes apart: give it `reduction=None`. "
            f"Received: reduction={identifier.reduction!r}"
        )
    return identifier


def get_adversarial(identifier, argument="adversarial_loss"):
    """The same for an `AdversarialLoss`; `argument` is its name in messages.

    Example:

    ```python
    loss = gencs.losses.get_adversarial("wasserstein")
    ```
    """
    try:
        loss = get(identifier)
    except (TypeError, ValueError):
        loss = None
    if not isinstance(loss, AdversarialLoss):
        known = [k for k, v in _BY_NAME.items() if issubclass(v, AdversarialLoss)]
        raise ValueError(
            f"`{argument}` must be one of {known} or an object such as "
            "`gencs.losses.Wasserstein(gradient_penalty=10.0)`. "
            f"Received: {identifier!r}"
        )
    return loss
