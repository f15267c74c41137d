"""How objects with a config print."""


def config_repr(instance, without=()):
    """Returns `Class(key=value, ...)` of an object's `get_config`.

    Args:
        instance: what has a `get_config`. Where that holds another object serialised,
            as a dict, the attribute of the same name prints instead.
        without: keys that do not print.
    """
    config = {k: v for k, v in instance.get_config().items() if k not in without}
    for key, value in config.items():
        if isinstance(value, dict):
            config[key] = getattr(instance, key, value)
    arguments = ", ".join(f"{key}={value!r}" for key, value in config.items())
    return f"{type(instance).__name__}({arguments})"
