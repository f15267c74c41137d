"""Presets: a config, weights and a record of how they came about, in one folder.

config.json          class and config of the model, checksum of the weights
model.weights.h5     Keras weights
record.json          command, seeds, data and metrics that made it
"""

import hashlib
import json
import os
import pathlib
import tempfile
import warnings

import keras

_SHIPPED = pathlib.Path(__file__).parent / "shipped"
_CONFIG, _WEIGHTS, _RECORD = "config.json", "model.weights.h5", "record.json"


def names():
    """Names of the presets that ship with the package."""
    return sorted(path.parent.name for path in _SHIPPED.glob(f"*/{_CONFIG}"))


def save(model, path, record=None):
    """Writes a model as a preset folder.

    Each file replaces its predecessor only when it is complete, the config last: an
    interrupted save leaves no folder that loads half old, half new.

    Args:
        model: the `GenerativeModel`.
        path: folder, made if need be.
        record: JSON-serialisable dict on how the model was made.
    """
    folder = pathlib.Path(path)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        temporary = pathlib.Path(temporary)
        # How to recover and train is the user's choice: a copy that was never compiled
        # leaves it out, and with it the optimizer's state, twice the weights' size.
        bare = type(model).from_config(model.get_config())
        bare.set_weights(model.get_weights())
        bare.save_weights(temporary / _WEIGHTS)
        config = keras.saving.serialize_keras_object(bare)
        content = {"model": config, "weights_sha256": _digest(temporary / _WEIGHTS)}
        _write_json(temporary / _CONFIG, content)
        _write_json(temporary / _RECORD, record or {})
        for name in (_RECORD, _WEIGHTS, _CONFIG):
            os.replace(temporary / name, folder / name)


def load(preset, expected_class, **kwargs):
    """Loads a preset by name or folder; see `GenerativeModel.from_preset`."""
    folder = _folder(preset)
    content = _read_config(folder / _CONFIG)
    config = content["model"]
    name = config["registered_name"]
    cls = keras.saving.get_registered_object(name)
    if cls is None:
        raise ValueError(
            f"`preset` must hold a registered Keras class: import {name!r} first. "
            f"Received: {str(preset)!r}"
        )
    if not issubclass(cls, expected_class):
        raise ValueError(
            f"`preset` must hold a {expected_class.__name__}. "
            f"Received: {str(preset)!r}, which holds a {name}"
        )
    weights = folder / _WEIGHTS
    if not weights.is_file() or _digest(weights) != content["weights_sha256"]:
        raise ValueError(
            f"The weights file of `preset` is missing or damaged: {weights}. Install "
            "the package or save the preset again."
        )
    model = cls.from_config({**config["config"], **kwargs})
    try:
        with warnings.catch_warnings():
            # Keras only warns of weights that it leaves as they were drawn.
            warnings.simplefilter("error", UserWarning)
            model.load_weights(weights)
    except (OSError, KeyError, ValueError, UserWarning) as error:
        raise ValueError(
            "The weights of `preset` do not fit its config"
            f"{f' as changed by {sorted(kwargs)}' if kwargs else ''}: {weights}"
        ) from error
    return model


def _folder(preset):
    if not isinstance(preset, (str, os.PathLike)):
        raise TypeError(f"`preset` must be a name or a path. Received: {preset!r}")
    for folder in (_SHIPPED / str(preset), pathlib.Path(preset)):
        if (folder / _CONFIG).is_file():
            return folder
    raise ValueError(
        f"`preset` must be one of {names()} or a folder that `save_to_preset` wrote. "
        f"Received: {str(preset)!r}"
    )


def _read_config(path):
    try:
        content = json.loads(path.read_text())
        complete = (
            isinstance(content["model"]["config"], dict)
            and isinstance(content["model"]["registered_name"], str)
            and isinstance(content["weights_sha256"], str)
        )
        if not complete:
            raise ValueError("entries are missing")
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"The config of `preset` is damaged: {path}") from error
    return content


def _digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _write_json(path, content):
    path.write_text(json.dumps(content, indent=2) + "\n")
