"""The quick convolutions beside Keras's own, forward and back."""

import weakref

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.leaks import freed
from tf_gencs.models.networks import tensorflow_convolution
from tf_gencs.models.networks.convolution import Conv2D, Conv2DTranspose

# Kernels as large as the strides and larger, even, odd and oblong.
KERNELS = [(1, 1), (1, 3), (1, (5, 4)), (2, 2), (2, 3), (2, 5), (2, (4, 5)), (3, 4)]
LAYERS = {
    "down": (Conv2D, keras.layers.Conv2D, (2, 12, 6, 9)),
    "down, not dividing": (
        Conv2D,
        keras.layers.Conv2D,
        (2, 7, 5, 9),
    ),
    "up": (Conv2DTranspose, keras.layers.Conv2DTranspose, (2, 5, 3, 9)),
}


def pair(name, filters, kernel, strides, **kwargs):
    """A layer of ours and Keras's with the same weights, and images for them."""
    ours, theirs, shape = LAYERS[name]
    layers = [
        layer(filters, kernel, strides=strides, padding="same", **kwargs)
        for layer in (ours, theirs)
    ]
    for layer in layers:
        layer.build(shape)
    layers[1].set_weights(layers[0].get_weights())
    x = np.random.default_rng(0).normal(size=shape)
    return *layers, tf.constant(x, layers[0].compute_dtype)


@pytest.fixture(autouse=True)
def on_processor(monkeypatch):
    monkeypatch.setattr(tensorflow_convolution, "on_processor", lambda: True)


@pytest.mark.parametrize(
    ("name", "function"), [("down", "convolve"), ("up", "convolve_transposed")]
)
def test_goes_its_own_way_without_a_gpu_only(name, function, monkeypatch):
    ours, theirs, x = pair(name, 10, 5, 2)
    calls = []
    own = getattr(tensorflow_convolution, function)
    monkeypatch.setattr(
        tensorflow_convolution,
        function,
        lambda *arguments: calls.append(1) or own(*arguments),
    )
    ours(x)
    assert len(calls) == 1
    monkeypatch.setattr(tensorflow_convolution, "on_processor", lambda: False)
    np.testing.assert_allclose(ours(x), theirs(x), atol=1e-5)
    assert len(calls) == 1


def derivatives(layer, x):
    """Outputs, first derivatives and derivatives of those, by input and weights."""
    variables = [x, *(weight.value for weight in layer.trainable_weights)]
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = layer(x)
            total = tf.reduce_sum(y**3)
        first = inner.gradient(total, variables)
        bent = tf.add_n([tf.reduce_sum(tf.sin(each)) for each in first])
    return [y, *first, *outer.gradient(bent, variables)]


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize(("strides", "kernel"), KERNELS)
@pytest.mark.parametrize("filters", [2, 10])  # narrow ones go another way
def test_equals_keras_with_two_derivatives(name, strides, kernel, filters):
    ours, theirs, x = pair(name, filters, kernel, strides, dtype="float64")
    for mine, reference in zip(
        derivatives(ours, x), derivatives(theirs, x), strict=True
    ):
        np.testing.assert_allclose(mine, reference, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", LAYERS)
def test_takes_batches_of_any_size_in_a_graph(name):
    ours, _, x = pair(name, 10, 5, 2, activation="relu")
    graph = tf.function(ours, input_signature=[tf.TensorSpec((None, *x.shape[1:]))])
    for images in (x, x[:1], x[:0]):
        np.testing.assert_allclose(graph(images), ours(images), atol=1e-6)


@pytest.mark.parametrize("name", LAYERS)
def test_nothing_keeps_a_graph_that_is_no_longer_used(name):
    ours, _, x = pair(name, 10, 5, 2)

    def trace():
        function = tf.function(lambda x: derivatives(ours, x)).get_concrete_function(x)
        assert np.all(np.isfinite(function(x)[-1]))
        return weakref.ref(function.graph)

    assert freed(trace)


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize(
    "kwargs",
    [
        {"use_bias": False},
        {"dtype": "mixed_float16"},
        {"kernel_size": 1},
        {"padding": "valid"},
    ],
    ids=str,
)
def test_does_whatever_keras_does(name, kwargs):
    ours, theirs, shape = LAYERS[name]
    kwargs = {"kernel_size": 3, "strides": 2, "padding": "same", **kwargs}
    mine, reference = (layer(10, **kwargs) for layer in (ours, theirs))
    x = np.random.default_rng(0).normal(size=shape).astype("float32")
    mine(x), reference(x)  # which makes the weights
    reference.set_weights(mine.get_weights())
    outputs = mine(x), reference(x)
    assert outputs[0].dtype == outputs[1].dtype
    tolerance = 1e-2 if outputs[0].dtype == "float16" else 1e-5
    np.testing.assert_allclose(*outputs, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("kwargs", [{"groups": 3}, {"dilation_rate": 2}], ids=str)
def test_grouped_and_dilated_kernels(kwargs):
    ours, theirs = (
        layer(6, 3, padding="same", **kwargs) for layer in (Conv2D, keras.layers.Conv2D)
    )
    x = np.random.default_rng(0).normal(size=(2, 6, 6, 9)).astype("float32")
    ours(x), theirs(x)
    theirs.set_weights(ours.get_weights())
    np.testing.assert_allclose(ours(x), theirs(x), atol=1e-6)


def test_survives_a_keras_file(tmp_path):
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            Conv2D(9, 5, strides=2, padding="same"),
            Conv2DTranspose(9, 5, strides=2, padding="same"),
        ]
    )
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert isinstance(loaded.layers[0], Conv2D)
    x = np.ones((2, 8, 8, 3), "float32")
    np.testing.assert_array_equal(loaded(x), model(x))
