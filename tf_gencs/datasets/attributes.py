"""Attributes of faces: names to choose by, vectors to learn from."""

import tensorflow as tf

__all__ = ["checked_attributes", "read_face"]


def checked_attributes(attributes, known):
    """Returns a tuple of different names among those known; None means all.

    Raises:
        TypeError: a string, or no sequence.
        ValueError: none, an unknown name, or one twice.
    """
    if attributes is None:
        return tuple(known)
    if isinstance(attributes, str) or not hasattr(attributes, "__iter__"):
        raise TypeError(
            f"`attributes` must be a sequence of names. Received: {attributes!r}"
        )
    names = tuple(attributes)
    if not names or len(set(names)) < len(names) or not set(names) <= set(known):
        raise ValueError(
            f"`attributes` must be different names of {list(known)}. "
            f"Received: {list(names)}"
        )
    return names


def read_face(names):
    """A function from a stored face to (image, float32 vector of 0 and 1)."""

    def read(example):
        values = [example["attributes"][name] for name in names]
        return example["image"], tf.cast(tf.stack(values, axis=-1), tf.float32)

    return read
