"""Tests of reading folders of images."""

import io
import struct
import warnings
import zlib

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageOps

import tf_gencs as gencs
from tf_gencs.datasets.pipeline import fit_image


def bmp(image):
    """An uncompressed 24-bit BMP file: rows from the bottom, padded to 4 bytes."""
    height, width, _ = image.shape
    rows = b"".join(
        row[:, ::-1].tobytes() + b"\0" * (-3 * width % 4) for row in image[::-1]
    )
    numbers = (40, width, height, 1 | 24 << 16, 0, len(rows), 0, 0, 0, 0)
    header = b"".join(number.to_bytes(4, "little") for number in numbers)
    start = b"BM" + b"".join(
        number.to_bytes(4, "little") for number in (54 + len(rows), 0, 54)
    )
    return start + header + rows


# The smallest GIF: one white pixel.
GIF = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00"
    b",\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)


def flat(value, channels=3, size=(6, 8)):
    return np.full((*size, channels), value, np.uint8)


def write(path, image):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(tf.io.encode_png(image).numpy())


def written(form, image, **how):
    """The bytes of an image as Pillow writes it."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, form, **how)
    return file.getvalue()


def load(folder, size=(4, 4), **arguments):
    dataset = gencs.datasets.image_folder(
        folder, size, value_range=(0, 255), **arguments
    )
    return list(dataset.as_numpy_iterator())


def test_reads_every_format_in_the_order_of_paths(tmp_path):
    write(tmp_path / "a" / "x.PNG", flat(10))
    (tmp_path / "a" / "y.jpeg").write_bytes(tf.io.encode_jpeg(flat(50)).numpy())
    (tmp_path / "b.bmp").write_bytes(bmp(flat(90)))
    (tmp_path / "c.gif").write_bytes(GIF)
    (tmp_path / "d.WebP").write_bytes(written("WEBP", flat(130), lossless=True))
    (tmp_path / "e_without_ending").write_bytes(written("PNG", flat(170)))
    (tmp_path / "f_jpeg_in_truth.png").write_bytes(written("JPEG", flat(210)))
    images = load(tmp_path)
    assert {image.shape for image in images} == {(4, 4, 3)}
    means = [image.mean() for image in images]
    np.testing.assert_allclose(means, [10, 50, 90, 255, 130, 170, 210])


def test_what_is_left_out_is_counted_and_named_by_reason(tmp_path):
    write(tmp_path / "good.png", flat(10))
    write(tmp_path / ".hidden.png", flat(200))
    write(tmp_path / ".cache" / "z.png", flat(200))
    (tmp_path / ".DS_Store").write_text("never an image")
    (tmp_path / "notes.txt").write_text("no image")
    (tmp_path / "BMW.txt").write_text("BM, but no image")
    (tmp_path / "scan.tif").write_bytes(written("TIFF", flat(1)))
    (tmp_path / "lost.png").symlink_to(tmp_path / "nowhere.png")
    (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)
    with pytest.warns(UserWarning, match="Skipped") as caught:
        assert len(load(tmp_path)) == 1
    (message,) = [str(warning.message) for warning in caught]
    assert message.startswith(f"Skipped 7 of 8 files in {tmp_path}: ")
    for words in (
        "2 hidden (.cache, .hidden.png)",
        "2 no images (BMW.txt, notes.txt)",
        "1 in a format that is not read, TIFF (scan.tif)",
        "1 links to nothing (lost.png)",
        "1 links that lead in a circle (again)",
    ):
        assert words in message


def test_class_folders_may_be_links(tmp_path):
    write(tmp_path / "elsewhere" / "deep" / "1.png", flat(10))
    write(tmp_path / "photos" / "dogs" / "1.png", flat(20))
    for name in ("cats", "felines"):
        (tmp_path / "photos" / name).symlink_to(tmp_path / "elsewhere")
    pairs = load(tmp_path / "photos", labels=True)
    assert [(image.mean(), label) for image, label in pairs] == [
        (10, 0),
        (20, 1),
        (10, 2),
    ]


def with_orientation(content, value, order):
    """A JPEG file's bytes with an EXIF part, whose tag it is the second one."""

    def number(*values):
        return b"".join(v.to_bytes(n, order) for v, n in values)

    exif = b"Exif\0\0" + (b"II" if order == "little" else b"MM")
    exif += number((42, 2), (8, 4), (2, 2))
    exif += number((0x0100, 2), (4, 2), (1, 4), (7, 4))
    exif += number((0x0112, 2), (3, 2), (1, 4), (value, 2), (0, 2), (0, 4))
    size = (len(exif) + 2).to_bytes(2, "big")
    return content[:2] + b"\xff\xe1" + size + exif + content[2:]


@pytest.mark.parametrize("value", range(1, 9))
def test_images_stand_as_their_exif_orientation_says(tmp_path, value):
    image = np.kron(np.array([[0, 90, 180], [250, 40, 130]]), np.ones((16, 16)))
    image = np.repeat(image[..., None], 3, axis=-1).astype(np.uint8)
    order = "little" if value % 2 else "big"
    content = written("JPEG", image, quality=100)
    (tmp_path / "a.jpg").write_bytes(with_orientation(content, value, order))
    upright = ImageOps.exif_transpose(Image.open(tmp_path / "a.jpg"))
    expected = np.asarray(upright, np.float32)
    (found,) = load(tmp_path, size=expected.shape[:2])
    np.testing.assert_allclose(found, expected, atol=3)


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_other_formats_have_an_orientation_too(tmp_path, form):
    image = np.arange(18, dtype=np.uint8).reshape(2, 3, 3) * 10
    exif = Image.Exif()
    exif[0x0112] = 6
    how = {"lossless": True} if form == "WEBP" else {}
    (tmp_path / "a").write_bytes(written(form, image, exif=exif, **how))
    (found,) = load(tmp_path, size=(3, 2))
    np.testing.assert_array_equal(found, np.rot90(image, -1))


def test_a_damaged_exif_part_is_no_reason_to_leave_an_image_out(tmp_path):
    content = with_orientation(written("JPEG", flat(100)), 9, "big")
    (tmp_path / "a.jpg").write_bytes(content)
    (tmp_path / "b.jpg").write_bytes(
        content.replace(b"MM\0*\0\0\0\x08", b"MM" + b"\xff" * 6)
    )
    np.testing.assert_allclose([image.mean() for image in load(tmp_path)], 100)


def bmp32(image, fourth):
    """An uncompressed 32-bit BMP file with one value in all fourth bytes."""
    height, width, _ = image.shape
    pixels = np.dstack([image[::-1, :, ::-1], np.full((height, width), fourth)])
    numbers = (40, width, height, 1 | 32 << 16, 0, pixels.size, 0, 0, 0, 0)
    start = b"BM" + b"".join(n.to_bytes(4, "little") for n in (54 + pixels.size, 0, 54))
    header = b"".join(number.to_bytes(4, "little") for number in numbers)
    return start + header + pixels.astype(np.uint8).tobytes()


@pytest.mark.parametrize(("fourth", "shown"), [(0, 1.0), (255, 1.0), (51, 0.2)])
def test_a_32_bit_bmp_without_opacity_is_opaque(tmp_path, fourth, shown):
    image = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3) * 10
    (tmp_path / "a.bmp").write_bytes(bmp32(image, fourth))
    expected = np.rint(shown * image + (1 - shown) * 255)
    np.testing.assert_allclose(load(tmp_path, size=(2, 3))[0], expected, atol=1)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA"])
def test_every_kind_of_bmp_has_its_colours(tmp_path, rng, mode):
    image = Image.fromarray(rng.integers(0, 256, (5, 7, 3), np.uint8))
    image = image.quantize(9) if mode == "P" else image.convert(mode)
    image.save(tmp_path / "a.bmp")
    expected = np.asarray(image.convert("RGB"))
    np.testing.assert_array_equal(load(tmp_path, size=(5, 7))[0], expected)


@pytest.mark.parametrize(
    ("mode", "form"),
    [("CMYK", "JPEG"), ("L", "JPEG"), ("LA", "PNG"), ("P", "PNG"), ("1", "PNG")],
)
def test_rare_kinds_of_pixels_have_their_colours(tmp_path, mode, form):
    image = Image.fromarray(flat([200, 30, 60], size=(16, 16))).convert(mode)
    image.save(tmp_path / "a", form)
    expected = np.asarray(image.convert("RGB"), np.float32)
    (found,) = load(tmp_path, size=(16, 16))
    np.testing.assert_allclose(found, expected, atol=6)


def test_16_bits_become_8(tmp_path):
    image = Image.fromarray(np.full((4, 4), 90 * 257, np.uint16))
    image.save(tmp_path / "a.png")
    np.testing.assert_allclose(load(tmp_path)[0], 90)


@pytest.mark.parametrize(
    ("bits", "kind", "key"),
    [(2, 0, [1]), (8, 0, [7]), (16, 0, [1799]), (8, 2, [1, 2, 3])],
)
def test_the_transparent_colour_of_a_png_is_white(tmp_path, bits, kind, key):
    def part(name, content):
        check = struct.pack(">I", zlib.crc32(name + content))
        return struct.pack(">I", len(content)) + name + content + check

    samples = [*key, *(2 for _ in key)]
    if bits == 2:
        row = bytes([samples[0] << 6 | samples[1] << 4])
    else:
        row = struct.pack(f">{len(samples)}{'H' if bits == 16 else 'B'}", *samples)
    (tmp_path / "a.png").write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + part(b"IHDR", struct.pack(">IIBBBBB", 2, 1, bits, kind, 0, 0, 0))
        + part(b"tRNS", struct.pack(f">{len(key)}H", *key))
        + part(b"IDAT", zlib.compress(b"\0" + row))
        + part(b"IEND", b"")
    )
    (found,) = load(tmp_path, size=(1, 2))
    np.testing.assert_array_equal(found[0, 0], [255] * 3)
    np.testing.assert_array_equal(found[0, 1], [{2: 170, 8: 2, 16: 0}[bits]] * 3)


def test_transparent_parts_of_a_gif_are_white(tmp_path):
    image = Image.fromarray(np.array([[0, 1]], np.uint8), "P")
    image.putpalette([10, 20, 30, 200, 100, 50])
    image.save(tmp_path / "a.gif", transparency=0)
    (found,) = load(tmp_path, size=(1, 2))
    np.testing.assert_array_equal(found, [[[255, 255, 255], [200, 100, 50]]])


@pytest.mark.parametrize(
    ("form", "opacity"),
    [("GIF", None), ("PNG", None), ("PNG", 51), ("WEBP", None), ("WEBP", 51)],
)
def test_of_animations_the_first_frame_is_read_and_that_is_said(
    tmp_path, form, opacity
):
    values = [0, 100, 200] if opacity is None else [0, 100, 200, opacity]
    first, second = (
        Image.fromarray(flat(v, len(values), (20, 20)))
        for v in (values, [9] * len(values))
    )
    how = {"lossless": True} if form == "WEBP" else {}
    first.save(tmp_path / "a", form, save_all=True, append_images=[second], **how)
    with pytest.warns(UserWarning, match=r"1 animated, read to their first frame \(a"):
        (image,) = load(tmp_path)
    expected = (0, 100, 200) if opacity is None else (204, 224, 244)
    np.testing.assert_allclose(image[2, 2], expected, atol=1)


def test_bmp_colours_are_those_of_the_file(tmp_path):
    image = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3) * 10
    (tmp_path / "a.bmp").write_bytes(bmp(image))
    np.testing.assert_array_equal(load(tmp_path, size=(2, 3))[0], image)


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (flat(40, 1), (40, 40, 40)),
        (flat([40, 255], 2), (40, 40, 40)),
        (flat([10, 20, 30, 255], 4), (10, 20, 30)),
        (flat([10, 20, 30, 0], 4), (255, 255, 255)),
        (flat([0, 100, 200, 51], 4), (204, 224, 244)),
    ],
    ids=["grey", "grey_opaque", "opaque", "transparent", "translucent"],
)
def test_converts_to_colour(tmp_path, image, expected):
    write(tmp_path / "a.png", image)
    np.testing.assert_allclose(load(tmp_path)[0][2, 2], expected, atol=1)


@pytest.mark.parametrize("value", [flat(40, 1), flat(40, 3), flat([40] * 3 + [255], 4)])
def test_converts_to_grey(tmp_path, value):
    write(tmp_path / "a.png", value)
    (image,) = load(tmp_path, channels=1)
    assert image.shape == (4, 4, 1)
    np.testing.assert_allclose(image, 40, atol=1)


def test_skips_damaged_files_with_one_warning_that_names_them(tmp_path, rng):
    whole = rng.integers(0, 255, (40, 40, 3), np.uint8)
    write(tmp_path / "good.png", whole)
    contents = {
        "a/cut.png": tf.io.encode_png(whole).numpy(),
        "a/cut.jpg": tf.io.encode_jpeg(whole).numpy(),
        "b/cut.bmp": bmp(whole),
    }
    for name, content in contents.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content[: len(content) // 2])
    (tmp_path / "cut.gif").write_bytes(GIF[:-6])
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.jpg").write_text("no image")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        images = load(tmp_path, size=(40, 40))
    (warning,) = caught
    assert "Skipped 6 of 7 files" in str(warning.message)
    for name in ("a/cut.jpg", "a/cut.png", "b/cut.bmp", "cut.gif", "empty.png"):
        assert name in str(warning.message)
    assert warning.filename == __file__
    (image,) = images
    np.testing.assert_array_equal(image, whole)


def test_names_ten_of_many_damaged_files(tmp_path):
    write(tmp_path / "good.png", flat(0))
    for index in range(13):
        (tmp_path / f"bad{index:02}.png").touch()
    with pytest.warns(UserWarning, match=r"Skipped 13 of 14.*bad09\.png and 3 more"):
        assert len(load(tmp_path)) == 1


def test_refuses_a_folder_without_readable_images(tmp_path):
    with pytest.raises(ValueError, match=rf"must hold images.*{tmp_path}"):
        load(tmp_path)
    (tmp_path / "a.png").touch()
    with pytest.raises(ValueError, match=r"must hold images.*1 damaged \(a\.png"):
        load(tmp_path)
    with pytest.raises(ValueError, match=r"existing folder.*nowhere"):
        load(tmp_path / "nowhere")


def test_labels_are_the_numbers_of_subfolders(tmp_path):
    for name, value in (("cats/old/1", 10), ("cats/2", 20), ("dogs/1", 30)):
        write(tmp_path / f"{name}.png", flat(value))
    pairs = load(tmp_path, labels=True, batch_size=5)
    ((images, labels),) = pairs
    np.testing.assert_array_equal(labels, [0, 0, 1])
    assert labels.dtype == np.int64
    np.testing.assert_allclose(images.mean(axis=(1, 2, 3)), [20, 10, 30])
    write(tmp_path / "stray.png", flat(0))
    with pytest.raises(ValueError, match=r"subfolders for labels=True.*stray\.png"):
        load(tmp_path, labels=True)


@pytest.mark.long
def test_shuffles_alike_for_a_seed(tmp_path):
    for value in range(12):
        write(tmp_path / f"{value:02}.png", flat(value))

    def order(**arguments):
        return [round(float(image.mean())) for image in load(tmp_path, **arguments)]

    assert order() == list(range(12))
    first = order(shuffle=True, seed=1)
    assert sorted(first) == list(range(12))
    assert order(shuffle=True, seed=1) == first
    assert order(shuffle=True, seed=2) != first


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"size": (4,)}, ValueError, "`size` must hold 2 integers"),
        ({"size": 64}, ValueError, "`size` must be a tuple"),
        ({"size": {4, 5}}, ValueError, "`size` must be a tuple"),
        ({"size": (0, 4)}, ValueError, "`size` must be .*at least 1 .*16384.*: 0"),
        ({"size": (4, 10**6)}, ValueError, "`size` must be .*at most 16384.*: 1000000"),
        ({"batch_size": 2**40}, ValueError, "`batch_size` must be .*at most"),
        ({"channels": True}, ValueError, "`channels` must be 1 or 3.*True"),
        ({"value_range": (0, 1e-60)}, ValueError, "`value_range` must be .*1e-60"),
        ({"value_range": (-3e38, 3e38)}, ValueError, "`value_range` must be .*3e"),
        (
            {"crop": "round"},
            ValueError,
            '`crop` must be None, "square", "aspect" or.*\'round\'',
        ),
        ({"crop": 0}, ValueError, '`crop` must be None, "square".*0'),
        ({"channels": 4}, ValueError, "`channels` must be 1 or 3.*4"),
        ({"seed": 1}, ValueError, "`seed` must come with shuffle=True"),
        ({"folder": 5}, TypeError, "`folder` must be a path.*5"),
    ],
)
def test_refuses_bad_arguments(tmp_path, arguments, error, message):
    with pytest.raises(error, match=message):
        gencs.datasets.image_folder(**{"folder": tmp_path, **arguments})


def test_shrinking_averages_over_areas(rng):
    image = rng.uniform(0, 255, (6, 8, 3)).astype(np.float32)
    expected = image.reshape(3, 2, 4, 2, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(fit_image(image, (3, 4)), expected, rtol=1e-5)


def test_growing_interpolates():
    ramp = np.broadcast_to(np.arange(4.0)[None, :, None] * 10, (4, 4, 3))
    wide = fit_image(tf.constant(ramp, tf.float32), (4, 8)).numpy()[0, :, 0]
    np.testing.assert_allclose(np.diff(wide)[1:-1], 5.0, rtol=1e-4)


@pytest.mark.parametrize(
    ("crop", "rows", "columns"),
    [
        (None, (0, 5), (0, 9)),
        ("square", (0, 5), (2, 7)),
        ("aspect", (0, 5), (1, 8)),
        ("aspect", (1, 4), (0, 9)),
        (3, (1, 4), (3, 6)),
    ],
)
def test_crops_the_centre(rng, crop, rows, columns):
    image = rng.uniform(0, 255, (5, 9, 1)).astype(np.float32)
    kept = image[slice(*rows), slice(*columns)]
    np.testing.assert_array_equal(fit_image(image, kept.shape[:2], crop), kept)


def test_a_crop_larger_than_the_image_takes_what_is_there(rng):
    image = rng.uniform(0, 255, (5, 9, 1)).astype(np.float32)
    kept = fit_image(image, (5, 7), crop=7)
    np.testing.assert_array_equal(kept, image[:, 1:8])
