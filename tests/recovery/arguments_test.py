"""y and A as they should not be: the wrong one, too large, nothing at all."""

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs
from tests.generators import random_generator
from tf_gencs import layers

SHAPE, N, M = (4, 4, 1), 16, 5
MATRIX = np.random.default_rng(0).normal(size=(M, N)).astype("float32")
X = gencs.models.GenerativeModel(random_generator(signal_shape=SHAPE)).generate(
    3, seed=1
)
Y = X.reshape(3, N) @ MATRIX.T


def model_with(value_range=None, dtype="float32", **kwargs):
    generator = random_generator(signal_shape=SHAPE, dtype=dtype)
    model = gencs.models.GenerativeModel(generator, value_range=value_range)
    solver = gencs.solvers.LBFGS(3, restarts=1)
    model.compile(**{"solver": solver, "run_eagerly": True, **kwargs})
    return model


def recover(y, A, **kwargs):
    return model_with(**kwargs).recover(y, A, seed=0, verbose=0)


@pytest.mark.parametrize(
    ("y", "A", "error", "message"),
    [
        (layers.GaussianMeasurement(M), Y, TypeError, "GaussianMeasurement.* as `y`"),
        (lambda x: x, Y, TypeError, r"`recover\(y, A\)`. Received: <function"),
        (tf.linalg.LinearOperatorIdentity(N), Y, TypeError, "Identity.* as `y`"),
        (MATRIX, Y, ValueError, r"y of shape \(5, 16\).*A of shape \(3, 5\)"),
        (tf.data.Dataset.from_tensors(Y), MATRIX, TypeError, "for batch in data:"),
        ((y for y in Y), MATRIX, TypeError, "for batch in data:"),
        (Y, layers.GaussianMeasurement, TypeError, r"`GaussianMeasurement\(\.\.\.\)`"),
        ({1: Y, "a": Y}, {1: MATRIX, "a": MATRIX}, ValueError, "by strings"),
        ({"a": Y}, {"b": MATRIX}, ValueError, r"names of `A`, \['b'\].*\['a'\]"),
        (Y * 1e11, MATRIX, ValueError, "`y` must hold numbers of at most 1e.10"),
    ],
)
def test_refuses_y_and_a_that_are_none(y, A, error, message):
    with pytest.raises(error, match=message):
        recover(y, A)


def test_signals_of_a_data_set_are_asked_for_one_by_one():
    data = tf.data.Dataset.from_tensors(np.zeros((2, *SHAPE), "float32"))
    for call in (model_with().invert, layers.GaussianMeasurement(3)):
        with pytest.raises(TypeError, match=r"`x` must .*`for batch in data:`"):
            call(data)


class Silent:
    on_recover_begin = 3


class Loud:
    def on_recover_begin(self, logs):
        pass


@pytest.mark.parametrize(
    ("callback", "message"),
    [(Loud, r"objects.*`Loud\(\.\.\.\)`"), (Silent(), "as `on_recover_begin`.*3")],
)
def test_callbacks_are_objects_with_methods(callback, message):
    with pytest.raises(TypeError, match=f"`callbacks` must .*{message}"):
        model_with().recover(Y, MATRIX, callbacks=[callback], verbose=0)


NOTHING = {
    "matrix": lambda: 0 * MATRIX,
    "times 0": lambda: 0 * layers.GaussianMeasurement(M),
    "difference": lambda: (lambda A: A - A)(layers.HadamardMeasurement(M, seed=0)),
    "kernel": lambda: layers.BlurDownsample(1, np.zeros(3)),
    "coils": lambda: layers.FourierMeasurement(
        np.eye(4) > 0, coils=np.zeros((2, 4, 4), "complex64")
    ),
    "function": lambda: layers.FunctionMeasurement(lambda x: 0 * x, linear=True),
}


@pytest.mark.parametrize("name", NOTHING)
def test_refuses_an_a_that_is_0(name):
    A = layers.as_measurement(NOTHING[name](), SHAPE)
    y = np.zeros((2, A.measurements), "float32")
    with pytest.raises(ValueError, match="`A` must measure something"):
        recover(y, A)


FEW = gencs.solvers.LBFGS(2, restarts=1)


@pytest.mark.parametrize(
    "solver",
    [
        gencs.solvers.LevenbergMarquardt(2, restarts=1),
        gencs.solvers.SparseDeviation(FEW, iterations=2),
        gencs.solvers.GaussianDeviation(FEW, scale=0.1),
        gencs.baselines.Lasso("dct"),
    ],
    ids=lambda solver: type(solver).__name__,
)
def test_every_method_refuses_an_a_that_is_0_and_one_that_becomes_it(solver):
    A = layers.MatrixMeasurement(MATRIX)
    model = model_with(solver=solver)
    model.recover(Y, A, seed=0, verbose=0)
    A.set_weights([0 * MATRIX])
    with pytest.raises(ValueError, match="`A` must measure something"):
        model.recover(Y, A, seed=0, verbose=0)


def test_a_mixture_names_the_part_that_is_0():
    with pytest.raises(ValueError, match=r"`A\['b'\]` must measure something"):
        recover({"a": Y, "b": Y}, {"a": MATRIX, "b": 0 * MATRIX})


@pytest.mark.parametrize("A", [lambda x: 0 * x, tf.sign], ids=["0", "signs"])
def test_warns_where_a_function_gives_a_search_no_direction(A):
    y = np.ones((1, N), "float32")
    with pytest.warns(RuntimeWarning) as caught:
        recover(y, A)
    assert "`A` has a gradient of 0" in str(caught[0].message)


def test_a_of_a_size_beyond_float32_is_refused_and_rescaled():
    for c in (1e-12, 1e12, 1e30):
        with pytest.raises(
            ValueError, match=r"`A` must be of a size .* for c = 1?"
        ) as e:
            recover(Y, c * MATRIX)
        if c < 1e20:
            said = float(str(e.value).rpartition("c = ")[2].removesuffix(" say"))
            assert np.isfinite(recover(Y, said * c * MATRIX)).all()
    with pytest.raises(ValueError, match="`A` must be of a size"):
        recover(X.reshape(3, N), lambda x: 1e12 * tf.tanh(x))
    with pytest.raises(ValueError, match="`A` must be of a size"):
        recover(Y, 1e7 * MATRIX, value_range=(0.0, 1e5))


@pytest.mark.parametrize(
    ("c", "dtype"), [(1e-8, "float32"), (1e8, "float32"), (1e-20, "float64")]
)
def test_within_these_sizes_the_answer_is_that_of_a(c, dtype):
    y, A = Y.astype(dtype), MATRIX.astype(dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        args = {"dtype": dtype, "latent_penalty": 0, "noise": None}
        left, right = recover(c * y, c * A, **args), recover(y, A, **args)
    np.testing.assert_allclose(left, right, atol=1e-3)


def test_one_measurement_is_an_answer():
    result = model_with(solver=gencs.solvers.LBFGS(20, restarts=1)).recover(
        Y[:, :1], MATRIX[:1], seed=0, verbose=0, return_result=True
    )
    assert np.isfinite(result.x).all()
    assert result.explained.min() > 0.99


class Shaken(layers.Measurement):
    linear = False

    def _measure(self, x):
        return self._flatten(x) * tf.random.uniform(())


def shaken(x):
    return x + 0.01 * tf.random.normal(tf.shape(x))


DRAWS = np.random.default_rng()
RANDOM = {
    "noise": shaken,
    "numpy": lambda x: x * np.float32(DRAWS.random()),
    "shift": lambda x: tf.roll(x, tf.random.uniform((), 1, 4, tf.int32), 1),
    "dropout": lambda x: keras.layers.Dropout(0.5)(x, training=True),
    "linear": layers.FunctionMeasurement(
        lambda x: x * tf.random.uniform(()), linear=True
    ),
    "own class": Shaken(N),
}


@pytest.mark.parametrize("name", RANDOM)
def test_refuses_an_a_that_is_another_each_time(name):
    with pytest.raises(ValueError, match="`A` must give the same y for the same sig"):
        recover(np.ones((1, N), "float32"), RANDOM[name])


def test_what_is_random_in_training_alone_or_from_a_seed_measures():
    fixed = tf.random.stateless_normal((N,), (0, 1))
    for A in (
        keras.layers.Dropout(0.5),
        lambda x: fixed * tf.reshape(x, (-1, N)),
        keras.Sequential([keras.Input(SHAPE), layers.AdditiveNoise(0.1, seed=0)]),
    ):
        assert layers.as_measurement(A, SHAPE).measurements == N
