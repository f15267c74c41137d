"""What the first bytes of a file tell of the image in it."""

import struct

__all__ = [
    "ENDINGS",
    "READ",
    "first_webp_frame",
    "format_of",
    "moves",
    "opaque_gif",
    "png_key",
    "turned",
]

READ = ("JPEG", "PNG", "GIF", "BMP", "WebP", "JPEG XL")

# Formats by the bytes that a file starts with, at a place from its start.
_MAGIC = (
    (0, b"\xff\xd8\xff", "JPEG"),
    (0, b"\x89PNG\r\n\x1a\n", "PNG"),
    (0, b"GIF87a", "GIF"),
    (0, b"GIF89a", "GIF"),
    (0, b"BM", "BMP"),
    (8, b"WEBP", "WebP"),
    (0, b"II*\0", "TIFF"),
    (0, b"MM\0*", "TIFF"),
    (0, b"\xff\x0a", "JPEG XL"),
    (4, b"JXL ", "JPEG XL"),
    (4, b"jP  ", "JPEG 2000"),
    (4, b"ftypavi", "AVIF"),
    (4, b"ftyphei", "HEIC"),
    (4, b"ftypmif1", "HEIC"),
    (0, b"8BPS", "PSD"),
    (0, b"\0\0\1\0", "ICO"),
)

# What endings promise; content decides, where it says something else.
ENDINGS = {
    **dict.fromkeys((".jpg", ".jpeg", ".jpe", ".jfif"), "JPEG"),
    **dict.fromkeys((".bmp", ".dib"), "BMP"),
    **dict.fromkeys((".tif", ".tiff"), "TIFF"),
    **dict.fromkeys((".heic", ".heif"), "HEIC"),
    **dict.fromkeys((".pgm", ".ppm", ".pnm", ".pbm"), "PNM"),
    **dict.fromkeys((".jp2", ".j2k"), "JPEG 2000"),
    ".png": "PNG",
    ".apng": "PNG",
    ".gif": "GIF",
    ".webp": "WebP",
    ".avif": "AVIF",
    ".jxl": "JPEG XL",
    ".psd": "PSD",
    ".ico": "ICO",
    ".svg": "SVG",
    ".tga": "TGA",
    ".exr": "EXR",
    ".dng": "DNG",
}

_PIXELS = (b"ALPH", b"VP8 ", b"VP8L")  # parts of a frame of WebP
_ORIENTATION = 0x0112  # the tag of EXIF


def format_of(content):
    """The format of a file's bytes, such as "JPEG"; None if it is none known."""
    for place, magic, name in _MAGIC:
        if content[place : place + len(magic)] == magic:
            return name
    return None


def moves(content, name):
    """Whether a file has more than one frame: GIF, WebP and PNG can."""
    if name == "WebP":
        return content[12:16] == b"VP8X" and bool(content[20] & 2)
    if name == "PNG":
        return b"acTL" in content[:4096]
    if name == "GIF":
        return sum(1 for kind, _ in _gif_blocks(content) if kind == "image") > 1
    return False


def turned(content, name):
    """How a camera was held, by EXIF: 1 upright, to 8; what is damaged says 1."""
    try:
        exif = {"JPEG": _jpeg_exif, "PNG": _png_exif, "WebP": _webp_exif}.get(name)
        value = _orientation(exif(content)) if exif else 1
    except (IndexError, struct.error):
        return 1
    return value if 1 <= value <= 8 else 1


def _orientation(exif):
    exif = exif.removeprefix(b"Exif\0\0")
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    if order is None:
        return 1
    (start,) = struct.unpack_from(f"{order}I", exif, 4)
    (count,) = struct.unpack_from(f"{order}H", exif, start)
    for i in range(count):
        tag, kind = struct.unpack_from(f"{order}HH", exif, start + 2 + 12 * i)
        if tag == _ORIENTATION and kind == 3:  # a short
            return struct.unpack_from(f"{order}H", exif, start + 10 + 12 * i)[0]
    return 1


def _jpeg_exif(content):
    at = 2
    while content[at] == 0xFF and content[at + 1] != 0xDA:  # up to the pixels
        marker = content[at + 1]
        (size,) = struct.unpack_from(">H", content, at + 2)
        part = content[at + 4 : at + 2 + size]
        if marker == 0xE1 and part.startswith(b"Exif\0\0"):
            return part
        at += 2 + size
    return b""


def _png_exif(content):
    return _png_part(content, b"eXIf")


def _png_part(content, name):
    """The bytes of the first part of that name, none if there is no such part."""
    at = 8
    while at + 8 <= len(content):
        (size,) = struct.unpack_from(">I", content, at)
        if content[at + 4 : at + 8] == name:
            return content[at + 8 : at + 8 + size]
        at += 12 + size
    return b""


def png_key(content):
    """The one colour that is transparent in a PNG of grey or colour without opacity.

    TensorFlow makes it opaque. (That of a palette it reads.)

    Returns:
        1 or 3 numbers as TensorFlow decodes them, and whether to 16 bits; or None.
    """
    header, key = _png_part(content, b"IHDR"), _png_part(content, b"tRNS")
    if len(header) < 10 or header[9] not in (0, 2):
        return None
    numbers = 1 if header[9] == 0 else 3
    if len(key) != 2 * numbers:
        return None
    largest = 2 ** header[8] - 1
    values = [v & largest for v in struct.unpack(f">{numbers}H", key)]
    if header[8] == 16:
        return values, True
    return [v * 255 // largest for v in values], False


def _webp_exif(content):
    return next((part for name, part in _riff(content[12:]) if name == b"EXIF"), b"")


def first_webp_frame(content):
    """An animated WebP's first frame as a WebP of its own.

    TensorFlow 2.21 writes beyond its memory where there are more.

    Raises:
        ValueError: a damaged file.
    """
    frame = next((part for name, part in _riff(content[12:]) if name == b"ANMF"), b"")
    parts = [(name, part) for name, part in _riff(frame[16:]) if name in _PIXELS]
    if not any(name != b"ALPH" for name, _ in parts):
        raise ValueError("damaged WebP: an animation without frames")
    if len(parts) > 1:  # opacity beside the colours
        parts.insert(0, (b"VP8X", b"\x10\0\0\0" + frame[6:12]))
    body = b"WEBP" + b"".join(
        name + struct.pack("<I", len(part)) + part + b"\0" * (len(part) % 2)
        for name, part in parts
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _riff(content):
    """Pairs of the name and the bytes of each part, to a damage or the end."""
    at = 0
    while at + 8 <= len(content):
        (size,) = struct.unpack_from("<I", content, at + 4)
        yield content[at : at + 4], content[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def opaque_gif(content):
    """The same GIF with white for what is transparent in its first frame.

    TensorFlow makes that black. White takes the place of the transparent colour in the
    palette, so nothing needs to be decoded.

    Returns:
        `content` itself where nothing is transparent.
    """
    transparent = None
    for kind, at in _gif_blocks(content):
        if kind == "control" and content[at + 3] & 1:
            transparent = at
        if kind != "image":
            continue
        if transparent is None:
            return content
        has_own = content[at + 9] & 0x80
        palette = at + 10 if has_own else 13
        size = 2 << (content[at + 9 if has_own else 10] & 7)
        index = content[transparent + 6]
        mended = bytearray(content)
        mended[transparent + 3] &= 0xFE
        if index < size:
            mended[palette + 3 * index : palette + 3 * index + 3] = b"\xff\xff\xff"
        return bytes(mended)
    return content


def _gif_blocks(content):
    """Pairs of "control" or "image" and where the block begins, to a damage or end."""
    try:
        at = 13 + (3 * (2 << (content[10] & 7)) if content[10] & 0x80 else 0)
        while content[at] in (0x21, 0x2C):
            if content[at] == 0x2C:
                yield "image", at
                own = content[at + 9]
                at += 10 + (3 * (2 << (own & 7)) if own & 0x80 else 0) + 1
            else:
                if content[at + 1] == 0xF9:
                    yield "control", at
                at += 2
            while content[at]:  # parts, each after its length, to one of none
                at += content[at] + 1
            at += 1
    except IndexError:
        return
