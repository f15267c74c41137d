"""Tests of networks computed side by side."""

import keras
import numpy as np
import pytest

from tf_gencs.causal.networks import SideBySide


def test_each_network_is_a_dense_one_of_its_own(rng):
    networks = SideBySide(3, 4, (5,), 2, seed=0)
    for bias in networks.biases:
        bias.assign(rng.normal(size=bias.shape))
    x = rng.normal(size=(3, 7, 4)).astype("float32")
    found = np.array(networks(x))
    for i in range(3):
        (first, second), (low, high) = (
            [np.array(weight)[i] for weight in weights]
            for weights in (networks.kernels, networks.biases)
        )
        h = x[i] @ first + low
        expected = np.where(h > 0, h, 0.2 * h) @ second + high
        np.testing.assert_allclose(found[i], expected, atol=1e-5)
    some = np.array(networks(x[[2, 0]], only=[2, 0]))
    np.testing.assert_allclose(some, found[[2, 0]], atol=1e-6)


def test_networks_keep_through_their_config_and_differ_from_each_other():
    networks = SideBySide(2, 3, (4, 4), 1, seed=3)
    again = SideBySide.from_config(networks.get_config())
    for one, other in zip(networks.weights, again.weights, strict=True):
        np.testing.assert_array_equal(np.array(one), np.array(other))
    kernel = np.array(networks.kernels[0])
    assert not np.array_equal(kernel[0], kernel[1])
    assert networks.compute_output_shape((2, 9, 3)) == (2, 9, 1)
    config = keras.saving.serialize_keras_object(networks)
    assert isinstance(keras.saving.deserialize_keras_object(config), SideBySide)


@pytest.mark.parametrize("count", [1, 4])
def test_weights_are_those_of_so_many_networks(count):
    assert SideBySide(count, 3, (4,), 1).count_params() == count * (16 + 5)


def test_hidden_layers_take_another_activation_and_keep_it():
    networks = SideBySide(1, 3, (4,), 2, seed=0, activation="tanh")
    x = np.full((1, 5, 3), 0.3, "float32")
    (first, last), (low, high) = (
        [np.array(weight) for weight in weights]
        for weights in (networks.kernels, networks.biases)
    )
    expected = np.tanh(x @ first + low) @ last + high
    again = SideBySide.from_config(networks.get_config())
    for each in (networks, again):
        np.testing.assert_allclose(np.array(each(x)), expected, atol=1e-5)
