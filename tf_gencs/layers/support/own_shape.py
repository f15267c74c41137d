"""y in the shape that a measurement gives it by itself: that of an image, say.

The rule: where the last axis of y is m, y is flat; else its last axes must be those of
that shape, but for axes of one value at the end. All who take y ask here.
"""


def flat(y, measurement):
    """An array (batch, *measurement_shape) as (batch, m); any other as it is."""
    if y.ndim - 1 != axes(y.shape, measurement):
        return y
    return y.reshape(len(y), measurement.measurements)


def axes(shape, measurement):
    """How many of the last axes of y are one measurement in its own shape.

    Axes of one value at the end count or not: images may come with channels or without.

    Args:
        shape: of y, known or partly known; its rank may be unknown.
        measurement: built `Measurement`.

    Returns:
        Their number; None where y is flat, (..., m), or fits in no way.
    """
    if getattr(shape, "rank", 0) is None:
        return None
    shape = tuple(shape)
    if not shape or shape[-1] == measurement.measurements:
        return None
    own = _without_ones(measurement.measurement_shape)
    bare = _without_ones(shape)
    if not own or bare[max(0, len(bare) - len(own)) :] != own:
        return None
    return len(own) + len(shape) - len(bare)


def told(measurement):
    """What else y may be, such as ", or (batch, 14, 14)", for messages."""
    own = measurement.measurement_shape
    if own is None or len(own) == 1:
        return ""
    return f", or (batch, {', '.join(map(str, own))})"


def _without_ones(shape):
    while shape and shape[-1] == 1:
        shape = shape[:-1]
    return tuple(shape)
