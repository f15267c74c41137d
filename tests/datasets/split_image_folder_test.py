"""Tests of what is held out of a folder of images."""

import json
import shutil

import numpy as np
import pytest

import tf_gencs as gencs
from tests.datasets.image_folder_test import flat, write


@pytest.fixture
def folder(tmp_path):
    """Twenty images, which differ in their grey: 0, 10, 20 ..."""
    for i in range(20):
        write(tmp_path / "photos" / f"{i:02}.png", flat(10 * i))
    return tmp_path / "photos"


def greys(dataset):
    return [round(float(image.mean())) for image in dataset.as_numpy_iterator()]


def split(folder, held_out, **arguments):
    training, held = gencs.datasets.split_image_folder(
        folder, (4, 4), held_out=held_out, value_range=(0, 255), **arguments
    )
    return greys(training), greys(held)


@pytest.mark.long
def test_exactly_as_many_as_were_asked_for_are_held_out(folder):
    for count in (0, 1, 8, 19):
        training, held = split(folder, count)
        assert len(held) == count
        assert sorted(training + held) == [10 * i for i in range(20)]
        assert training == sorted(training)  # in the order of their paths


def test_names_places_and_order_of_images_do_not_matter(folder):
    _, held = split(folder, 5)
    for i in range(20):
        new = folder / f"{i % 3}" / f"{97 * i % 20}.png"
        new.parent.mkdir(exist_ok=True)
        (folder / f"{i:02}.png").rename(new)
    assert split(folder, 5)[1] == held


@pytest.mark.long
def test_no_image_that_trained_is_ever_held_out_when_others_are_added(folder):
    for held_out in (5, 0.2):
        trained, _ = split(folder, held_out)
        for i in range(12):
            write(folder / f"new_{i}.png", flat(10 * i + 3))
            if i in (0, 5, 11):  # after one, after some, after many
                assert not set(trained) & set(split(folder, held_out)[1])
        for i in range(12):
            (folder / f"new_{i}.png").unlink()


@pytest.mark.long
def test_a_record_keeps_what_is_held_out(folder, tmp_path):
    record = tmp_path / "run" / "held_out.json"
    trained, held = split(folder, 5, record=record)
    recorded = json.loads(record.read_text())["held_out"]
    assert [int(each["name"][:2]) * 10 for each in recorded] == held
    for i in range(12):
        write(folder / f"a_{i}.png", flat(10 * i + 3))
    training, again = split(folder, 5, record=record)
    assert again == held
    assert set(training) == {*trained, *(10 * i + 3 for i in range(12))}
    # The first of them, where fewer are asked for; the others do not train either.
    assert split(folder, 2, record=record) == (training, held[:2])
    # Not even in the place of one that went, or under another name.
    (folder / recorded[0]["name"]).unlink()
    (folder / recorded[1]["name"]).rename(folder / "renamed.png")
    with pytest.warns(UserWarning, match=r"1 of the 5 images that .* no longer there"):
        training, fewer = split(folder, 5, record=record)
    assert fewer == held[1:]
    assert not set(training) & set(held)


def test_copies_of_a_held_out_image_do_not_train(folder):
    _, held = split(folder, 3)
    shutil.copy(folder / f"{held[0] // 10:02}.png", folder / "copy.png")
    training, again = split(folder, 3)
    assert again == held
    assert not set(training) & set(held)


@pytest.mark.long
def test_a_share_is_held_out_by_chance_and_one_at_least(folder):
    training, held = split(folder, 0.3)
    assert 0 < len(held) < 15
    assert len(split(folder, 1e-9)[1]) == 1
    assert split(folder, 0.3) == (training, held)


def test_labels_are_those_of_the_whole_folder(tmp_path):
    for i, name in enumerate(("cats", "dogs", "owls")):
        write(tmp_path / name / "1.png", flat(10 * i))
    parts = gencs.datasets.split_image_folder(
        tmp_path, (4, 4), held_out=1, labels=True, value_range=(0, 255)
    )
    for part in parts:
        for image, label in part.as_numpy_iterator():
            np.testing.assert_allclose(image, 10 * label)


@pytest.mark.parametrize(
    ("held_out", "message"),
    [
        (20, "`held_out` must leave images to train on. Received: 20, of 20"),
        (-1, "`held_out` must be an integer of at least 0"),
        (1.5, "`held_out` must be a finite number above 0 and below 1"),
        ("all", "`held_out` must be a finite number"),
        (None, "`held_out`"),
    ],
)
def test_refuses_to_hold_out_what_makes_no_sense(folder, held_out, message):
    with pytest.raises(ValueError, match=message):
        split(folder, held_out)


def test_refuses_a_record_that_cannot_be_followed(folder, tmp_path):
    record = tmp_path / "held_out.json"
    split(folder, 3, record=record)
    with pytest.raises(ValueError, match=r"at most 3.*have trained. Received: 4"):
        split(folder, 4, record=record)
    record.write_text('{"held_out": 3}')
    with pytest.raises(ValueError, match=r"`record` must be a file"):
        split(folder, 3, record=record)
