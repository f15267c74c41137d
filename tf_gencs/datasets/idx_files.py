"""Reads IDX files, the format in which MNIST was published.

An IDX file is a header (two zero bytes, one byte for the number type, one byte for
the rank, then one big-endian uint32 per dimension) followed by the numbers in C
order. Source: http://yann.lecun.com/exdb/mnist/.
"""

import gzip
import math
import struct
import zlib

import numpy as np

from tf_gencs import files

__all__ = ["find_idx", "read_idx"]

_UINT8 = 0x08  # The only number type that MNIST and its relatives use.


def find_idx(folder, stem):
    """Finds one IDX file, plain or gzipped, under either of its usual names.

    Args:
        folder: Path of the folder to look in.
        stem: Name as published, for example `"train-images-idx3-ubyte"`.

    Returns:
        `pathlib.Path` of the first of `stem`, `stem.gz` and the same two with a dot
        before `idx` (as some archives unpack it) that exists.

    Raises:
        ValueError: If there is none; the message lists the names tried.
    """
    folder = files.path(folder, "idx_dir")
    if not folder.is_dir():
        raise ValueError(f"`idx_dir` must be an existing folder. Received: {folder}")
    dotted = stem.replace("-idx", ".idx")
    names = [name + end for name in (stem, dotted) for end in ("", ".gz")]
    for name in names:
        if (folder / name).is_file():
            return folder / name
    present = sorted(path.name for path in folder.iterdir())
    raise ValueError(
        f"`idx_dir` must hold one of {names}. Received: {folder}, which holds "
        f"{present[:20] if present else 'nothing'}"
    )


def read_idx(path, rank):
    """Reads one IDX file of uint8 numbers, gzipped or not.

    Args:
        path: Path of the file. A gzip stream is recognised by its first bytes, not
            by the name.
        rank: Number of dimensions the file must have: 3 for images
            (count, height, width), 1 for labels (count,).

    Returns:
        Read-only uint8 array of the shape in the header.

    Raises:
        ValueError: If the file is damaged, cut short, too long, or holds something
            else than uint8 numbers of that rank.
    """
    path = files.path(path, "path")
    content = path.read_bytes()
    if content[:2] == b"\x1f\x8b":
        try:
            content = gzip.decompress(content)
        except (EOFError, OSError, zlib.error) as error:
            raise ValueError(f"{path} is a damaged gzip file: {error}") from error
    magic = bytes([0, 0, _UINT8, rank])
    if content[:4] != magic:
        raise ValueError(
            f"{path} must start with the IDX magic number 0x{magic.hex()} (uint8, "
            f"{rank} dimensions). Received: 0x{content[:4].hex()}"
        )
    header = 4 + 4 * rank
    if len(content) < header:
        raise ValueError(
            f"{path} must have a header of {header} bytes. Received: {len(content)}"
        )
    shape = struct.unpack(f">{rank}I", content[4:header])
    size = math.prod(shape)
    if len(content) - header != size:
        raise ValueError(
            f"{path} must hold {size} bytes after its header, for shape {shape}. "
            f"Received: {len(content) - header}"
        )
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)
