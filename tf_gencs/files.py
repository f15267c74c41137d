"""Files that are whole or not there."""

import contextlib
import os
import pathlib

WRITING = "writing_"  # how the name of a file that is not whole yet begins


@contextlib.contextmanager
def replacing(path):
    """Lets a file be written under another name, which takes `path` when it is whole.

    A process killed in between leaves at most the file under the other name, and what
    was at `path` before. The bytes are on the disk before the name is: after a power
    cut too, `path` is a whole file.

    ```python
    with files.replacing("model.keras") as temporary:
        model.save(temporary)
    ```

    Args:
        path: where the file goes; its folder is made if need be.

    Yields:
        `pathlib.Path` to write to, in the same folder and with the same ending.
    """
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{WRITING}{path.name}")
    try:
        yield temporary
        _to_disk(temporary)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _to_disk(path.parent)  # the name


def _to_disk(path):
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
