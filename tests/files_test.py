"""Where users want files: every path argument takes ~, and errors name it."""

import pathlib

import keras
import numpy as np
import pytest

import tf_gencs as gencs
from tests.datasets.image_folder_test import flat, write
from tf_gencs.datasets.idx_files import find_idx
from tf_gencs.datasets.mnist_from_idx import mnist_from_idx
from tf_gencs.metrics.shipped_classifiers import save_classifier


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home folder; the working folder is another, and is empty."""
    for name in ("home", "work"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "work")
    yield tmp_path / "home"
    assert not list((tmp_path / "work").iterdir())


def model():
    return gencs.models.VAE(1, (2,), (8, 8, 1), seed=0)


def train(*callbacks):
    trained = model()
    trained.compile(run_eagerly=True)  # no graph for one step
    images = np.zeros((2, 8, 8, 1), "float32")
    trained.fit(images, verbose=0, callbacks=[*callbacks])


DARK = np.zeros((2, 2, 2, 1), "u1")

# What writes, and what it leaves below the place it was given.
WRITERS = {
    "path": [
        (lambda place: model().save_to_preset(place), "config.json"),
        (lambda place: gencs.images.save_png(place, np.zeros((2, 2, 1), "u1")), None),
        (
            lambda place: gencs.images.save_gif(place, np.zeros((2, 2, 2, 1), "u1")),
            None,
        ),
    ],
    "folder": [
        (
            lambda place: gencs.images.save_images(place, np.zeros((1, 2, 2, 1), "u1")),
            "000000.png",
        ),
        (lambda place: save_classifier(classifier(), place, {}), "config.json"),
        (
            lambda place: train(gencs.callbacks.Checkpoint(place, 1)),
            "step_00000001.keras",
        ),
        (
            lambda place: train(gencs.callbacks.SampleGrid(place, 1, 1, 1)),
            "step_00000001.png",
        ),
        (
            lambda place: train(gencs.callbacks.LatentWalk(place, 1, 2, 1)),
            "step_00000001.png",
        ),
        (lambda place: train(gencs.callbacks.TensorBoardImages(place, 1, 1, 1)), ""),
    ],
}
CASES = [(argument, *case) for argument, cases in WRITERS.items() for case in cases]


def classifier():
    return gencs.metrics.ConvClassifier((8, 8, 1), ("a", "b"), widths=(2,))


@pytest.mark.parametrize(("argument", "write_to", "left"), CASES)
def test_writes_to_the_home_folder(home, argument, write_to, left):
    write_to("~/new/deep")
    place = home / "new" / "deep"
    assert (place if left is None else place / left).exists()


@pytest.mark.parametrize(("argument", "write_to", "left"), CASES)
def test_an_unwritable_place_is_a_sentence_with_its_argument(
    home, argument, write_to, left
):
    (home / "file").touch()
    with pytest.raises(OSError, match=f"`{argument}` must be a place that can be writ"):
        write_to(home / "file" / "deep")


@pytest.mark.parametrize("value", [5, b"bytes", None])
def test_refuses_what_is_no_path(value):
    with pytest.raises(TypeError, match=r"`folder` must be a path"):
        gencs.callbacks.SampleGrid(value)
    with pytest.raises(TypeError, match=r"`path` must be a path"):
        model().save_to_preset(value)


def test_an_empty_path_is_not_the_working_folder(home):
    for value in ("", "a\0b", "~nobody_of_that_name/x"):
        with pytest.raises(ValueError, match="`path` must be a path"):
            model().save_to_preset(value)


def test_reads_from_the_home_folder(home):
    saved = model()
    saved.save_to_preset("~/preset")
    saved.save("~/model.keras")
    saved.save_weights(pathlib.Path("~/model.weights.h5"))
    saved.load_weights("~/model.weights.h5")
    assert keras.saving.load_model(home / "model.keras").latent_dim == 1
    assert gencs.models.VAE.from_preset("~/preset").latent_dim == 1
    save_classifier(classifier(), "~/classifier", {})
    assert gencs.metrics.classifier("~/classifier").labels == ("a", "b")
    train(gencs.callbacks.Checkpoint("~/run", 1))
    assert gencs.callbacks.latest("~/run") == home / "run" / "step_00000001.keras"
    write(home / "photos" / "1.png", flat(1))
    write(home / "photos" / "2.png", flat(2))
    assert int(gencs.datasets.image_folder("~/photos").cardinality()) == 2
    gencs.datasets.split_image_folder("~/photos", held_out=1, record="~/held.json")
    assert (home / "held.json").exists()
    (home / "train-images-idx3-ubyte").touch()
    assert find_idx("~", "train-images-idx3-ubyte").exists()
    with pytest.raises(ValueError, match=str(home)):
        mnist_from_idx("~/nowhere", "~/data")
