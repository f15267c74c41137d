"""Folders that ship with the package, by name: presets, classifiers."""

import json
import os
import pathlib
import tempfile

import numpy as np

from tf_gencs import files

CONFIG, RECORD = "config.json", "record.json"
_WEIGHTS = "weights.npz"


class Shipped:
    """The folders in a folder; one of a user serves as well, by its path.

    Args:
        root: folder that holds them; each has a config.json, and a record.json that
            tells how it was made.
        argument: what users name one in, for error messages.
        others: what a user's folder may be, for error messages.
    """

    def __init__(self, root, argument, others):
        self.root = pathlib.Path(root)
        self._argument, self._others = argument, others

    def names(self):
        """Names of those that ship, sorted."""
        return sorted(path.parent.name for path in self.root.glob(f"*/{CONFIG}"))

    def folder(self, name):
        """Where one lies: `pathlib.Path`.

        Args:
            name: one of `names()`, or a path.

        Raises:
            TypeError: neither a name nor a path.
            ValueError: nothing is there.
        """
        if not isinstance(name, (str, os.PathLike)):
            raise TypeError(
                f"`{self._argument}` must be a name or a path. Received: {name!r}"
            )
        for folder in (self.root / str(name), files.path(name, self._argument)):
            if (folder / CONFIG).is_file():
                return folder
        file = files.path(name, self._argument)
        way_out = ""
        if file.suffix in (".keras", ".h5"):
            way_out = (
                "; `keras.saving.load_model` reads files of `model.save`, and "
                "`model.load_weights` those of `save_weights`"
            )
        raise ValueError(
            f"`{self._argument}` must be one of {self.names()} or {self._others}. "
            f"Received: {str(name)!r}{way_out}"
        )

    def record(self, name):
        """How one was made: a dict."""
        return json.loads((self.folder(name) / RECORD).read_text())


def read_weights(folder, what):
    """Weights that `write` wrote, as float32 in order.

    Args:
        folder: where they are.
        what: whose they are, to end a sentence with.

    Raises:
        ValueError: they are missing or damaged.
    """
    try:
        # NumPy leaves a damaged file open that it opened itself.
        with open(folder / _WEIGHTS, "rb") as file, np.load(file) as stored:
            weights = [stored[f"{i}"] for i in range(len(stored.files))]
            return [w.astype("float32") for w in weights]
    except Exception as error:  # NumPy raises one of many for a damaged file
        message = f"The weights of {what} are missing or damaged: {folder}"
        raise ValueError(message) from error


def write(folder, model, record):
    """Writes a model's config, its weights in float16 and a record; whole, or not.

    Args:
        folder: `pathlib.Path`, which is there.
        model: Keras model or layer.
        record: dict on how it was made, that JSON can hold.
    """
    weights = {f"{i}": w.astype("float16") for i, w in enumerate(model.get_weights())}
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        temporary = pathlib.Path(temporary)
        np.savez_compressed(temporary / _WEIGHTS, **weights)
        for name, content in ((RECORD, record), (CONFIG, model.get_config())):
            (temporary / name).write_text(json.dumps(content, indent=2) + "\n")
        # The config last: where it is, the rest is.
        for name in (RECORD, _WEIGHTS, CONFIG):
            (temporary / name).replace(folder / name)
