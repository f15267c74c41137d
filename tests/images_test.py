import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import tf_gencs as gencs


@pytest.fixture
def faces(rng):
    return rng.uniform(-1, 1, (6, 3, 4, 3)).astype("float32")


def read(path):
    return tf.io.decode_png(path.read_bytes()).numpy()


def test_the_range_becomes_all_bytes_and_the_rest_is_cut():
    x = np.array([-9.0, -1.0, -0.999, 0.0, 1.0, 9.0])
    assert gencs.images.to_bytes(x, (-1, 1)).tolist() == [0, 0, 0, 128, 255, 255]
    levels = np.arange(256, dtype="uint8")
    np.testing.assert_array_equal(gencs.images.to_bytes(levels / 255, (0, 1)), levels)
    assert gencs.images.to_bytes(levels) is levels


@pytest.mark.parametrize(("rows", "cols"), [(2, 3), (3, 2), (1, 6), (6, 1), (2, 4)])
def test_a_grid_holds_every_image_in_reading_order(faces, rows, cols):
    gap = 2
    sheet = gencs.images.grid(faces, rows, cols, value_range=(-1, 1), gap=gap)
    assert sheet.shape == (rows * 5 - gap, cols * 6 - gap, 3)
    expected = gencs.images.to_bytes(faces, (-1, 1))
    covered = np.zeros(sheet.shape, bool)
    for i, image in enumerate(expected):
        row, col = divmod(i, cols)
        place = np.s_[row * 5 : row * 5 + 3, col * 6 : col * 6 + 4]
        np.testing.assert_array_equal(sheet[place], image)
        covered[place] = True
    assert (sheet[~covered] == 255).all()


@pytest.mark.parametrize(
    ("rows", "cols", "shape"),
    [(None, None, (6, 12)), (2, None, (6, 12)), (None, 1, (18, 4))],
)
def test_a_grid_without_a_size_is_as_small_as_it_can_be(faces, rows, cols, shape):
    assert gencs.images.grid(faces, rows, cols, value_range=(-1, 1)).shape[:2] == shape


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_png_files_hold_the_bytes(tmp_path, rng, channels):
    x = rng.integers(0, 256, (3, 5, 4, channels)).astype("uint8")
    paths = gencs.images.save_images(tmp_path / "new" / "folder", x, first=7)
    assert [path.name for path in paths] == ["000007.png", "000008.png", "000009.png"]
    for path, image in zip(paths, x, strict=True):
        np.testing.assert_array_equal(read(path), image)
    gencs.images.save_grid(tmp_path / "strip.png", x, rows=1)
    np.testing.assert_array_equal(read(tmp_path / "strip.png"), np.hstack(list(x)))


@pytest.mark.parametrize("channels", [1, 3])
def test_gif_files_move(tmp_path, channels):
    frames = np.zeros((3, 4, 5, channels), "uint8")
    for i in range(3):
        frames[i, :, i] = 255
    path = tmp_path / "walk.gif"
    gencs.images.save_gif(path, frames, milliseconds=100)
    with Image.open(path) as gif:
        assert (gif.n_frames, gif.size, gif.info["duration"]) == (3, (5, 4), 100)
        for i in range(3):
            gif.seek(i)
            shown = np.asarray(gif.convert("L"))
            np.testing.assert_array_equal(shown, frames[i, :, :, 0])


def test_nothing_unfinished_is_left(tmp_path, faces):
    gencs.images.save_grid(tmp_path / "a.png", faces, value_range=(-1, 1))
    gencs.images.save_gif(tmp_path / "a.gif", faces, value_range=(-1, 1))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.gif", "a.png"]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x, p: gencs.images.grid(x), ValueError, "`value_range` must be given"),
        (lambda x, p: gencs.images.grid(x, 2, 2, value_range=(-1, 1)), ValueError, "6"),
        (
            lambda x, p: gencs.images.grid(x[0], value_range=(-1, 1)),
            ValueError,
            "shape",
        ),
        (
            lambda x, p: gencs.images.grid(x[:0], value_range=(-1, 1)),
            ValueError,
            "none",
        ),
        (lambda x, p: gencs.images.to_bytes(x.astype(int)), TypeError, "int64"),
        (lambda x, p: gencs.images.to_bytes(x * np.nan, (-1, 1)), ValueError, "finite"),
        (
            lambda x, p: gencs.images.save_png(p, x, value_range=(0, 1)),
            ValueError,
            "shape",
        ),
        (
            lambda x, p: gencs.images.save_png(p, np.zeros((2, 2, 5), "uint8")),
            ValueError,
            "1 to 4 channels",
        ),
        (
            lambda x, p: gencs.images.save_gif(p, np.zeros((2, 2, 2, 2), "uint8")),
            ValueError,
            "1 or 3 channels",
        ),
        (
            lambda x, p: gencs.images.save_gif(
                p, x, value_range=(-1, 1), milliseconds=5
            ),
            ValueError,
            "`milliseconds`",
        ),
    ],
)
def test_rejects_what_is_no_picture(faces, tmp_path, call, error, message):
    with pytest.raises(error, match=message):
        call(faces, tmp_path / "x")
    assert not list(tmp_path.iterdir())
