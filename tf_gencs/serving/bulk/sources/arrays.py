"""NumPy files: .npy of y, or .npz with an array of each name, a row for each signal."""

import functools
import zipfile

import numpy as np

from tf_gencs.serving.bulk import places

_READERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def shapes(path, kind, only):
    """Shapes of the arrays of a file, and their dtypes: a dict from names to pairs.

    Args:
        path: of the file.
        kind: "npy" or "npz".
        only: what the array of a .npy file is.

    Raises:
        ValueError: damaged, or no array of numbers.
    """
    try:
        with places.opened(path) as file:
            if kind == "npy":
                shape, _, dtype = _header(file)
                return {only: (shape, dtype)}
            with zipfile.ZipFile(file) as archive:
                found = {}
                for member in archive.namelist():
                    with archive.open(member) as part:
                        shape, _, dtype = _header(part)
                    found[member.removesuffix(".npy")] = shape, dtype
                return found
    except (EOFError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f"it is no readable .{kind} file: {error}") from error


def _header(file):
    version = np.lib.format.read_magic(file)
    if version not in _READERS:
        raise ValueError(f"version {version} of the format")
    shape, fortran, dtype = _READERS[version](file)
    if dtype.hasobject:
        raise ValueError("Python objects, which are not read from files")
    return shape, fortran, dtype


def records(path, kind, start, stop, names, only):
    """The rows `start` to `stop` of a file: dicts from names to arrays."""
    if kind == "npy":
        columns = {only: _rows(path, start, stop)}
    else:
        everything = _all(path)
        columns = {
            name: everything[name][start:stop] for name in names if name in everything
        }
    for row in range(stop - start):
        yield {name: column[row] for name, column in columns.items()}


def _rows(path, start, stop):
    with places.opened(path) as file:
        shape, fortran, dtype = _header(file)
        begin = file.tell()
        if fortran:
            file.seek(0)
            return np.load(file, allow_pickle=False)[start:stop]
        width = dtype.itemsize * int(np.prod(shape[1:], dtype=np.int64))
        file.seek(begin + start * width)
        content = file.read((stop - start) * width)
    rows = np.frombuffer(content, dtype)
    return rows.reshape(stop - start, *shape[1:])


@functools.lru_cache(1)  # the parts of a file are asked one after the other
def _all(path):
    with places.opened(path) as file, np.load(file, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}
