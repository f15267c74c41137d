"""Small exports, and asking them within this process."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

import tf_gencs as gencs
from tests.generators import random_generator

SHAPE = (6, 6, 1)

# Up to the rounding of products of other sizes, and of twins against native operations.
ROUNDING = 1e-3


class Exported(NamedTuple):
    """A model, what measured, and where both were exported to."""

    model: object
    A: object
    path: object


def model_of(solver=None, **kwargs):
    """A model whose searches are short and end in one answer."""
    model = gencs.models.GenerativeModel(random_generator())
    solver = solver or gencs.solvers.LBFGS(steps=30, restarts=2, probes=20)
    model.compile(solver=solver, **kwargs)
    return model


def random_a(seed=0, m=16):
    return gencs.layers.GaussianMeasurement(m, seed=seed)


def ask(path, signature="serving_default", **inputs):
    """Answers of a signature, as arrays."""
    loaded = tf.saved_model.load(str(path))
    inputs = {name: tf.constant(part) for name, part in inputs.items()}
    found = loaded.signatures[signature](**inputs)
    return {name: np.asarray(part) for name, part in found.items()}


def seeds(count):
    return np.arange(1, count + 1, dtype="int64")
