"""What stands behind the page to play with; the page itself is in demo_page_test.py."""

import dataclasses

import numpy as np
import pytest
from PIL import Image

import tf_gencs as gencs


@pytest.fixture
def part(script):
    """Modules of the page by name."""
    return lambda name: script(f"demonstration.{name}")


@pytest.fixture
def saved(tmp_path):
    """Writes an array as a PNG."""

    def save(pixels):
        path = tmp_path / "picture.png"
        Image.fromarray(np.asarray(pixels, "uint8")).save(path)
        return path

    return save


def ink(box, size=280):
    """A layer (size, size, 4) with a box (top, left, height, width) of ink."""
    top, left, height, width = box
    layer = np.zeros((size, size, 4), "uint8")
    layer[top : top + height, left : left + width] = (0, 0, 0, 255)
    return layer


def test_a_drawing_is_laid_out_as_mnist_lays_out_digits(part):
    x = part("reading").drawing([ink((10, 30, 200, 50))])
    assert x.shape == (28, 28, 1)
    rows, columns = (
        np.flatnonzero(x.max(axis=(1, 2))),
        np.flatnonzero(x.max(axis=(0, 2))),
    )
    assert (len(rows), len(columns)) == (20, 5)
    assert (rows[0], x.max()) == (4, 1)
    assert abs(columns.mean() - 13.5) <= 0.5


def test_dark_on_light_and_light_on_dark_are_the_same_digit(part, saved):
    picture = np.zeros((100, 80))
    picture[20:80, 30:40] = 255
    light, dark = (part("reading").digit(saved(p)) for p in (picture, 255 - picture))
    np.testing.assert_allclose(light, dark, atol=0.01)
    assert light.max() == 1


def test_a_picture_of_another_size_becomes_a_face(part, saved):
    face = part("reading").face(saved(np.full((90, 200, 3), 255)))
    assert face.shape == (64, 64, 3)
    assert face.min() == 1


@pytest.mark.parametrize(
    ("read", "content", "message"),
    [
        ("face", b"no picture at all", "no picture"),
        ("digit", b"", "no picture"),
        ("digit", b"\x89PNG\r\n\x1a\n broken", "no picture"),
        ("face", bytes(5_000_001), "at most 5 MB"),
    ],
)
def test_a_file_that_is_no_picture_is_refused(part, read, content, message, tmp_path):
    path = tmp_path / "file.png"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        getattr(part("reading"), read)(path)


@pytest.mark.parametrize(
    ("shape", "message"),
    [((4, 4), "4 x 4"), ((5, 4001), "4001 x 5"), ((60, 60), "Nothing is drawn")],
)
def test_a_picture_of_no_digit_is_refused(part, saved, shape, message):
    with pytest.raises(ValueError, match=message):
        part("reading").digit(saved(np.zeros(shape)))


@pytest.mark.parametrize("layers", [None, [], [np.zeros((280, 280, 4), "uint8")]])
def test_an_empty_drawing_is_refused(part, layers):
    with pytest.raises(ValueError, match="Nothing is drawn"):
        part("reading").drawing(layers)


def test_painting_hides_the_pixels_below_it(part):
    hidden = part("reading").hidden([ink((100, 50, 40, 60))], (28, 28))
    assert hidden.sum() == 4 * 6
    assert hidden[10:14, 5:11].all()


@pytest.mark.parametrize(
    ("hidden", "message"), [(np.zeros, "Nothing is hidden"), (np.ones, "leave a tenth")]
)
def test_hiding_nothing_or_all_is_refused(part, hidden, message):
    measuring = part("measuring")
    choice = measuring.Choice(measuring.PAINT, hidden=hidden((28, 28), bool))
    with pytest.raises(ValueError, match=message):
        measuring.measurement(choice, (28, 28, 1))


def test_noise_is_put_where_a_looks_alone(part):
    measuring, hidden = part("measuring"), np.zeros((28, 28), bool)
    hidden[:14] = True
    choice = measuring.Choice(measuring.PAINT, noise=0.1, hidden=hidden)
    x = np.ones((28, 28, 1), "float32")
    y = measuring.measure(x, measuring.measurement(choice, x.shape), choice)
    assert not y[0, : 14 * 28].any()
    assert np.std(y[0, 14 * 28 :]) == pytest.approx(0.1, rel=0.2)


@pytest.mark.slow
def test_digits_have_error_bars_and_a_slider_traces_nothing(part, monkeypatch):
    digits, measuring = part("digits"), part("measuring")
    monkeypatch.setattr(digits, "_HELD_OUT", 12)
    room = digits.Digits()
    choice = next(c for c in room.choices() if c.kind == measuring.PAINT)
    first = room.solve(room.samples[1], choice)  # whose rest tells what is hidden
    assert np.mean((first.ours - first.x) ** 2) < 0.02
    assert first.std.shape == first.lasso.shape == (28, 28, 1)
    unsure = first.std[choice.hidden].mean(), first.std[~choice.hidden].mean()
    assert unsure[0] > 2 * unsure[1]

    def refuse(*arguments):
        raise AssertionError("a program is made anew")

    monkeypatch.setattr(gencs.solvers.GaussianDeviation, "prepare", refuse)
    moved = dataclasses.replace(
        choice, noise=0.1, seed=1, hidden=np.roll(choice.hidden, 3, axis=0)
    )
    assert room.solve(room.samples[4], moved).ours.shape == (28, 28, 1)
    table = part("pictures").report(first)
    assert "**640 numbers of 784**" in table
    assert "(expected 0." in table


@pytest.mark.long
def test_faces_under_do_and_given_are_who_was_asked_for(part):
    faces = part("faces")
    room = faces.Faces()
    seen = {
        way: gencs.metrics.attribute_frequencies(
            room.sample({"Mustache": way}, 0, 16), "face_combinations_64"
        )
        for way in (faces.DO_1, faces.GIVEN_1)
    }
    assert seen[faces.GIVEN_1]["Male"] == 1  # only men have one
    assert seen[faces.DO_1]["Male"] < 0.8  # it is put on women, too
    assert seen[faces.DO_1]["Mustache"] > 0.8
    with pytest.raises(ValueError, match="nothing is done"):
        room.what_if(room.samples[0], {"Mustache": faces.GIVEN_1})
