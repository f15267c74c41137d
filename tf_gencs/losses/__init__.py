"""Losses between measured and predicted y: how far A G(z) is from y."""

import keras

from tf_gencs.losses.sum_squared_error import SumSquaredError

__all__ = ["SumSquaredError", "get"]


def get(identifier):
    """Turns "sse", a Keras loss or a serialised one into a loss.

    A Keras loss must keep its lanes apart (`reduction=None`).

    Raises:
        TypeError: `identifier` is none of them.
        ValueError: an unknown name, or a loss that mixes lanes.
    """
    if isinstance(identifier, dict) and "class_name" in identifier:
        identifier = keras.saving.deserialize_keras_object(identifier)
    if isinstance(identifier, str):
        if identifier != "sse":
            raise ValueError(
                f"`loss` must be 'sse' or a Keras loss. Received: {identifier!r}"
            )
        return SumSquaredError()
    if not isinstance(identifier, keras.losses.Loss):
        raise TypeError(
            f"`loss` must be 'sse' or a Keras loss. Received: {identifier!r}"
        )
    if identifier.reduction not in (None, "none"):
        raise ValueError(
            "`loss` must keep its lanes apart: give it `reduction=None`. "
            f"Received: reduction={identifier.reduction!r}"
        )
    return identifier
