"""What a constructor was given is what it keeps, whatever happens to the caller's."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs
from tests.generators import random_generator
from tf_gencs import layers

PLACES = [[0, 0], [1, 3], [2, 2]]


def _model(**kwargs):
    generator = random_generator(signal_shape=(4, 4, 1))
    return gencs.models.GenerativeModel(generator=generator, **kwargs)


CASES = {
    "matrix": (np.ones((3, 16)), layers.MatrixMeasurement),
    "entries": (
        np.ones(3),
        lambda a: layers.SparseMatrixMeasurement(tf.SparseTensor(PLACES, a, (3, 16))),
    ),
    "operator": (
        np.ones((3, 16)),
        lambda a: layers.LinearOperatorMeasurement(
            tf.linalg.LinearOperatorFullMatrix(a)
        ),
    ),
    "mask": (np.ones((4, 4), bool), layers.MaskMeasurement),
    "masks": (np.ones((2, 4, 4), bool), lambda a: layers.MaskMeasurement(a, signals=2)),
    "box": (np.ones(4, int), lambda a: layers.MaskMeasurement(box=a)),
    "keep": (np.array(0.5), lambda a: layers.MaskMeasurement(keep=a)),
    "Fourier mask": (np.ones((4, 4), bool), layers.FourierMeasurement),
    "coils": (
        np.ones((2, 4, 4)),
        lambda a: layers.FourierMeasurement(np.eye(4) > 0, coils=a),
    ),
    "complex coils": (
        np.ones((2, 4, 4), complex),
        lambda a: layers.FourierMeasurement(np.eye(4) > 0, coils=a),
    ),
    "kernel": (np.ones(3), lambda a: layers.BlurDownsample(1, a)),
    "weights": (np.ones(1), layers.GrayscaleMeasurement),
    "angles": (np.ones(3), layers.ProjectionMeasurement),
    "parts": ([layers.IdentityMeasurement()], layers.Stack),
    "factor": (np.array(2.0), lambda a: layers.Scale(layers.IdentityMeasurement(), a)),
    "noise": (np.array(2.0), layers.AdditiveNoise),
    "bounds": (np.array(2.0), lambda a: gencs.priors.NormalPrior(bound=a)),
    "delta": (np.array(2.0), gencs.losses.Huber),
    "scale": (
        np.ones((4, 4, 1), "float32"),
        lambda a: gencs.solvers.GaussianDeviation(scale=a),
    ),
    "deviation scale": (
        np.ones((4, 4, 1), "float32"),
        lambda a: _model(representation_error=0.1, deviation_scale=a),
    ),
    "range": (np.array([-1.0, 1.0]), lambda a: _model(value_range=a)),
    "range of a metric": (np.array([-1.0, 1.0]), gencs.metrics.PSNR),
    "range of a baseline": (
        np.array([-1.0, 1.0]),
        lambda a: gencs.baselines.Lasso("dct", value_range=a),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_a_constructor_was_given_is_what_it_keeps(name):
    given, make = CASES[name]
    given = given.copy()
    made = make(given)
    before = _config(made)
    if isinstance(given, list):
        given.append(layers.IdentityMeasurement())
    else:
        given[...] = 0
    assert _config(made) == before
    if isinstance(made, layers.Measurement):
        again = type(made).from_config(json.loads(before))
        x = np.random.default_rng(0).normal(size=(2, 4, 4, 1)).astype("float32")
        np.testing.assert_array_equal(made(x), again(x))


def _config(made):
    described = keras.saving.serialize_keras_object(made)["config"]
    return json.dumps(described, sort_keys=True)
