"""Reads BMP files as they are meant.

TensorFlow takes the fourth byte of a 32-bit file for opacity, though most writers leave
it 0, and the numbers of a palette's colours for shades of grey.
"""

import struct

import numpy as np

__all__ = ["read_bmp"]

_PLAIN, _MASKS = (0,), (3, 6)  # ways to store pixels; others are compressed
_OLD_HEADER = 12  # of OS/2, whose palette has three bytes a colour
_MASKS_OF_16_BITS = (0x7C00, 0x3E0, 0x1F, 0)
_MASKS_OF_32_BITS = (0xFF0000, 0xFF00, 0xFF, 0xFF000000)


def read_bmp(content):
    """Reads a BMP file of 1, 4, 8, 16, 24 or 32 bits a pixel, with or without palette.

    Args:
        content: bytes of the file.

    Returns:
        uint8 (height, width, 3), or 4 where there is an opacity that is not 0
        everywhere.

    Raises:
        ValueError: a damaged file, or a compressed one.
    """
    try:
        return _read(content)
    except (struct.error, IndexError) as error:
        raise ValueError(f"damaged BMP: {error}") from error


def _read(content):
    start, header = struct.unpack_from("<II", content, 10)
    if header == _OLD_HEADER:
        width, height, _, bits = struct.unpack_from("<HHHH", content, 18)
        stored, colours = 0, 0
    else:
        width, height, _, bits, stored = struct.unpack_from("<iiHHI", content, 18)
        (colours,) = struct.unpack_from("<I", content, 46)
    if stored not in _PLAIN + _MASKS or bits not in (1, 4, 8, 16, 24, 32):
        raise ValueError(f"compressed BMP: {bits} bits, compression {stored}")
    rows = _rows(content[start:], width, abs(height), bits)
    if height > 0:
        rows = rows[::-1]  # from the bottom up
    if bits <= 8:
        bytes_each = 3 if header == _OLD_HEADER else 4
        count = colours or 2**bits
        palette = np.frombuffer(content, np.uint8, count * bytes_each, 14 + header)
        return palette.reshape(count, bytes_each)[:, 2::-1][_indices(rows, bits, width)]
    if bits == 24:
        return rows[:, : width * 3].reshape(len(rows), width, 3)[..., ::-1]
    if stored in _MASKS:
        with_opacity = header >= 56 or stored == 6
        count = 4 if with_opacity else 3
        masks = struct.unpack_from(f"<{count}I", content, 54)
    else:
        masks = _MASKS_OF_16_BITS if bits == 16 else _MASKS_OF_32_BITS
    numbers = np.ascontiguousarray(rows[:, : width * bits // 8]).view(f"<u{bits // 8}")
    colour = np.stack([_channel(numbers, mask) for mask in masks[:3]], axis=-1)
    if len(masks) < 4 or not masks[3]:
        return colour
    opacity = _channel(numbers, masks[3])
    return np.dstack([colour, opacity]) if opacity.any() else colour


def _rows(pixels, width, height, bits):
    stride = (width * bits + 31) // 32 * 4  # a row fills whole words
    if width < 1 or height < 1 or len(pixels) < stride * height:
        raise ValueError(f"damaged BMP: {len(pixels)} bytes for {width} x {height}")
    return np.frombuffer(pixels, np.uint8, stride * height).reshape(height, stride)


def _indices(rows, bits, width):
    """Numbers of colours, of which a byte holds one or more: (height, width)."""
    shifts = np.arange(8 - bits, -1, -bits, dtype=np.uint8)
    indices = (rows[..., None] >> shifts) & (2**bits - 1)
    return indices.reshape(len(rows), -1)[:, :width]


def _channel(numbers, mask):
    """The bits of a mask, from 0 to 255."""
    if not mask:
        return np.zeros(numbers.shape, np.uint8)
    low = (mask & -mask).bit_length() - 1
    values = (numbers.astype(np.uint32) & np.uint32(mask)) >> np.uint32(low)
    return np.rint(values * (255.0 / (mask >> low))).astype(np.uint8)
