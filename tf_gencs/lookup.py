"""Objects that users may name instead of making them."""

import keras


def find(identifier, by_name, kind, argument, example):
    """Turns a name, an object or a serialised one into an object.

    Args:
        identifier: one of them.
        by_name: dict from names to functions that make an object.
        kind: class of the objects.
        argument: name of the argument, for the error message.
        example: code that makes an object, for the error message.

    Returns:
        An object of `kind`.

    Raises:
        TypeError: `identifier` is none of them.
        ValueError: an unknown name.
    """
    rule = f"`{argument}` must be one of {list(by_name)} or an object, such as "
    if isinstance(identifier, dict):
        identifier = keras.saving.deserialize_keras_object(identifier)
    if isinstance(identifier, str):
        if identifier not in by_name:
            raise ValueError(f"{rule}`{example}`. Received: {identifier!r}")
        return by_name[identifier]()
    if not isinstance(identifier, kind):
        raise TypeError(f"{rule}`{example}`. Received: {identifier!r}")
    return identifier
