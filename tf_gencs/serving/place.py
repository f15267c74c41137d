"""Where an export goes: folders of versions, as TensorFlow Serving looks for them."""

import os
import pathlib

from tf_gencs import files

GRAPH = "saved_model.pb"


def version_folder(value):
    """The folder that an export to `path` makes: NAME/VERSION.

    Args:
        value: path of a version, NAME/VERSION with an integer of at least 1; or of the
            model, NAME, and the version is the next one.

    Returns:
        `pathlib.Path`.

    Raises:
        TypeError, ValueError: no path, or no name before the version.
        FileExistsError: the version is there.
        NotADirectoryError: NAME is a file.
    """
    if "://" in str(value):
        raise ValueError(
            "`path` must be a place on this machine, of which a whole folder can be "
            f"renamed: copy the export from there. Received: {value!r}"
        )
    place = pathlib.Path(os.path.abspath(files.path(value)))
    if not place.name.isdecimal():
        if place.exists() and not place.is_dir():
            raise NotADirectoryError(
                f"`path` must be a folder of versions. Received: {place}, a file"
            )
        return place / str(_last_version(place) + 1)
    version = int(place.name)
    if not 1 <= version < 2**63 or place.name != str(version):
        raise ValueError(
            "`path` must end in a version from 1 to 2**63 - 1, written without zeros "
            f"before it, or in a name. Received: {value!r}"
        )
    if not place.parent.name:
        raise ValueError(
            "`path` must have a name before its version, which the server knows the "
            f"model by: NAME/VERSION. Received: {value!r}"
        )
    files.refuse_existing(place, "path")
    return place


def _last_version(folder):
    if not folder.exists():
        return 0
    names = (child.name for child in folder.iterdir())
    return max((int(name) for name in names if name.isdecimal()), default=0)


def exported_version(value, argument="path"):
    """The folder of an export: `pathlib.Path`.

    Args:
        value: path of a version, NAME/VERSION, or of the model, NAME, for its last one.
        argument: its name, for the error message.

    Raises:
        FileNotFoundError: there is no export.
        TypeError, ValueError: no path.
    """
    place = files.path(value, argument)
    if (place / GRAPH).is_file():
        return place
    versions = []
    if place.is_dir():
        versions = [child for child in place.iterdir() if child.name.isdecimal()]
    versions = [child for child in versions if (child / GRAPH).is_file()]
    if not versions:
        raise FileNotFoundError(
            f"`{argument}` must be an export, with {GRAPH} in it or in a folder of its "
            f"version. Received: {place}"
        )
    return max(versions, key=lambda child: int(child.name))
