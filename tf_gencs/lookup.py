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
    rule = (
        f"`{argument}` must be one of {list(by_name)} or an object, such as "
        f"`{example}`. Received: "
    )
    if isinstance(identifier, dict):
        identifier = made(identifier, rule)
    if isinstance(identifier, str):
        if identifier not in by_name:
            raise ValueError(f"{rule}{identifier!r}")
        return by_name[identifier]()
    if not isinstance(identifier, kind):
        raise TypeError(f"{rule}{received(identifier)}")
    return identifier


def made(config, rule):
    """The object that a config of Keras describes; TypeError where there is none."""
    try:
        return keras.saving.deserialize_keras_object(config)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise TypeError(f"{rule}{config!r}, of which Keras says: {error}") from error


def received(value):
    """What came, for error messages: of a class, that calling it makes an object."""
    if not isinstance(value, type):
        return repr(value)
    return f"the class {value.__name__}; `{value.__name__}(...)` makes an object of it"
