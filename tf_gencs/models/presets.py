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
import numpy as np

from tf_gencs import checks, files, priors
from tf_gencs.shipped import CONFIG, RECORD, Shipped

_WEIGHTS = "model.weights.h5"

shipped = Shipped(
    pathlib.Path(__file__).parent / "shipped",
    "preset",
    "a folder that `save_to_preset` wrote",
)


def save(model, path, record=None, storage_dtype=None):
    """Writes a model as a preset folder.

    Each file replaces its predecessor only when it is complete, the config last: an
    interrupted save leaves no folder that loads half old, half new.

    Args:
        model: a `GenerativeModel` that was never compiled.
        path: folder, made if need be.
        record: JSON-serialisable dict on how the model was made.
        storage_dtype: None or "float16", what the weights are rounded to on disk.

    Raises:
        OSError: the folder cannot be made or written to.
        ValueError: another `storage_dtype`, or weights beyond its range.
    """
    checks.choice(storage_dtype, "storage_dtype", (None, "float16"))
    try:
        json.dumps(record)
        written = isinstance(record, (dict, type(None)))
    except (TypeError, ValueError):
        written = False
    if not written:
        raise TypeError(
            f"`record` must be None or a dict that JSON can hold. Received: {record!r}"
        )
    folder = files.folder_to_write(path, "path")
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        temporary = pathlib.Path(temporary)
        model.save_weights(temporary / _WEIGHTS)
        if storage_dtype is not None:
            _narrow(temporary / _WEIGHTS, storage_dtype)
        config = keras.saving.serialize_keras_object(model)
        content = {"model": config, "weights_sha256": _digest(temporary / _WEIGHTS)}
        _write_json(temporary / CONFIG, content)
        _write_json(temporary / RECORD, record or {})
        for name in (RECORD, _WEIGHTS, CONFIG):
            os.replace(temporary / name, folder / name)


def load(preset, expected_class, **kwargs):
    """Loads a preset by name or folder; see `GenerativeModel.from_preset`."""
    folder = shipped.folder(preset)
    content = _read_config(folder / CONFIG)
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
    model = _changed(cls, config["config"], kwargs)
    try:
        with warnings.catch_warnings():
            # Keras only warns of weights that it leaves as they were drawn.
            warnings.simplefilter("error", UserWarning)
            model.load_weights(weights)
    except (OSError, KeyError, ValueError, UserWarning) as error:
        raise ValueError(
            "The weights of `preset` do not fit its config"
            f"{f' as changed by {sorted(kwargs)}' if kwargs else ''}: {weights}, with "
            f"{type(error).__name__}: {error}"
        ) from error
    return model


def _changed(cls, config, changes):
    """A model of a saved config in which some values are others.

    Raises:
        TypeError: a name that the config does not have.
        ValueError: another value of what the weights were trained for, with which they
            would make other signals.
    """
    # Of what is None, nothing was known: it may be told now.
    held = {name for name in cls.trained_for if config.get(name, "told") is not None}
    held = {name: changes[name] for name in changes if name in held}
    free = {name: changes[name] for name in changes if name not in held}
    try:
        model = cls.from_config({**config, **free})
    except (TypeError, ValueError) as error:  # Keras has either
        unknown = sorted(set(free) - set(config))
        if not unknown:
            raise
        raise TypeError(
            f"`from_preset` must get names of the saved config, {sorted(config)}. "
            f"Received: {unknown}"
        ) from error
    for name, given in held.items():
        own = getattr(model, name)
        if not _same(given, own):
            raise ValueError(
                f"`{name}` must be as in the preset, {own!r}: its weights were trained "
                "for that, and make other signals with another. A model of your own "
                f"may wrap `from_preset(...).generator`. Received: {given!r}"
            )
    return model


def _same(given, own):
    """Whether a value that was given is that of a model: a range or a prior."""
    if isinstance(own, tuple):
        return checks.value_range(given) == own
    if isinstance(own, priors.LatentPrior):
        return repr(priors.get(given)) == repr(own)
    return given is own  # both None: networks of one's own would be overwritten


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


def _narrow(path, dtype):
    """Rewrites the floating-point arrays of a weights file in another dtype."""
    import h5py

    def copy(source, target):
        target.attrs.update(source.attrs)
        for name, item in source.items():
            if isinstance(item, h5py.Group):
                copy(item, target.create_group(name))
                continue
            value = item[()]
            if np.issubdtype(item.dtype, np.floating):
                with np.errstate(over="ignore"):  # infinity says it
                    value = np.asarray(value, dtype)
                if not np.isfinite(value).all():
                    raise ValueError(
                        f"`storage_dtype` must hold all weights. Received: {dtype!r}, "
                        f"and {item.name} has NaN or values of up to "
                        f"{np.abs(item[()]).max():g}"
                    )
            target.create_dataset(name, data=value).attrs.update(item.attrs)

    narrow = path.with_name(f"narrow_{path.name}")
    with h5py.File(path) as source, h5py.File(narrow, "w") as target:
        copy(source, target)
    os.replace(narrow, path)


def _digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _write_json(path, content):
    path.write_text(json.dumps(content, indent=2) + "\n")
