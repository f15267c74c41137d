"""Arrays in the configs of Keras objects, exact and compact."""

import base64

import numpy as np

_DTYPES = {
    "float16": "<f2",
    "float32": "<f4",
    "float64": "<f8",
    "complex64": "<c8",
    "complex128": "<c16",
    **{f"{u}int{8 * n}": f"<{u or 'i'}{n}" for u in ("", "u") for n in (1, 2, 4, 8)},
}


def serialize(array):
    """A number or None as it is; an array as a dict that JSON can hold, in float32."""
    if array is None:
        return None
    array = np.asarray(array)
    return exact(array.astype("<f4")) if array.ndim else float(array)


def exact(array):
    """An array or tensor of numbers, in its own dtype, as a dict that JSON can hold."""
    array = np.asarray(array)
    if array.dtype.name not in _DTYPES:  # narrower than float32, as bfloat16 is
        array = array.astype("<f4")
    name = array.dtype.name
    content = base64.b64encode(array.astype(_DTYPES[name]).tobytes()).decode()
    return {"shape": list(array.shape), name: content}


def deserialize(config):
    """What `serialize` or `exact` was given; anything else comes back as it is."""
    if not isinstance(config, dict) or len(config) != 2 or "shape" not in config:
        return config
    (name,) = set(config) - {"shape"}
    if name not in _DTYPES:
        return config
    values = np.frombuffer(base64.b64decode(config[name]), _DTYPES[name])
    return values.reshape(config["shape"])
