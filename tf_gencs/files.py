"""Where users want files, and files that are whole or not there."""

import contextlib
import os
import pathlib
import secrets
import shutil
import tempfile

WRITING = "writing_"  # how the name of a file that is not whole yet begins


def path(value, argument="path"):
    """A path that a user gave as a `pathlib.Path`, with ~ for the home folder.

    Args:
        value: str or anything that `os.fspath` takes, absolute or relative.
        argument: its name, for the error message.

    Raises:
        TypeError: no path.
        ValueError: an empty one, or one that no system has.
    """
    if not isinstance(value, (str, os.PathLike)):
        raise TypeError(f"`{argument}` must be a path. Received: {value!r}")
    text = os.fsdecode(value)
    if not text or "\0" in text:
        raise ValueError(f"`{argument}` must be a path. Received: {value!r}")
    try:
        return pathlib.Path(text).expanduser()
    except RuntimeError as error:  # there is no such user
        raise ValueError(
            f"`{argument}` must be a path: {error} Received: {value!r}"
        ) from error


def folder_to_write(value, argument):
    """A folder that files can be written to, made if need be: a `pathlib.Path`.

    Raises:
        OSError: it cannot be made or written to, with the argument's name.
        TypeError, ValueError: as `path` does.
    """
    folder = path(value, argument)
    with naming(folder, argument):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    return folder


@contextlib.contextmanager
def naming(place, argument):
    """Errors of the system within say which argument asked for what they fail on."""
    try:
        yield
    except OSError as error:
        if f"`{argument}`" in str(error):
            raise
        raise type(error)(
            f"`{argument}` must be a place that can be written to: give another one. "
            f"Received: {place} ({error.strerror or error})"
        ) from error


@contextlib.contextmanager
def replacing(value, argument="path"):
    """Lets a file be written under another name, which takes `path` when it is whole.

    A process killed in between leaves at most the file under the other name, and what
    was at `path` before. The bytes are on the disk before the name is: after a power
    cut too, `path` is a whole file.

    ```python
    with files.replacing("model.keras") as temporary:
        model.save(temporary)
    ```

    Args:
        value: where the file goes; its folder is made if need be.
        argument: what a user gave that in, for error messages.

    Yields:
        `pathlib.Path` to write to, in the same folder and with the same ending.
    """
    whole = path(value, argument)
    temporary = whole.with_name(f"{WRITING}{whole.name}")
    with naming(whole, argument):
        folder_to_write(whole.parent, argument)
        try:
            yield temporary
            to_disk(temporary)
            os.replace(temporary, whole)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        to_disk(whole.parent)  # the name


@contextlib.contextmanager
def new_folder(value, argument="path"):
    """Lets a folder be written under another name, which takes `path` when whole.

    As `replacing`, for a folder that must not exist yet: whoever looks for `path` finds
    all of it or nothing. A process killed in between leaves a folder whose name begins
    with `WRITING`, which may be deleted.

    Args:
        value: where the folder goes; the folder around it is made if need be.
        argument: what a user gave that in, for error messages.

    Yields:
        `pathlib.Path` of a folder to write to.

    Raises:
        FileExistsError: it exists; or another process made it meanwhile.
        OSError: it cannot be written.
    """
    whole = path(value, argument)
    refuse_existing(whole, argument)
    with naming(whole, argument):
        folder_to_write(whole.parent, argument)
        # Not of `tempfile`, whose folders are closed to others: servers are others.
        made = whole.parent / f"{WRITING}{whole.name}_{secrets.token_hex(4)}"
        made.mkdir()
        try:
            yield made
            for folder, _, names in os.walk(made):
                for name in names:
                    to_disk(os.path.join(folder, name))
                to_disk(folder)
            refuse_existing(whole, argument)
            os.rename(made, whole)
        except BaseException:
            shutil.rmtree(made, ignore_errors=True)
            raise
        to_disk(whole.parent)


def refuse_existing(whole, argument):
    """Raises FileExistsError, with the argument's name, for a place that is taken."""
    if os.path.lexists(whole):
        raise FileExistsError(
            f"`{argument}` must not exist yet: nothing is overwritten. "
            f"Received: {whole}"
        )


def to_disk(written):
    """Waits until a file, or the names in a folder, outlive a power cut."""
    descriptor = os.open(written, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
