"""The network of the classifiers."""

import keras
import numpy as np
import pytest

import tf_gencs as gencs


@pytest.mark.long
def test_learns_to_tell_light_from_dark(rng):
    images = rng.uniform(0, 0.5, size=(200, 12, 8, 1)).astype("float32")
    labels = rng.integers(0, 2, 200)
    images[labels == 1] += 0.3
    model = gencs.metrics.ConvClassifier(
        (12, 8, 1), ("dark", "light"), widths=(4, 8), feature_count=8
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.01), loss)
    model.fit(images, labels, epochs=10, verbose=0)
    seen = np.argmax(model(images), axis=1)
    assert np.mean(seen == labels) > 0.95


@pytest.mark.parametrize("shape", [(28, 28, 1), (64, 64, 3), (33, 20, 2)])
def test_takes_images_of_any_size(shape):
    model = gencs.metrics.ConvClassifier(shape, "abc")
    assert model(np.zeros((2, *shape), "float32")).shape == (2, 3)
    assert model.features(np.zeros((2, *shape), "float32")).shape == (2, 64)
    assert model.count_params() < 200_000


def test_drops_values_in_training_alone(rng):
    model = gencs.metrics.ConvClassifier((8, 8, 1), "ab", dropout=0.5)
    images = rng.uniform(size=(4, 8, 8, 1)).astype("float32")
    np.testing.assert_array_equal(model(images), model(images, training=False))
    assert not np.array_equal(model(images), model(images, training=True))


def test_a_copy_from_the_config_is_the_same_network():
    model = gencs.metrics.ConvClassifier(
        (9, 8, 2),
        ("a", "b"),
        exclusive=False,
        value_range=(-1, 1),
        widths=(3, 5),
        feature_count=7,
        dropout=0.1,
        dtype="float64",
        name="mine",
    )
    copy = gencs.metrics.ConvClassifier.from_config(model.get_config())
    assert copy.get_config() == model.get_config()
    shapes = [w.shape for w in model.get_weights()]
    assert [w.shape for w in copy.get_weights()] == shapes
    assert copy(np.zeros((1, 9, 8, 2))).dtype == "float64"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"signal_shape": (8, 8)}, "`signal_shape` must hold 3 integers"),
        ({"labels": ()}, "`labels` must be at least one name"),
        ({"labels": (1, 2)}, "`labels` must be at least one name"),
        ({"exclusive": "no"}, "`exclusive` must be True or False"),
        ({"value_range": None}, "`value_range` must be"),
        ({"widths": ()}, "`widths` must hold at least one"),
        ({"feature_count": 0}, "`feature_count` must be"),
        ({"dropout": 1.0}, "`dropout` must be"),
    ],
)
def test_refuses_bad_arguments(arguments, message):
    good = {"signal_shape": (8, 8, 1), "labels": ("a", "b")}
    with pytest.raises(ValueError, match=message):
        gencs.metrics.ConvClassifier(**{**good, **arguments})


def test_a_call_names_the_images_it_takes():
    model = gencs.metrics.ConvClassifier((8, 8, 1), ["a", "b"])
    x = np.zeros((2, 8, 8, 1), "float32")
    for wrong in (x[..., 0], x[0], x[:, :4], np.repeat(x, 3, axis=-1)):
        with pytest.raises(ValueError, match=r"`x` must be images \(batch, 8, 8, 1\)"):
            model(wrong)
    for wrong in (None, "x", {"a": x}, x.astype(complex), x.astype(object)):
        with pytest.raises(TypeError, match="`x` must"):
            model(wrong)
