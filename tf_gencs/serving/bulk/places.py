"""Files of a bulk run: on this machine, or at an address such as gs://bucket/folder.

Workers of a cluster share no disk but a store that TensorFlow reads and writes by an
address. What is written takes its name when it is whole, under either.
"""

import contextlib
import glob
import hashlib
import json
import os
import re
import secrets
from typing import NamedTuple

import tensorflow as tf

from tf_gencs import files

_BLOCK = 8 * 2**20


class Found(NamedTuple):
    """An input file.

    Attributes:
        name: how it is called in ids and dead letters: its path from the first folder
            on that a pattern left open.
        path: where it is.
    """

    name: str
    path: str


def absolute(value, argument):
    """A path as all workers know it: str."""
    if remote(value):
        return str(value)
    return os.path.abspath(files.path(value, argument))


def remote(path):
    return "://" in str(path)


def matching(patterns, argument="input"):
    """The files that patterns name, each once: a list of `Found`, in their order.

    Raises:
        FileNotFoundError: a pattern that no file matches.
        ValueError: two files of one name.
    """
    found = {}
    for pattern in patterns:
        full = absolute(pattern, argument)
        fixed = _fixed_folder(full)
        paths = [full] if _is_file(full) else sorted(_glob(full))
        paths = [path for path in paths if _is_file(path)]
        if not paths:
            raise FileNotFoundError(
                f"`{argument}` must name files, by * and ? too. Received: {pattern}, "
                "which matches none"
            )
        for path in paths:
            name = path[len(fixed) :].lstrip("/") if fixed else path
            if found.setdefault(name, path) != path:
                raise ValueError(
                    f"`{argument}` must name files that differ in their names: seeds "
                    "and ids follow from these. A pattern such as '*/part-*' keeps "
                    f"folders apart. Received: {found[name]} and {path}, both {name}"
                )
    return [Found(name, path) for name, path in found.items()]


def _fixed_folder(pattern):
    """The folders of a pattern before the first one that is left open."""
    parts = pattern.split("/")
    for i, part in enumerate(parts):
        if glob.has_magic(part):
            return "/".join(parts[:i])
    return "/".join(parts[:-1])


def _glob(pattern):
    if remote(pattern):
        with told():
            return tf.io.gfile.glob(pattern)
    return glob.glob(pattern, recursive=True)


def _is_file(path):
    if remote(path):
        return tf.io.gfile.exists(path) and not tf.io.gfile.isdir(path)
    return os.path.isfile(path)


def exists(path):
    return tf.io.gfile.exists(path) if remote(path) else os.path.lexists(path)


def opened(path):
    """A file to read bytes from, and to move about in."""
    if remote(path):
        return tf.io.gfile.GFile(path, "rb")
    return open(path, "rb")


class Stamp(NamedTuple):
    """What changes with a file: bytes, and nanoseconds of the last change."""

    size: int
    modified: int


def stamp(path):
    if remote(path):
        with told():
            told_of = tf.io.gfile.stat(path)
        return Stamp(told_of.length, told_of.mtime_nsec)
    told_of = os.stat(path)
    return Stamp(told_of.st_size, told_of.st_mtime_ns)


def blocks(path):
    """The bytes of a file, in pieces of some MiB."""
    with told(), opened(path) as file:
        while block := file.read(_BLOCK):
            yield block


def digest(path):
    """SHA-256 of a file, in hexadecimal digits."""
    found = hashlib.sha256()
    for block in blocks(path):
        found.update(block)
    return found.hexdigest()


@contextlib.contextmanager
def replacing(path, argument):
    """Lets a file be written under another name, which takes `path` when it is whole.

    As `files.replacing`, but the other name is nobody else's: a cluster may run the
    same work twice at a time, and both are right.

    Yields:
        Where to write: str.
    """
    folder, name = os.path.split(path)
    temporary = f"{folder}/{files.WRITING}{secrets.token_hex(4)}_{name}"
    if not remote(path):
        with files.naming(path, argument), told(), _removed_if_it_fails(temporary):
            yield temporary
            files.to_disk(temporary)
            os.replace(temporary, path)
            files.to_disk(folder)
        return
    with files.naming(path, argument), told(), _removed_if_it_fails(temporary):
        yield temporary
        tf.io.gfile.rename(temporary, path, overwrite=True)


@contextlib.contextmanager
def _removed_if_it_fails(path):
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError, tf.errors.OpError):
            tf.io.gfile.remove(path)
        raise


@contextlib.contextmanager
def told():
    """Errors of TensorFlow's file systems within are those of the system."""
    try:
        yield
    except tf.errors.NotFoundError as error:
        raise FileNotFoundError(error.message) from error
    except tf.errors.OpError as error:
        raise OSError(error.message) from error


def opened_to_write(path):
    """A file to write bytes to."""
    return tf.io.gfile.GFile(path, "wb") if remote(path) else open(path, "wb")


def write_json(path, content, argument):
    with replacing(path, argument) as temporary, opened_to_write(temporary) as file:
        file.write(f"{json.dumps(content)}\n".encode())


def read_json(path):
    """What `write_json` wrote."""
    with opened(path) as file:
        return json.loads(file.read())


def make_folder(path, argument):
    """A folder that can be written to, made if need be."""
    if remote(path):
        with files.naming(path, argument), told():
            tf.io.gfile.makedirs(path)
    else:
        files.folder_to_write(path, argument)


def names_in(folder):
    """Names of what lies in a folder; none if it is not there."""
    if not exists(folder):
        return []
    with told():
        names = tf.io.gfile.listdir(folder)
    return sorted(name.rstrip("/") for name in names)


def remove(path):
    """Deletes a file, if it is there."""
    with contextlib.suppress(FileNotFoundError), told():
        tf.io.gfile.remove(path)


def remove_unfinished(output):
    """Deletes what runs that were killed had begun to write of these files."""
    parent, _, name = output.rpartition("/")
    own = re.compile(rf"{files.WRITING}[0-9a-f]{{8}}_{re.escape(name)}-.*")
    for folder, mine in ((parent, own), (f"{output}.run", re.compile(files.WRITING))):
        for each in names_in(folder):
            if mine.match(each):
                remove(f"{folder}/{each}")
