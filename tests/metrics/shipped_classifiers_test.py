"""The classifiers that ship: as good as their records say, and hard to misuse."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs
from tf_gencs.metrics import shipped_classifiers
from tf_gencs.metrics.shipped_classifiers import predicted_labels, save_classifier


@pytest.fixture(scope="module")
def digits():
    return gencs.datasets.mnist_samples()


@pytest.fixture(scope="module")
def mnist():
    return gencs.metrics.classifier("mnist")


@pytest.fixture
def small(tmp_path):
    """A folder with an untrained classifier of two attributes."""
    model = gencs.metrics.ConvClassifier(
        (8, 10, 1), ("Light", "Round"), exclusive=False, widths=(3,), feature_count=4
    )
    save_classifier(model, tmp_path / "small", {"command": "none"})
    return tmp_path / "small"


@pytest.mark.parametrize("name", gencs.metrics.classifier_names())
def test_is_small_and_comes_with_its_record(name):
    model = gencs.metrics.classifier(name)
    record = gencs.metrics.classifier_record(name)
    script = "train_robust_classifier" if "robust" in name else "train_classifier"
    assert record["command"].startswith(f"./scripts/{script} --")
    assert name.startswith(record["data"])
    assert {"seed", "versions"} <= set(record)
    if script == "train_classifier":
        assert {"train_split", "test_split"} <= set(record)
        assert record["metrics"]["seen_frequency"].keys() == set(model.labels)
    assert record["parameters"] == model.count_params() < 200_000
    size = (shipped_classifiers.shipped.root / name / "weights.npz").stat().st_size
    assert size < 400_000


@pytest.mark.parametrize("name", ["mnist", "mnist_robust"])
def test_it_is_right_on_held_out_digits_as_often_as_its_record_says(name, digits):
    accuracy = gencs.metrics.classifier_record(name)["metrics"]["accuracy"]
    assert accuracy >= 0.99
    images, labels = digits
    seen = predicted_labels(gencs.metrics.classifier(name), images)
    share = np.mean(seen.argmax(axis=1) == labels)
    # 300 test images: within three standard deviations.
    assert share >= accuracy - 3 * np.sqrt(accuracy * (1 - accuracy) / 300)


def test_logits_and_features_have_the_documented_shapes(mnist, digits):
    images = digits[0][:5]
    assert mnist(images).shape == (5, 10)
    features = mnist.features(images)
    assert features.shape == (5, 64)
    assert np.min(features) >= 0
    np.testing.assert_allclose(mnist.head(features), mnist(images), rtol=1e-6)


def test_one_set_of_weights_serves_every_range(mnist, digits):
    signed = gencs.metrics.classifier("mnist", value_range=(-1, 1))
    assert signed.value_range == (-1, 1)
    images = digits[0][:20]
    np.testing.assert_allclose(signed(2 * images - 1), mnist(images), atol=1e-4)


def test_metrics_take_it_by_name_and_convert_the_range(digits):
    images = digits[0]
    results = []
    for value_range, x in ((None, images), ((-1, 1), 2 * images - 1)):
        metric = gencs.metrics.FrechetDistance("mnist", value_range=value_range)
        results.append(metric(x[:150], x[150:]))
    np.testing.assert_allclose(results[0], results[1], rtol=1e-3)


@pytest.mark.long
def test_its_features_tell_real_from_generated_digits(digits):
    """Digits of the shipped VAE are too much alike; noise is none."""
    vae = gencs.models.VAE.from_preset("mnist_vae")
    real, other = digits[0][:150], digits[0][150:]
    floor = gencs.metrics.evaluate(other, real, "mnist")
    generated = gencs.metrics.evaluate(vae, real, "mnist")
    noise = np.random.default_rng(0).uniform(size=real.shape).astype("float32")
    bad = gencs.metrics.evaluate(noise, real, "mnist")
    for name in ("frechet_distance", "kernel_distance", "sliced_wasserstein"):
        assert floor[name] < generated[name] < bad[name], name
    assert floor["recall"] > generated["recall"] > bad["recall"] == 0


def test_counts_how_often_each_label_is_seen(digits):
    images, labels = digits
    seen = gencs.metrics.attribute_frequencies(images, "mnist")
    assert list(seen) == list("0123456789")
    np.testing.assert_allclose(sum(seen.values()), 1)
    true = np.bincount(labels, minlength=10) / 300
    np.testing.assert_allclose(list(seen.values()), true, atol=0.011)
    ones = gencs.metrics.attribute_frequencies(images[labels == 1], "mnist")
    assert ones["1"] > 0.95


def test_attributes_are_counted_one_by_one(small, rng):
    model = gencs.metrics.classifier(small)
    images = rng.uniform(size=(30, 8, 10, 1)).astype("float32")
    seen = gencs.metrics.attribute_frequencies(images, model, batch_size=7)
    expected = (np.asarray(model(images)) > 0).mean(axis=0)
    assert seen == {"Light": expected[0], "Round": expected[1]}


def test_survives_saving(small, tmp_path, rng):
    model = gencs.metrics.classifier(small)
    images = rng.uniform(size=(3, 8, 10, 1)).astype("float32")
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(images), model(images))
    assert loaded.labels == ("Light", "Round")
    assert not loaded.exclusive
    again = gencs.metrics.classifier(str(small))
    np.testing.assert_array_equal(again(images), model(images))


def test_serves_as_a_detector_in_recovery(mnist, digits):
    """Its gradient reaches the image: some steps along it make a 9 of other digits."""
    A = gencs.layers.as_measurement(mnist, (28, 28, 1))
    loss = gencs.losses.CrossEntropy(9, from_logits=True)
    x = tf.constant(digits[0][:4])  # 7, 2, 1, 0
    for _ in range(20):
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = tf.reduce_sum(loss.call(None, A(x)))
        x = tf.clip_by_value(x - 0.1 * tf.sign(tape.gradient(value, x)), 0, 1)
    assert predicted_labels(mnist, x.numpy())[:, 9].all()


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.ones((2, 28, 28, 3)), r"must have shape \(batch, \*\(28, 28, 1\)\)"),
        (np.full((2, 28, 28, 1), 255.0), r"`images` must lie in `value_range` = \(0.0"),
        (np.full((2, 28, 28, 1), -1.0), "values from -1 to -1"),
    ],
)
def test_metrics_refuse_images_that_it_was_not_trained_on(images, message):
    metric = gencs.metrics.KernelDistance("mnist")
    with pytest.raises(ValueError, match=message):
        metric.update_state(images)


def test_frequencies_refuse_bad_images(small):
    with pytest.raises(ValueError, match="at least one image"):
        gencs.metrics.attribute_frequencies(np.ones((0, 8, 10, 1)), small)
    with pytest.raises(ValueError, match=r"`images` must have shape \(batch, 8, 10, 1"):
        gencs.metrics.attribute_frequencies(np.ones((3, 9, 10, 1)), small)
    with pytest.raises(ValueError, match="`images` must lie in `value_range`"):
        gencs.metrics.attribute_frequencies(np.full((3, 8, 10, 1), 9.0), small)


def test_refuses_what_names_no_classifier():
    with pytest.raises(TypeError, match="`name` must be a name or a path"):
        gencs.metrics.classifier(3)
    with pytest.raises(ValueError, match=r"`name` must be one of \[.*'mnist'.*'dogs'"):
        gencs.metrics.classifier("dogs")
    with pytest.raises(ValueError, match="`value_range` must be"):
        gencs.metrics.classifier("mnist", value_range=(1, 0))


@pytest.mark.parametrize("damage", ["cut", "remove", "misfit"])
def test_refuses_damaged_weights(small, damage):
    weights = small / "weights.npz"
    if damage == "cut":
        weights.write_bytes(weights.read_bytes()[:100])
    elif damage == "remove":
        weights.unlink()
    else:
        config = json.loads((small / "config.json").read_text())
        (small / "config.json").write_text(json.dumps({**config, "feature_count": 5}))
    with pytest.raises(ValueError, match=r"(missing or damaged|do not fit).*small"):
        gencs.metrics.classifier(small)


def test_face_avatars_sees_the_attributes_of_held_out_faces():
    accuracy = gencs.metrics.classifier_record("face_avatars")["metrics"]["accuracy"]
    assert min(accuracy.values()) >= 0.98
    faces = gencs.metrics.classifier("face_avatars")
    assert faces.labels == gencs.datasets.FACE_ATTRIBUTES == tuple(accuracy)
    images, attributes = gencs.datasets.face_avatars_samples()
    right = np.mean(predicted_labels(faces, images) == attributes, axis=0)
    assert right.min() >= 0.97  # 100 test images
    unit, _ = gencs.datasets.face_avatars_samples(value_range=(0, 1))
    seen = gencs.metrics.attribute_frequencies(
        unit, gencs.metrics.classifier("face_avatars", value_range=(0, 1))
    )
    np.testing.assert_allclose(list(seen.values()), attributes.mean(axis=0), atol=0.03)


@pytest.mark.parametrize("side", [64, 32])
def test_face_combinations_sees_attributes_that_never_go_together(side):
    """Women with mustaches, too, whom `face_avatars` hardly shows."""
    pytest.importorskip("python_avatars")
    pytest.importorskip("resvg_py")
    name = f"face_combinations_{side}"
    record = gencs.metrics.classifier_record(name)
    assert min(record["metrics"]["accuracy"].values()) >= 0.98
    judge = gencs.metrics.classifier(name)
    assert judge.labels == gencs.datasets.FACE_ATTRIBUTES
    attributes = np.random.default_rng(0).integers(0, 2, (48, 8))
    attributes[:, [0, 3]] = 0, 1
    faces = gencs.datasets.draw_faces(attributes, seed=9)
    share = 64 // side
    faces = faces.reshape(-1, side, share, side, share, 3).mean(axis=(2, 4))
    right = np.mean(predicted_labels(judge, faces) == attributes, axis=0)
    assert right.min() >= 0.95


@pytest.mark.long
def test_face_avatars_features_tell_a_collapse_and_a_blur():
    """Half the faces, the same few faces again, and blurred faces."""
    images, _ = gencs.datasets.face_avatars_samples()
    training, _ = gencs.datasets.face_avatars_samples("train")
    shifts = [(i, j) for i in (-4, 0, 4) for j in (-4, 0, 4)]
    blur = np.mean([np.roll(training, shift, (1, 2)) for shift in shifts], axis=0)
    same = np.tile(training[:5], (20, 1, 1, 1))
    good, bad, blurred = (
        gencs.metrics.evaluate(x, images, "face_avatars")
        for x in (training, same, blur.astype("float32"))
    )
    assert abs(good["kernel_distance"]) < 4 * good["kernel_distance_error"]
    for report in (bad, blurred):
        assert report["kernel_distance"] > 2 * abs(good["kernel_distance"])
        assert report["frechet_distance"] > 1.5 * good["frechet_distance"]
    assert good["duplicates"] <= 0.1 < bad["duplicates"] == 1
    assert bad["recall"] < good["recall"] / 2
