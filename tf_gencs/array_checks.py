"""Arrays and tensors as users give them: nothing of what they say is dropped."""

import numpy as np
import tensorflow as tf


def array(value, argument):
    """Returns an array-like as a NumPy array, perhaps the same one.

    Raises:
        TypeError: it is none, has masked values, is sparse or ragged, or is a tensor
            whose numbers only a graph will know.
    """
    plain(value, argument)
    try:
        return np.asarray(value)
    except (NotImplementedError, TypeError, ValueError) as error:
        if tf.is_tensor(value):
            rule = (
                "must hold numbers now, outside of `tf.function` and `Dataset.map` "
                "(a loop over the data set has them)"
            )
        else:
            rule = _rule(value)
        raise TypeError(f"`{argument}` {rule}. Received: {short(value)}") from error


def tensor(value, argument):
    """Returns an array-like as a tensor; inside of graphs, too.

    Raises:
        TypeError: it is none, has masked values, or is sparse or ragged.
    """
    plain(value, argument)
    try:
        return tf.convert_to_tensor(value)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"`{argument}` {_rule(value)}. Received: {short(value)}"
        ) from error


def float_tensor(value, argument, axes=1):
    """Returns an array-like of so many axes or more as a floating-point tensor.

    Raises:
        TypeError: it is none, or does not hold floating-point numbers.
        ValueError: it has fewer axes.
    """
    found = tensor(value, argument)
    if not found.dtype.is_floating:
        raise TypeError(
            f"`{argument}` must hold floating-point numbers. "
            f"Received: dtype {found.dtype.name}"
        )
    if found.shape.rank is not None and found.shape.rank < axes:
        raise ValueError(
            f"`{argument}` must have at least {axes} {'axis' if axes == 1 else 'axes'}."
            f" Received: shape {found.shape}"
        )
    return found


def plain(value, argument):
    """Refuses what would lose its meaning on the way to an array or tensor.

    Raises:
        TypeError: no value, text, a dict or set, masked values, sparse or ragged rows,
            a data set or generator.
    """
    parts = value if isinstance(value, (list, tuple)) else [value]
    if any(np.ma.isMaskedArray(part) for part in parts):
        raise TypeError(
            f"`{argument}` must have no masked values: `.filled(0)` fills them, and "
            "what is unknown an A like `gencs.layers.MaskMeasurement` leaves out. "
            "Received: a masked array"
        )
    fix = None
    if isinstance(value, tf.data.Dataset) or hasattr(value, "__next__"):
        fix = ": a loop over the batches, `for batch in data:`, has them"
    elif value is None or isinstance(value, (str, bytes, dict, set)):
        fix = ""
    elif isinstance(value, tf.RaggedTensor):
        fix = " with rows of equal lengths: `.to_tensor()` fills them up"
    elif isinstance(value, tf.SparseTensor):
        fix = " that stores all its values: `tf.sparse.to_dense` makes one"
    elif hasattr(value, "tocoo"):  # SciPy's, which need not be installed
        fix = " that stores all its values: `.toarray()` makes one"
    if fix is not None:
        raise TypeError(
            f"`{argument}` must be an array or tensor{fix}. Received: {short(value)}"
        )


def short(value):
    """What was received, in a line."""
    shape = getattr(value, "shape", None)
    if shape is not None and not isinstance(value, type):
        dtype = getattr(value, "dtype", None)
        name = getattr(dtype, "name", dtype)
        return f"{type(value).__name__} of shape {shape} and dtype {name}"
    text = " ".join(repr(value).split())
    return text if len(text) <= 200 else f"{text[:200]}..."


def _rule(value):
    if isinstance(value, (list, tuple)):
        return "must be an array or tensor, with rows of equal lengths"
    if isinstance(value, tf.data.Dataset):
        return (
            "must be an array or tensor: `np.concatenate(list(dataset))` makes one of "
            "batches"
        )
    return "must be an array or tensor"
