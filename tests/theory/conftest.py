"""Models of which everything is known: G(z) = W z with chosen singular values."""

import numpy as np
import pytest

import tf_gencs as gencs
from tests.generators import linear_generator

SHAPE = (6, 5, 2)
STRETCH = np.array([3.0, 1.0, 0.5])


@pytest.fixture
def directions(rng):
    """Orthonormal columns (60, 3)."""
    return np.linalg.qr(rng.normal(size=(60, 3)))[0]


@pytest.fixture
def linear_model(directions, rng):
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    generator = linear_generator(directions * STRETCH @ turn, SHAPE)
    return gencs.models.GenerativeModel(generator, representation_error=0.0)
