"""Copies of a measurement are that measurement, built or not, and live apart."""

import copy
import pickle
import threading

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.layers.cases import ALL, made, signals
from tf_gencs import layers

SHAPE = (4, 4, 1)


def _by_config(A):
    return type(A).from_config(A.get_config())


def _by_keras(A):
    described = keras.saving.serialize_keras_object(A)
    return keras.saving.deserialize_keras_object(described)


def _by_model(A):
    return keras.models.clone_model(keras.Sequential([A])).layers[-1]


WAYS = [
    copy.copy,
    copy.deepcopy,
    lambda A: pickle.loads(pickle.dumps(A)),
    _by_config,
    _by_keras,
    _by_model,
]
NAMES = ["copy", "deepcopy", "pickle", "config", "keras", "model"]


@pytest.mark.parametrize("is_built", [False, True], ids=["unbuilt", "built"])
@pytest.mark.parametrize("make_copy", WAYS, ids=NAMES)
@pytest.mark.parametrize("name", ALL)
def test_a_copy_is_the_same_measurement(name, make_copy, is_built):
    if not ALL[name].saves and make_copy in (_by_keras, _by_model):
        pytest.skip("what it is made of has no description")
    A, B = _same(made(name), make_copy, is_built, ALL[name].examples[0])
    assert B.structure == A.structure


@pytest.mark.parametrize("make_copy", WAYS, ids=NAMES)
@pytest.mark.parametrize(
    "make",
    [
        lambda: layers.GaussianMeasurement(3),
        lambda: layers.MaskMeasurement(keep=0.5),
        lambda: layers.FourierMeasurement("random", acceleration=2),
        lambda: layers.HadamardMeasurement(3) + layers.CirculantMeasurement(3),
    ],
)
def test_a_copy_of_an_unseeded_one_is_the_same_too(make, make_copy):
    _same(make(), make_copy, False, SHAPE)


def _same(A, make_copy, is_built, shape):
    if is_built:
        A.build((None, *shape))
    B = make_copy(A)
    for layer in (A, B):
        if not layer.built:
            layer.build((None, *shape))
    x = signals(A, 2)
    assert not np.isnan(A(x)).any()
    np.testing.assert_array_equal(B(x), A(x))
    return A, B


@pytest.mark.parametrize("make_copy", WAYS[:3], ids=NAMES[:3])
def test_copies_take_assigned_weights_along_and_keep_them_apart(make_copy):
    A = layers.GaussianMeasurement(3, seed=0)
    A.build((None, *SHAPE))
    A.matrix.assign(np.full((3, 16), 2.0))
    B = make_copy(A)
    A.matrix.assign(np.zeros((3, 16)))
    np.testing.assert_array_equal(B(np.ones((1, *SHAPE), "float32")), [[32, 32, 32]])


@pytest.mark.parametrize("make_copy", WAYS[:3], ids=NAMES[:3])
def test_parts_that_are_one_stay_one(make_copy):
    A = layers.GaussianMeasurement(3, seed=0)
    copied = make_copy(layers.Stack([A, 2 * A]))
    assert copied.parts[0] is copied.parts[1].measurement
    assert (copied.parts[0] is A) == (make_copy is copy.copy)


@pytest.mark.parametrize(
    "make",
    [
        lambda matrix: tf.linalg.LinearOperatorFullMatrix(matrix),
        lambda matrix: tf.linalg.LinearOperatorComposition(
            [
                tf.linalg.LinearOperatorDiag(matrix[0]),
                tf.linalg.LinearOperatorScaledIdentity(16, matrix[0, 0]),
                tf.linalg.LinearOperatorPermutation(tf.range(15, -1, -1), tf.float64),
                tf.linalg.LinearOperatorIdentity(16, dtype=tf.float64),
            ]
        ),
        lambda matrix: tf.linalg.LinearOperatorFullMatrix(tf.Variable(matrix)).H,
    ],
)
def test_linear_operators_are_copied_with_their_dtype(make):
    matrix = tf.constant(np.random.default_rng(0).normal(size=(16, 16)))
    A = layers.as_measurement(make(matrix), SHAPE, dtype="float64")
    _same(A, _by_keras, True, SHAPE)


class Own(tf.linalg.LinearOperatorFullMatrix):
    """An operator of which `tf.linalg` knows nothing."""


def test_an_operator_of_ones_own_is_shared_by_copies_and_not_saved():
    A = layers.as_measurement(Own(np.ones((2, 16), "float32")), SHAPE)
    _same(A, copy.copy, True, SHAPE)
    with pytest.raises(NotImplementedError, match=r"of a class of `tf\.linalg`"):
        keras.saving.serialize_keras_object(A)


@pytest.mark.parametrize("name", ["gaussian", "A + B", "stack", "function"])
def test_threads_may_share_one_that_is_not_built(name):
    for _ in range(3):
        A, expected = made(name), made(name)
        shape = ALL[name].examples[0]
        expected.build((None, *shape))
        x = signals(expected, 2)
        start, found = threading.Barrier(8), []

        def measure(A=A, x=x, start=start, found=found):
            start.wait()
            found.append(A(x))

        threads = [threading.Thread(target=measure) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 8
        for y in found:
            np.testing.assert_array_equal(y, expected(x))
        assert len(A.variables) == len(expected.variables)


def test_what_pickle_cannot_hold_is_told_and_copied():
    A = layers.FunctionMeasurement(lambda x: 2 * x, linear=True)
    for measurement in (A, 3 * A, layers.Stack([A])):
        with pytest.raises(TypeError, match="`def` defines at the top of a module"):
            pickle.dumps(measurement)
        assert copy.deepcopy(measurement)(np.ones((1, *SHAPE))).shape[-1] == 16
    B = pickle.loads(pickle.dumps(layers.FunctionMeasurement(tf.nn.relu)))
    assert B.function is tf.nn.relu
