"""Records of how weights were made, which ship beside them."""

import platform

import keras
import tensorflow as tf


def record_of(script, options, apart, **found):
    """What made some weights: the command that makes them again, and its settings.

    Args:
        script: name of the script, as it is called.
        options: what its command line said; what is None was not said.
        apart: names of options that do not change what is made.
        found: what else to tell.
    """
    settings = {
        name: value
        for name, value in vars(options).items()
        if name not in apart and value is not None
    }
    flags = [_flag(name, value) for name, value in settings.items()]
    return {
        "command": " ".join([f"./scripts/{script}", *flags]),
        **settings,
        **found,
        "versions": versions(),
    }


def versions():
    return {
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
    }


def _flag(name, value):
    values = value if isinstance(value, list | tuple) else [value]
    return " ".join([f"--{name.replace('_', '-')}", *map(str, values)])
