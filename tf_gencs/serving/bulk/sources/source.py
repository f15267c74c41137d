"""An input file: its kind, its rows, and where shards of it begin."""

import hashlib
from typing import NamedTuple

from tf_gencs.serving.bulk import places
from tf_gencs.serving.bulk.sources import arrays, parquet, tfrecord

_MAGIC = ((b"\x93NUMPY", "npy"), (b"PK\x03\x04", "npz"), (b"PAR1", "parquet"))
_PACKED = (b"\x1f\x8b", b"x\x9c", b"x\x01", b"x\xda")  # gzip, zlib


class Source(NamedTuple):
    """An input file, as it was when the run began.

    Attributes:
        name, path: see `places.Found`.
        kind: "tfrecord", "npy", "npz" or "parquet".
        rows: how many it has.
        size, modified: see `places.Stamp`.
        sha256: of its bytes.
        ends: byte where its records end; less than its size where it is damaged.
    """

    name: str
    path: str
    kind: str
    rows: int
    size: int
    modified: int
    sha256: str
    ends: int

    @property
    def damage(self):
        """What is wrong with the end of the file, or None."""
        if self.ends == self.size:
            return None
        return (
            f"the file is damaged from byte {self.ends} on: {self.size - self.ends} "
            "bytes are no records"
        )


def index(found, fields, shard_size):
    """Looks through an input file.

    Args:
        found: `places.Found`.
        fields: `Fields` of what a record must hold.
        shard_size: rows of a shard.

    Returns:
        `Source`, and a list with the byte where each shard of it begins; 0 where that
        has no meaning.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no file of any kind, or no row of it can have the right shape.
    """
    stamp = places.stamp(found.path)
    with places.opened(found.path) as file:
        kind = _kind(file.read(16))
    try:
        if kind == "tfrecord":
            return _index_records(found, stamp, shard_size)
        rows = _rows(found.path, kind, fields)
    except ValueError as error:
        raise ValueError(
            f"`input` must hold what the export takes. Received: {found.path}, but "
            f"{error}"
        ) from error
    sha256 = places.digest(found.path)
    source = Source(*found, kind, rows, *stamp, sha256, stamp.size)
    return source, [0] * -(-rows // shard_size)


def _kind(start):
    for magic, kind in _MAGIC:
        if start.startswith(magic):
            return kind
    return "tfrecord"


def _index_records(found, stamp, shard_size):
    digest, walk, begins, rows = hashlib.sha256(), tfrecord.Walk(stamp.size), [], 0
    first = b""
    for block in places.blocks(found.path):
        first = first or block[:2]
        digest.update(block)
        for place in walk.places(block):
            if rows % shard_size == 0:
                begins.append(place)
            rows += 1
    if stamp.size and not rows:
        packed = ", unpacked: parts of it could not be told" * (first in _PACKED)
        raise ValueError(f"it is no .npy, .npz, Parquet or TFRecord file{packed}")
    ends = walk.position
    return (
        Source(*found, "tfrecord", rows, *stamp, digest.hexdigest(), ends),
        begins,
    )


def _rows(path, kind, fields):
    if kind == "parquet":
        rows, types = parquet.columns(path)
        fields.check_names(types)
        return rows
    shapes = arrays.shapes(path, kind, fields.only)
    return fields.rows_of(shapes)


def records(source, start, stop, byte, fields):
    """The rows `start` to `stop` of a `Source`.

    Args:
        source: the `Source`.
        start, stop: numbers of the first row and of that after the last.
        byte: where the first one begins, of TFRecords.
        fields: `Fields` of what to read.

    Yields:
        Dicts from names to arrays, or a `Malformed`.
    """
    if source.kind == "tfrecord":
        return tfrecord.records(source.path, start, stop, byte, fields.names)
    if source.kind == "parquet":
        return parquet.records(source.path, start, stop, fields.names)
    part = source.path, source.kind, start, stop
    return arrays.records(*part, fields.names, fields.only)
