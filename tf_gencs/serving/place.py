"""Where an export goes: folders of versions, as TensorFlow Serving looks for them."""

from tf_gencs import files


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
    place = files.path(value).absolute()
    if not place.name.isdecimal():
        if place.exists() and not place.is_dir():
            raise NotADirectoryError(
                f"`path` must be a folder of versions. Received: {place}, a file"
            )
        return place / str(_last_version(place) + 1)
    if int(place.name) < 1 or place.name != str(int(place.name)):
        raise ValueError(
            "`path` must end in a version of at least 1, written without zeros before "
            f"it, or in a name. Received: {value!r}"
        )
    files.refuse_existing(place, "path")
    return place


def _last_version(folder):
    if not folder.exists():
        return 0
    names = (child.name for child in folder.iterdir())
    return max((int(name) for name in names if name.isdecimal()), default=0)
