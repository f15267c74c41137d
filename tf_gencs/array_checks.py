"""Arrays and tensors as users give them: nothing of what they say is dropped."""

import keras
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

    Integers and bools are the numbers they are, in Keras's `floatx`.

    Raises:
        TypeError: it is none, or does not hold real numbers.
        ValueError: it has fewer axes.
    """
    found = tensor(value, argument)
    if whole(found.dtype):
        found = tf.cast(found, keras.config.floatx())
    real(found.dtype, argument)
    if found.shape.rank is not None and found.shape.rank < axes:
        raise ValueError(
            f"`{argument}` must have at least {axes} {'axis' if axes == 1 else 'axes'}."
            f" Received: shape {found.shape}"
        )
    return found


def whole(dtype):
    """Whether it is of integers or bools, which are numbers too."""
    return tf.as_dtype(dtype).is_integer or tf.as_dtype(dtype).is_bool


def real(dtype, argument):
    """Refuses the dtype of what are no real numbers: text, complex ones, objects.

    Raises:
        TypeError: it is of these.
    """
    try:
        valid = whole(dtype) or tf.as_dtype(dtype).is_floating
    except TypeError:  # none that TensorFlow knows
        valid = np.issubdtype(dtype, np.floating)
    if not valid:
        name = getattr(dtype, "name", dtype)
        raise TypeError(f"`{argument}` must hold real numbers. Received: dtype {name}")


def channels_last(shape, signal_shape):
    """What to do about a batch whose channels come first; "" if they do not.

    Args:
        shape: of the batch.
        signal_shape: what one signal should have, channels last; None for any.
    """
    if signal_shape is None or len(shape) != len(signal_shape) + 1 or len(shape) < 3:
        return ""
    counts = {1, 3, signal_shape[-1]}
    if shape[1] not in counts or shape[-1] in counts:
        return ""
    return ": channels come last, `np.moveaxis(x, 1, -1)` takes them there"


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
