"""TFRecords of `tf.train.Example`: where records begin, and what they hold.

A record is its length, a checksum of that, its bytes, a checksum of those. Lengths lead
from one to the next, so a record whose bytes are damaged is one dead letter; where a
length is damaged, nobody knows where the next one begins.

Source: tensorflow/core/lib/io/record_writer.h.
"""

import functools
import struct

import numpy as np
import tensorflow as tf
from tensorflow.python.lib.io import tf_record  # reads at a place; nothing public does

from tf_gencs.serving.bulk import places
from tf_gencs.serving.bulk.malformed import Malformed

_HEADER = struct.Struct("<QI")
_AROUND = _HEADER.size + 4  # bytes of a record beside its own


class Walk:
    """Goes from record to record through the blocks of a file.

    Attributes:
        position: where the next record begins; after the last block, where records end.
    """

    def __init__(self, size):
        self.position, self._size = 0, size
        self._base, self._held, self._lost = 0, b"", False

    def places(self, block):
        """Where the records begin whose headers end in this block."""
        if self._lost:
            return
        held = self._held + block
        while self.position + _HEADER.size <= self._base + len(held):
            at = self.position - self._base
            length, check = _HEADER.unpack_from(held, at)
            if not self._fits(length) or _checksum(held[at : at + 8]) != check:
                self._lost = True
                return
            yield self.position
            self.position += length + _AROUND
        cut = min(self.position - self._base, len(held))
        self._held, self._base = held[cut:], self._base + cut

    def _fits(self, length):
        return self.position + length + _AROUND <= self._size


def records(path, start, stop, byte, names):
    """The records `start` to `stop` of a file.

    Args:
        path: of the file.
        start, stop: numbers of the first record and of that after the last.
        byte: where the first one begins.
        names: of the features to read.

    Yields:
        Dicts from names to arrays, or a `Malformed`.
    """
    reader = tf_record.tf_record_random_reader(str(path))
    for _ in range(start, stop):
        try:
            content, byte = reader.read(byte)
        except (tf.errors.DataLossError, IndexError):
            yield Malformed(f"is damaged, at byte {byte}: its checksum is wrong")
            byte = _after(path, byte)
            continue
        yield _features(content, names)


def _after(path, byte):
    with places.opened(path) as file:
        file.seek(byte)
        length, _ = _HEADER.unpack(file.read(_HEADER.size))
    return byte + length + _AROUND


def _features(content, names):
    try:
        features = tf.train.Example.FromString(content).features.feature
    except Exception:  # of protobuf, whose error class differs between its versions
        return Malformed("is no tf.train.Example")
    return {name: _values(features[name]) for name in names if name in features}


def _values(feature):
    kind = feature.WhichOneof("kind")
    if kind is None:
        return np.zeros(0, "float32")
    values = getattr(feature, kind).value
    if kind == "bytes_list":
        return np.array(list(values), object)
    return np.array(values, "float32" if kind == "float_list" else "int64")


@functools.lru_cache(4096)  # lengths are few
def _checksum(eight):
    """The masked CRC-32C of a length."""
    crc = 0xFFFFFFFF
    for byte in eight:
        crc = _table()[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


@functools.cache
def _table():
    """What each byte does to a CRC of Castagnoli's polynomial."""
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table
