"""Certified and found ends of G's Lipschitz constant."""

import itertools

import keras
import numpy as np
import pytest

import tf_gencs as gencs
from tests.generators import linear_generator, random_generator
from tf_gencs.theory.lipschitz import convolution_norm, gram_norm


def bounds(generator, **kwargs):
    return gencs.theory.lipschitz(generator, draws=6, seed=0, **{"steps": 5, **kwargs})


def shaken(model, seed=0):
    """The model, with random weights and statistics of batch normalisation."""
    rng = np.random.default_rng(seed)
    for variable in model.variables:
        values = rng.normal(size=variable.shape) / np.sqrt(variable.shape[0] + 1)
        positive = "variance" in variable.name or "gamma" in variable.name
        variable.assign(np.abs(values) + 0.3 if positive else values)
    return model


def dense_norm(layer, shape):
    """The norm of a layer's linear part by its matrix."""
    n = int(np.prod(shape))
    identity = np.eye(n, dtype="float32").reshape(-1, *shape)
    zero = np.asarray(layer(np.zeros((1, *shape), "float32")))
    rows = (np.asarray(layer(identity)) - zero).reshape(n, -1).astype("float64")
    short = min(rows, rows.T, key=len)
    # A tenth of the time of singular values.
    return np.sqrt(np.linalg.eigvalsh(short @ short.T)[-1])


@pytest.mark.parametrize("shape", [(30, 7), (7, 30), (300, 200), (1, 1)])
def test_gram_norm_is_above_the_singular_value_and_close(rng, shape):
    matrix = rng.normal(size=shape)
    exact = np.linalg.norm(matrix, 2)
    assert exact <= gram_norm(matrix) <= 1.01 * exact
    assert exact <= gram_norm(matrix, steps=6) <= 1.01 * exact
    assert gram_norm(0 * matrix) < 1e-200


@pytest.mark.parametrize(
    ("taps", "strides", "padding", "size"),
    [
        *itertools.product([3, 4, 5], [1, 2], ["same", "valid"], [6]),
        *((taps, strides, "same", 16) for taps, strides in [(3, 1), (4, 2), (5, 2)]),
    ],
)
@pytest.mark.parametrize("kind", ["Conv2D", "Conv2DTranspose"])
def test_norms_of_convolutions_are_above_their_matrix_and_close(
    rng, kind, taps, strides, padding, size
):
    make = getattr(keras.layers, kind)
    layer = make(3, taps, strides=strides, padding=padding)
    shape = (size, size, 2)
    layer.build((None, *shape))
    layer.set_weights([rng.normal(size=w.shape) for w in layer.get_weights()])
    exact = dense_norm(layer, shape)
    on_the_plane = convolution_norm(layer.kernel.numpy(), strides)
    assert exact <= on_the_plane
    if size == 16:  # edges matter less the larger the image is
        assert on_the_plane <= 1.06 * exact
    model = keras.Sequential([keras.Input(shape), layer])
    generator = keras.Sequential(
        [keras.Input((size * size * 2,)), keras.layers.Reshape(shape), *model.layers]
    )
    found = dict(bounds(generator, steps=0).layers)
    assert exact * 0.9999 <= found[layer.name]
    if size == 6:
        assert found[layer.name] <= 1.01 * exact


def test_of_a_linear_generator_both_ends_meet(rng):
    matrix = rng.normal(size=(60, 4))
    found = bounds(linear_generator(matrix, (6, 5, 2)), steps=20)
    exact = np.linalg.norm(matrix, 2)
    np.testing.assert_allclose([found.lower, found.upper], exact, rtol=1e-4)


def test_the_certificate_is_above_all_that_is_found_and_better_than_the_product():
    generator = random_generator()
    found = bounds(generator, steps=30)
    assert found.at_draws <= found.lower < found.upper < found.product
    assert found.method == "ECLipsE-Fast"
    assert found.chords <= found.lower
    model = gencs.models.GenerativeModel(generator)
    stretches = [t.lengths[0] for t in model.tangents(model.draw_z(100, 3))]
    assert max(stretches) < found.upper


@pytest.mark.long
def test_batch_normalisation_and_range_are_folded_in():
    model = gencs.models.DCGAN(
        latent_dim=5, signal_shape=(16, 16, 3), width=2, value_range=(-2.0, 6.0), seed=0
    )
    generator = shaken(model.generator)
    found = bounds(model, steps=20)
    assert found.method == "product"
    assert found.lower < found.upper < np.inf
    names = [name for name, _ in found.layers]
    assert "dense with batch_normalization_0" in names
    # The fold, by the layers themselves.
    layers = {layer.name: layer for layer in generator.layers}
    chain = keras.Sequential(
        [
            keras.Input((5,)),
            *(layers[name] for name in ("dense", "grid", "batch_normalization_0")),
        ]
    )
    exact = dense_norm(lambda z: chain(z, training=False), (5,))
    bound = dict(found.layers)["dense with batch_normalization_0"]
    assert exact * 0.9999 <= bound <= 1.01 * exact
    assert dict(found.layers)["to_range"] == 4.0


@pytest.mark.long
@pytest.mark.parametrize(
    "family", ["VAE", pytest.param("BEGAN", marks=pytest.mark.slow)]
)
def test_families_have_certificates(family):
    sizes = {"latent_dim": 4, "signal_shape": (16, 16, 1)}
    if family == "VAE":
        sizes["hidden"] = (8, 8)
    else:
        sizes["width"] = 4
    found = bounds(getattr(gencs.models, family)(**sizes, seed=0))
    assert found.lower <= found.upper < np.inf


class _Odd(keras.layers.Dense):
    def call(self, inputs):
        return 100 * super().call(inputs)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (_Odd(6, name="odd"), "`odd`, a _Odd, has no known bound"),
        (keras.layers.LayerNormalization(name="norm"), "`norm`, a LayerNormalization"),
        (
            keras.layers.Dense(6, activation="exponential", name="e"),
            "no slope is known",
        ),
        (keras.layers.ReLU(threshold=1.0, name="step"), "jumps at its threshold"),
    ],
)
def test_what_is_not_known_is_named_and_the_lower_end_stays(layer, message):
    generator = keras.Sequential([keras.Input((6,)), keras.layers.Dense(6), layer])
    found = bounds(generator)
    assert found.upper == np.inf
    assert message in found.uncertified
    assert message in str(found)
    assert found.lower > 0


def test_branches_have_no_certificate():
    z = keras.Input((4,))
    x = keras.layers.Dense(4)(z)
    found = bounds(keras.Model(z, keras.layers.Add()([x, z])))
    assert "no chain of layers" in found.uncertified
