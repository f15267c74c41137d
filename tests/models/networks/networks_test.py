"""Sizes, ranges and independence of the network builders."""

import ast
import pathlib

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_gencs.models import networks
from tf_gencs.models.networks.minibatch_std import MinibatchStd

PAIRS = {
    "dcgan": (networks.dcgan_generator, networks.dcgan_discriminator),
    "began": (networks.began_generator, networks.began_discriminator),
}


def trainable(network):
    return sum(int(np.prod(weight.shape)) for weight in network.trainable_weights)


def test_dcgan_has_the_parameters_of_the_reference():
    generator = networks.dcgan_generator(100, (64, 64, 3))
    assert trainable(generator) == 5_135_363
    assert generator.count_params() - trainable(generator) == 1_920
    discriminator = networks.dcgan_discriminator((64, 64, 3))
    assert trainable(discriminator) == 4_316_545
    assert discriminator.count_params() - trainable(discriminator) == 1_792


@pytest.mark.parametrize(
    ("size", "width", "generator", "discriminator"),
    [
        (64, 128, 1_716_611, 13_405_379),
        (64, 64, 563_395, 4_011_651),
        (128, 128, 2_011_779, 23_221_443),
        (32, 128, 1_421_443, 7_128_643),
    ],
)
def test_began_has_the_parameters_of_the_reference(
    size, width, generator, discriminator
):
    shape = (size, size, 3)
    assert trainable(networks.began_generator(64, shape, width)) == generator
    assert trainable(networks.began_discriminator(shape, width)) == discriminator


@pytest.mark.parametrize("family", PAIRS)
@pytest.mark.parametrize(
    "shape", [(16, 16, 1), (28, 28, 1), (32, 48, 3), (112, 16, 2), (64, 64, 4)]
)
def test_networks_fit_each_other_at_any_size(family, shape):
    make_generator, make_discriminator = PAIRS[family]
    generator, discriminator = make_generator(5, shape, 2), make_discriminator(shape, 2)
    x = generator(np.ones((3, 5), "float32"))
    assert x.shape == (3, *shape)
    expected = (3, 1) if family == "dcgan" else (3, *shape)
    assert discriminator(x).shape == expected


@pytest.mark.parametrize(
    ("family", "shape", "grid"),
    [
        ("dcgan", (64, 64, 3), (4, 4, 16)),
        ("dcgan", (128, 128, 3), (4, 4, 32)),
        ("dcgan", (28, 28, 1), (7, 7, 4)),
        ("dcgan", (48, 32, 1), (6, 4, 8)),
        ("began", (64, 64, 3), (8, 8, 2)),
        ("began", (28, 28, 1), (7, 7, 2)),
    ],
)
def test_the_coarsest_grid_follows_from_the_size(family, shape, grid):
    generator = PAIRS[family][0](5, shape, 2)
    assert generator.get_layer("grid").output.shape == (None, *grid)


@pytest.mark.parametrize("family", PAIRS)
@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((100, 100, 3), r"multiples of (16|8): .* to 96 x 96 say.*\(100, 100, 3\)"),
        ((28, 31, 3), r"multiples of 4: .* to 28 x 28 say"),
        ((6, 64, 3), r"at least (8 x 8|14 x 14) pixels.*\(6, 64, 3\)"),
        ((64, 64), r"be \(height, width, channels\)"),
    ],
)
def test_sizes_that_do_not_halve_name_one_that_does(family, shape, message):
    make_generator, make_discriminator = PAIRS[family]
    with pytest.raises(ValueError, match=f"`signal_shape` must .*{message}"):
        make_generator(5, shape, 2)
    with pytest.raises(ValueError, match=f"`signal_shape` must .*{message}"):
        make_discriminator(shape, 2)


@pytest.mark.parametrize("value_range", [(-1, 1), (0, 1), (0, 255), (-3, 1)])
def test_dcgan_fills_its_value_range_and_no_more(value_range):
    generator = networks.dcgan_generator(5, (8, 8, 1), 2, value_range)
    x = generator(1e6 * np.random.default_rng(0).normal(size=(50, 5))).numpy()
    np.testing.assert_allclose((x.min(), x.max()), value_range, atol=1e-4)


@pytest.mark.parametrize("family", PAIRS)
def test_ranges_are_a_change_of_units(family):
    """The same weights see the same image, whatever its range."""
    make_generator, make_discriminator = PAIRS[family]
    z = np.random.default_rng(0).normal(size=(4, 5)).astype("float32")
    plain, scaled = (
        (
            make_generator(5, (16, 16, 1), 2, value_range),
            make_discriminator((16, 16, 1), 2, value_range=value_range),
        )
        for value_range in ((-1, 1), (0, 255))
    )
    for ours, theirs in zip(scaled, plain, strict=True):
        ours.set_weights(theirs.get_weights())
    x = plain[0](z).numpy()
    x_scaled = scaled[0](z).numpy()
    np.testing.assert_allclose(x_scaled, 127.5 * (x + 1), rtol=1e-4)
    score, scaled_score = plain[1](x).numpy(), scaled[1](x_scaled).numpy()
    if family == "began":
        score = 127.5 * (score + 1)
    np.testing.assert_allclose(scaled_score, score, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("family", PAIRS)
@pytest.mark.parametrize("dtype", ["float64", "mixed_float16"])
def test_networks_take_dtypes_and_policies(family, dtype):
    make_generator, make_discriminator = PAIRS[family]
    generator = make_generator(5, (16, 16, 1), 2, dtype=dtype)
    discriminator = make_discriminator((16, 16, 1), 2, dtype=dtype)
    policy = keras.dtype_policies.get(dtype)
    x = generator(np.ones((2, 5), policy.variable_dtype))
    assert x.dtype == discriminator(x).dtype == policy.compute_dtype
    for network in (generator, discriminator):
        assert {weight.dtype for weight in network.weights} == {policy.variable_dtype}


@pytest.mark.parametrize(
    ("normalization", "layers"), [("batch", 1), ("layer", 1), (None, 0)]
)
def test_dcgan_discriminator_normalizes_all_layers_but_the_first(normalization, layers):
    network = networks.dcgan_discriminator((16, 16, 1), 4, normalization=normalization)
    found = [layer for layer in network.layers if "normalization" in layer.name]
    assert len(found) == layers


def test_layer_normalization_keeps_images_apart(rng):
    x = rng.normal(size=(4, 16, 16, 1)).astype("float32")
    for normalization, apart in (("layer", True), ("batch", False)):
        network = networks.dcgan_discriminator(
            (16, 16, 1), 4, normalization=normalization
        )
        together = network(x, training=True).numpy()
        alone = network(x[:1], training=True).numpy()
        assert np.allclose(together[0], alone[0], atol=1e-6) == apart


def test_minibatch_std_is_the_mean_deviation_over_the_batch(rng):
    h = rng.normal(size=(5, 3, 2, 4)).astype("float32")
    out = MinibatchStd()(h).numpy()
    np.testing.assert_array_equal(out[..., :4], h)
    np.testing.assert_allclose(out[..., 4], h.std(axis=0).mean(), rtol=1e-5)


def test_discriminator_with_minibatch_std_tells_equal_images_from_others(rng):
    x = rng.normal(size=(4, 16, 16, 1)).astype("float32")
    equal = np.repeat(x[:1], 4, axis=0)
    for seen in (True, False):
        network = networks.dcgan_discriminator(
            (16, 16, 1), 4, normalization="layer", minibatch_std=seen
        )
        among_others, among_equals = network(x)[0], network(equal)[0]
        assert np.allclose(among_others, among_equals, atol=1e-6) != seen


def test_minibatch_std_of_equal_images_has_a_gradient():
    h = tf.ones((3, 2, 2, 2))
    with tf.GradientTape() as tape:
        tape.watch(h)
        out = tf.reduce_sum(MinibatchStd()(h))
    assert np.all(np.isfinite(tape.gradient(out, h)))


def test_dcgan_discriminator_rejects_unknown_normalization():
    with pytest.raises(ValueError, match="`normalization` must be 'batch'"):
        networks.dcgan_discriminator((16, 16, 1), normalization="instance")


def test_builders_import_keras_alone():
    """As on a machine with a GPU and another backend, where tf_gencs cannot go.

    Some files need tf_gencs, and are imported within it alone.
    """
    found = set()
    for path in pathlib.Path(networks.__file__).parent.glob("*.py"):
        if path.name.startswith("tensorflow_"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found.add(node.module)
    assert found == {"functools", "itertools", "keras", "math", "random"}
