import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs
from tf_gencs.layers import as_measurement

SHAPE = (4, 4, 1)
MATRIX = np.random.default_rng(0).normal(size=(5, 16))
X = np.random.default_rng(1).normal(size=(3, *SHAPE)).astype("float32")


@pytest.mark.parametrize(
    "A",
    [
        MATRIX,
        MATRIX.astype("float32"),
        tf.constant(MATRIX),
        MATRIX.tolist(),
        tf.Variable(MATRIX),
        tf.linalg.LinearOperatorFullMatrix(MATRIX),
        lambda x: tf.reshape(x, (-1, 16)) @ tf.constant(MATRIX.T, tf.float32),
    ],
    ids=["float64", "float32", "tensor", "list", "variable", "operator", "function"],
)
def test_every_kind_of_a_measures_the_same(A):
    measurement = as_measurement(A, SHAPE)
    expected = X.reshape(3, 16) @ MATRIX.T
    np.testing.assert_allclose(measurement(X), expected, rtol=1e-5, atol=1e-5)
    assert measurement.measurements == 5
    assert measurement.signal_shape == SHAPE


def test_returns_a_measurement_as_it_is_and_builds_it():
    A = gencs.layers.GaussianMeasurement(5, seed=0)
    assert as_measurement(A, SHAPE) is A
    assert A.built


def test_takes_integer_matrices():
    A = np.eye(16, dtype="int64")[:5]
    np.testing.assert_array_equal(as_measurement(A, SHAPE)(X), X.reshape(3, 16)[:, :5])


def test_structured_linear_operators_keep_their_structure():
    operator = tf.linalg.LinearOperatorCirculant(tf.ones(16, tf.complex64))
    with pytest.raises(TypeError, match="real numbers"):
        as_measurement(operator, SHAPE)
    diagonal = tf.linalg.LinearOperatorDiag(tf.range(16.0))
    measurement = as_measurement(diagonal, SHAPE)
    np.testing.assert_allclose(measurement(X), X.reshape(3, 16) * np.arange(16.0))


def test_a_keras_model_is_a_nonlinear_measurement():
    box = keras.Sequential([keras.Input(SHAPE), keras.layers.Conv2D(2, 3), _relu()])
    measurement = as_measurement(box, SHAPE)
    assert not measurement.linear
    assert measurement.measurements == 2 * 2 * 2
    np.testing.assert_allclose(measurement(X), tf.reshape(box(X), (3, 8)))
    with pytest.raises(TypeError, match="is not linear: it has no `adjoint`"):
        measurement.adjoint(np.zeros((3, 8), "float32"))
    with pytest.raises(TypeError, match="no `as_linear_operator`"):
        measurement.as_linear_operator()


def test_an_unbuilt_keras_layer_is_built():
    measurement = as_measurement(keras.layers.Dense(3), SHAPE)
    assert measurement(X).shape == (3, 4 * 4 * 3)


def test_a_keras_model_as_measurement_survives_its_config():
    box = keras.Sequential(
        [keras.Input(SHAPE), keras.layers.AveragePooling2D(2), _relu()]
    )
    measurement = as_measurement(box, SHAPE)
    clone = gencs.layers.FunctionMeasurement.from_config(measurement.get_config())
    clone.build((None, *SHAPE))
    np.testing.assert_array_equal(clone(X), measurement(X))


def _diagonal(x):
    return sum(tf.roll(x, (i, i), (1, 2)) for i in range(-1, 2)) / 3


def test_a_function_that_is_said_to_be_linear_is_the_layer_of_its_kernel():
    function = gencs.layers.FunctionMeasurement(_diagonal, linear=True)
    layer = gencs.layers.BlurDownsample(1, np.eye(3) / 3, border="circular")
    for A in (function, layer):
        A.build((None, *SHAPE))
    np.testing.assert_allclose(function.to_dense(), layer.to_dense(), atol=1e-6)
    assert function.operator_norm() == pytest.approx(layer.operator_norm(), rel=1e-3)
    assert function.structure != as_measurement(_diagonal, SHAPE).structure
    gencs.testing.check_adjoint(function)
    built_in_a_graph = gencs.layers.FunctionMeasurement(_diagonal, linear=True)
    np.testing.assert_allclose(tf.function(built_in_a_graph)(X), layer(X), atol=1e-6)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda x: x + 0.5, r"f\(0\) must be 0.* by 0\.\d+ of the size"),
        (tf.nn.relu, r"f\(a x \+ b y\) must be .* by 0\.\d+ of the size"),
        (lambda x: tf.tanh(x / 1e3), "f\\(a x"),
        (lambda x: tf.clip_by_value(x, -50.0, 50.0), "f\\(a x"),
        (lambda x: x / tf.reduce_max(tf.abs(x)), "must be linear"),
        (lambda x: x - tf.reduce_mean(x, 0), "must be linear"),
        (lambda x: tf.stop_gradient(x), "must be differentiable"),
        (lambda x: x + tf.stop_gradient(x), "its gradient must be its adjoint"),
        (lambda x: x * float("nan"), "must be linear"),
    ],
)
def test_refuses_functions_that_are_not_linear_and_says_by_how_much(function, message):
    with pytest.raises(ValueError, match=message):
        gencs.layers.FunctionMeasurement(function, linear=True).build((None, *SHAPE))


def test_linear_functions_one_after_the_other_are_quiet(logged_by_tensorflow):
    for _ in range(6):
        gencs.layers.FunctionMeasurement(_diagonal, linear=True).build((None, *SHAPE))
    assert not logged_by_tensorflow.records


def test_refuses_a_linear_that_is_no_bool_and_complex_results():
    with pytest.raises(ValueError, match="`linear` must be True or False"):
        gencs.layers.FunctionMeasurement(_diagonal, linear="yes")
    spectrum = gencs.layers.FunctionMeasurement(
        lambda x: tf.signal.fft(tf.cast(x, tf.complex64)), linear=True
    )
    with pytest.raises(ValueError, match=r"real and imaginary parts.*complex64"):
        spectrum.build((None, *SHAPE))


def _relu():
    return keras.layers.ReLU()


@pytest.mark.parametrize(
    ("A", "error", "message"),
    [
        (np.zeros((5, 17)), ValueError, r"`A` must have 16 columns.*\(5, 17\)"),
        (np.zeros((0, 16)), ValueError, r"must have shape \(m, n\).*\(0, 16\)"),
        (np.zeros(16), ValueError, r"must have shape \(m, n\).*\(16,\)"),
        (np.zeros((1, 5, 16)), ValueError, r"must have shape \(m, n\)"),
        (np.full((5, 16), np.nan), ValueError, "`A` must be finite.*80 entries"),
        (np.full((5, 16), np.inf), ValueError, "`A` must be finite"),
        (np.zeros((5, 16), "complex64"), TypeError, "real numbers.*complex64"),
        (np.full((5, 16), "a"), TypeError, "real numbers"),
        ("gaussian", TypeError, "`A` must be a Measurement layer"),
        (None, TypeError, "`A` must be a Measurement layer"),
        (7, TypeError, "`A` must be a Measurement layer"),
        (
            tf.linalg.LinearOperatorFullMatrix(np.zeros((5, 17))),
            ValueError,
            "`A` must have 16 columns",
        ),
        (
            tf.linalg.LinearOperatorFullMatrix(np.full((5, 16), np.nan)),
            ValueError,
            "`A` must be finite",
        ),
        (lambda x: tf.math.log(-1 - x), ValueError, "`A` must be finite"),
        (lambda x: [x, x], ValueError, "must return one tensor.*: list for"),
        (lambda x: tf.reduce_sum(x), ValueError, r"shape \(\), dtype float32 for"),
        (lambda x: "y", ValueError, "must return one tensor.*: str for"),
        (lambda x: x[:, :0], ValueError, "must return one tensor"),
        (lambda x: tf.cast(x, tf.complex64), ValueError, "must return one tensor"),
        (lambda x: tf.argmax(x, 1), ValueError, "must return one tensor.*int64"),
        (lambda x: x.numpy(), ValueError, "must return one tensor.*: ndarray for"),
        (lambda x: 1 / 0, ValueError, "`A` must measure signals.*ZeroDivisionError"),
        (lambda x, y: x, ValueError, "`A` must measure signals"),
        (
            gencs.layers.GaussianMeasurement,
            TypeError,
            "`A` must be a Measurement layer",
        ),
    ],
)
def test_rejects_what_cannot_measure(A, error, message):
    with pytest.raises(error, match=message):
        as_measurement(A, SHAPE)


def test_rejects_a_measurement_subclass_of_another_length():
    class Wrong(gencs.layers.Measurement):
        def _measure(self, x):
            return tf.reshape(x, (-1, 16))[:, :3]

    with pytest.raises(ValueError, match=r"`Wrong\._measure` must return shape"):
        as_measurement(Wrong(5), SHAPE)
    with pytest.raises(ValueError, match="`Wrong` must set `measurements`"):
        as_measurement(Wrong(), SHAPE)


def test_functions_may_decide_by_tensors():
    def box(x):
        flat = tf.reshape(x, (-1, 16))
        if tf.reduce_sum(x) > 0:
            return flat
        return -flat

    A = as_measurement(box, SHAPE)
    np.testing.assert_allclose(A(-np.ones((1, *SHAPE), "float32")), np.ones((1, 16)))


def test_rejects_a_measurement_of_other_signals():
    A = gencs.layers.GaussianMeasurement(5, seed=0)
    A.build((None, 8, 8, 1))
    with pytest.raises(ValueError, match=r"signals of shape \(4, 4, 1\)"):
        as_measurement(A, SHAPE)


def test_rejects_a_measurement_whose_weights_are_not_finite():
    A = gencs.layers.GaussianMeasurement(5, seed=0)
    A.build((None, *SHAPE))
    A.matrix.assign(np.full((5, 16), np.nan))
    with pytest.raises(ValueError, match="`A` must be finite"):
        as_measurement(A, SHAPE)
