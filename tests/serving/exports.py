"""Small exports, and asking them within this process."""

import functools
from typing import NamedTuple

import numpy as np
import tensorflow as tf

import tf_gencs as gencs
from tests.generators import random_generator
from tf_gencs.seeds import of_signals

SHAPE = (6, 6, 1)

# Up to the rounding of products of other sizes, and of twins against native operations.
ROUNDING = 1e-3


class Exported(NamedTuple):
    """A model, what measured, and where both were exported to."""

    model: object
    A: object
    path: object


def model_of(solver=None, **kwargs):
    """A model whose searches are short."""
    model = gencs.models.GenerativeModel(random_generator())
    solver = solver or gencs.solvers.Adam(0.1, steps=20, restarts=2, probes=20)
    model.compile(solver=solver, **kwargs)
    return model


def random_a(seed=0, m=16):
    return gencs.layers.GaussianMeasurement(m, seed=seed)


@functools.lru_cache(maxsize=2)
def load(path):
    return tf.saved_model.load(str(path))


def ask(path, signature="serving_default", **inputs):
    """Answers of a signature, as arrays."""
    inputs = {name: tf.constant(part) for name, part in inputs.items()}
    found = load(path).signatures[signature](**inputs)
    return {name: np.asarray(part) for name, part in found.items()}


def seeds(count):
    """Those that `recover(seed=0)` gives to the signals of a call."""
    return of_signals(0, count)
