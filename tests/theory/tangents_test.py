"""The directions in which G moves."""

import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs
from tests.generators import random_generator
from tests.theory.conftest import STRETCH


def test_tangents_of_a_linear_generator_are_its_singular_vectors(
    linear_model, directions
):
    for tangent in linear_model.tangents(linear_model.draw_z(3, 0)):
        np.testing.assert_allclose(tangent.lengths, STRETCH, rtol=1e-12)
        found = tangent.directions.reshape(3, -1)
        np.testing.assert_allclose(np.abs(found @ directions), np.eye(3), atol=1e-12)


def test_tangents_are_the_jacobian_of_a_network():
    model = gencs.models.GenerativeModel(random_generator(dtype="float64"))
    z = model.draw_z(70, 0)  # more than go at once
    with tf.GradientTape() as tape:
        at = tf.constant(z[-1:], "float64")
        tape.watch(at)
        x = model.generator(at)
    jacobian = tape.batch_jacobian(x, at).numpy().reshape(-1, 4)
    found = list(model.tangents(z))
    assert len(found) == 70
    last = found[-1]
    rebuilt = last.directions.reshape(4, -1).T * last.lengths @ last.latents
    np.testing.assert_allclose(rebuilt, jacobian, atol=1e-12)
    np.testing.assert_allclose(last.x, x[0], atol=1e-12)


def test_a_direction_that_G_ignores_is_no_tangent(linear_model):
    weights = linear_model.generator.get_weights()[0]
    weights[0] = 0
    linear_model.generator.set_weights([weights])
    (tangent,) = linear_model.tangents(np.ones((1, 3)))
    assert len(tangent.directions) == 2


def test_rejects_latents_of_another_length(linear_model):
    with pytest.raises(ValueError, match=r"`z` must have shape \(batch, 3\)"):
        linear_model.tangents(np.ones((1, 4)))
