"""Folders that ship with the package, by name: presets, classifiers."""

import json
import os
import pathlib

from tf_gencs import files

CONFIG, RECORD = "config.json", "record.json"


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
