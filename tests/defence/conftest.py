"""Small networks of which attacks are known: linear ones.

Those that no test changes serve all: what searches them is traced once.
"""

import keras
import numpy as np
import pytest

import tf_gencs as gencs
from tests.generators import linear_generator

SHAPE = (4, 3, 1)
SIZE = 12


def dense_classifier(kernel, bias=0.0, activation=None):
    """images -> images @ kernel + bias."""
    classes = kernel.shape[1]
    dense = keras.layers.Dense(classes, activation=activation)
    network = keras.Sequential(
        [keras.Input(SHAPE), keras.layers.Flatten("channels_last"), dense]
    )
    dense.set_weights([kernel, np.zeros(classes) + bias])
    return network


@pytest.fixture(scope="session")
def kernel():
    return np.random.default_rng(1).normal(size=(SIZE, 3)).astype("float32")


@pytest.fixture(scope="session")
def bias(kernel):
    """So that grey is of no class more than of another."""
    return -0.5 * kernel.sum(axis=0)


@pytest.fixture(scope="session")
def classifier(kernel, bias):
    return dense_classifier(kernel, bias)


@pytest.fixture
def images(rng):
    """In the middle of the bounds, which then are far."""
    return rng.uniform(0.4, 0.6, size=(8, *SHAPE)).astype("float32")


@pytest.fixture
def labels(classifier, images):
    """What the classifier says, so that every image is right."""
    return np.asarray(classifier(images)).argmax(axis=1)


def flat_model(rng, middle):
    """G(z) = W z + middle with orthonormal columns: its nearest G(z) is known."""
    directions = np.linalg.qr(rng.normal(size=(SIZE, 3)))[0]
    generator = linear_generator(directions, SHAPE, "float32")
    z = keras.Input((3,))
    return gencs.models.GenerativeModel(
        keras.Model(z, generator(z) + middle), representation_error=1e-6
    )


@pytest.fixture(scope="session")
def model():
    return flat_model(np.random.default_rng(3), 0.5)


class Identity(gencs.defence.PurifyAndClassify):
    """A defence that does nothing."""

    def purify(self, x):
        return x


@pytest.fixture(scope="session")
def identity(classifier):
    return Identity(classifier)
