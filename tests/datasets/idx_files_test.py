"""Tests of reading IDX files."""

import gzip
import struct

import numpy as np
import pytest

from tf_gencs.datasets.idx_files import find_idx, read_idx


def idx_bytes(array):
    array = np.asarray(array, np.uint8)
    header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.tobytes()


@pytest.fixture
def images():
    return np.arange(2 * 3 * 5, dtype=np.uint8).reshape(2, 3, 5)


def test_reads_plain_and_gzipped_files_alike(tmp_path, images):
    (tmp_path / "plain").write_bytes(idx_bytes(images))
    (tmp_path / "zipped").write_bytes(gzip.compress(idx_bytes(images)))
    np.testing.assert_array_equal(read_idx(tmp_path / "plain", rank=3), images)
    np.testing.assert_array_equal(read_idx(tmp_path / "zipped", rank=3), images)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda content: content[:-1], "must hold 30 bytes after its header.*: 29"),
        (lambda content: content + b"\0", "must hold 30 bytes after its header.*: 31"),
        (lambda content: content[:9], "must have a header of 16 bytes.*: 9"),
        (
            lambda content: b"\0\0\x0d" + content[3:],
            "magic number.*Received: 0x00000d03",
        ),
        (lambda content: b"", "magic number 0x00000803"),
        (lambda content: gzip.compress(content)[:-12], "damaged gzip"),
        (lambda content: b"\x1f\x8b" + content, "damaged gzip"),
    ],
)
def test_refuses_a_damaged_file(tmp_path, images, spoil, message):
    path = tmp_path / "damaged"
    path.write_bytes(spoil(idx_bytes(images)))
    with pytest.raises(ValueError, match=message):
        read_idx(path, rank=3)


def test_refuses_labels_where_images_are_meant(tmp_path):
    (tmp_path / "labels").write_bytes(idx_bytes([1, 2, 3]))
    with pytest.raises(ValueError, match=r"3 dimensions.*Received: 0x00000801"):
        read_idx(tmp_path / "labels", rank=3)


@pytest.mark.parametrize("name", ["a-idx1-ubyte", "a.idx1-ubyte", "a-idx1-ubyte.gz"])
def test_finds_a_file_under_each_usual_name(tmp_path, name):
    (tmp_path / name).touch()
    assert find_idx(tmp_path, "a-idx1-ubyte") == tmp_path / name


def test_names_what_is_missing_and_what_is_there(tmp_path):
    (tmp_path / "other").touch()
    with pytest.raises(ValueError, match=r"a-idx1-ubyte\.gz.*\['other'\]"):
        find_idx(tmp_path, "a-idx1-ubyte")
    with pytest.raises(ValueError, match="must be an existing folder"):
        find_idx(tmp_path / "nowhere", "a-idx1-ubyte")
