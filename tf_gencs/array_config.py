"""Arrays in the configs of Keras objects, exact and compact."""

import base64

import numpy as np

_KEYS = {"shape", "float32"}


def serialize(array):
    """A number or None as it is; a float32 array as a dict that JSON can hold."""
    if array is None:
        return None
    array = np.asarray(array)
    if not array.ndim:
        return float(array)
    content = base64.b64encode(array.astype("<f4").tobytes()).decode()
    return {"shape": list(array.shape), "float32": content}


def deserialize(config):
    """What `serialize` was given; anything else comes back as it is."""
    if not isinstance(config, dict) or set(config) != _KEYS:
        return config
    values = np.frombuffer(base64.b64decode(config["float32"]), "<f4")
    return values.reshape(config["shape"])
