"""The script that trains the classifiers, on a few images."""

import json

import numpy as np
import pytest

import tf_gencs as gencs
from tests.datasets.small_mnist import write_small_mnist
from tf_gencs.metrics.shipped_classifiers import predicted_labels


@pytest.fixture
def script(script):
    return script("train_classifier")


@pytest.mark.long
def test_writes_a_classifier_with_what_it_measured(script, tmp_path, monkeypatch):
    write_small_mnist(tmp_path)

    def run(name):
        arguments = ["--data-dir", tmp_path / "tfds", "--out", tmp_path / name]
        arguments += ["--epochs", 1, "--batch-size", 30, "--seed", 3]
        monkeypatch.setattr("sys.argv", ["train_classifier", *map(str, arguments)])
        script.main()
        return gencs.metrics.classifier(tmp_path / name)

    model = run("first")
    record = json.loads((tmp_path / "first" / "record.json").read_text())
    pairs = gencs.datasets.mnist("test", labels=True, data_dir=tmp_path / "tfds")
    images, labels = map(np.stack, zip(*pairs.as_numpy_iterator(), strict=True))
    right = np.mean(predicted_labels(model, images).argmax(axis=1) == labels)
    assert record["metrics"]["test_images"] == 10
    assert record["metrics"]["accuracy"] == right
    seen = gencs.metrics.attribute_frequencies(images, model)
    assert record["metrics"]["seen_frequency"] == pytest.approx(seen, abs=1e-5)
    assert "--epochs 1 --batch-size 30" in record["command"]
    assert str(tmp_path) not in json.dumps(record)
    # The same command makes the same classifier.
    np.testing.assert_array_equal(run("again")(images), model(images))


def test_unit_scale_leaves_the_logits_alone(script, rng):
    model = gencs.metrics.ConvClassifier((12, 12, 1), "abc")
    images = rng.uniform(size=(50, 12, 12, 1)).astype("float32")
    before = np.asarray(model(images))
    script.give_unit_scale(model, images)
    np.testing.assert_allclose(model(images), before, atol=1e-5)
    square = np.mean(np.square(model.features(images)))
    np.testing.assert_allclose(square, 1, rtol=1e-4)


def test_shifts_each_image_by_up_to_so_many_pixels(script):
    """One bright pixel in the middle, and where it goes."""
    import argparse

    import tensorflow as tf

    image = np.zeros((9, 9, 1), "float32")
    image[4, 4] = 1
    pairs = tf.data.Dataset.from_tensors((image, 7)).repeat(300)
    options = argparse.Namespace(shift=2, seed=0)
    moved = list(script.shifted(pairs, options).as_numpy_iterator())
    assert len(moved) == 300
    assert {label for _, label in moved} == {7}
    places = {tuple(np.argwhere(x[..., 0])[0]) for x, _ in moved}
    assert places == {(i, j) for i in range(2, 7) for j in range(2, 7)}


def test_faces_of_all_combinations_come_from_coins_and_other_people(
    script, monkeypatch, rng
):
    import argparse

    import tensorflow as tf

    asked = {}
    images = rng.uniform(size=(3, 8, 8, 3)).astype("float32")

    def face_avatars(split, **arguments):
        asked.update(arguments, split=split)
        return tf.data.Dataset.from_tensor_slices((images, np.arange(3)))

    monkeypatch.setattr(gencs.datasets, "face_avatars", face_avatars)
    options = argparse.Namespace(data="face_combinations", data_dir=None, side=4)
    found = list(script.pipeline(options, "train").as_numpy_iterator())
    assert asked["split"] == "train"
    assert asked["drawing_seed"] != 0  # of those that generators train on
    assert asked["causal_model"] == {
        name: ((), {(): 0.5}) for name in gencs.datasets.FACE_ATTRIBUTES
    }
    halved = images.reshape(3, 4, 2, 4, 2, 3).mean(axis=(2, 4))
    np.testing.assert_allclose([x for x, _ in found], halved, atol=1e-6)


def test_noise_is_as_large_as_it_is_said_and_never_the_same(script):
    import argparse

    import tensorflow as tf

    pairs = tf.data.Dataset.from_tensors((np.zeros((9, 9, 1), "float32"), 7)).repeat(50)
    options = argparse.Namespace(noise=0.1, seed=0)
    first, again = ([x for x, _ in script.noisy(pairs, options)] for _ in range(2))
    assert np.std(first) == pytest.approx(0.1, rel=0.05)
    assert not np.array_equal(first[0], first[1])
    np.testing.assert_array_equal(first, again)
