"""What measurements compute, over every one of `cases.py` in all its shapes."""

import functools

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings, strategies

import tf_gencs as gencs
from tests.layers.cases import ALL, LINEAR, built, examples, measurements, signals
from tf_gencs import layers

every_example = pytest.mark.parametrize(("name", "shape"), examples(ALL))
every_linear_example = pytest.mark.parametrize(("name", "shape"), examples(LINEAR))
IN_DTYPE = [name for name in LINEAR if name != "linear operator"]  # not the operator's


def dot(a, b):
    return float(tf.reduce_sum(tf.math.real(a * tf.math.conj(b))))


@pytest.mark.parametrize("name", LINEAR)
@given(data=strategies.data())
@settings(max_examples=10, deadline=None, derandomize=True, database=None)
def test_adjoint_passes_the_dot_test_on_random_shapes(name, data):
    A = built(name, data.draw(LINEAR[name].shapes))
    gencs.testing.check_adjoint(A)


@every_linear_example
def test_gradient_is_the_adjoint(name, shape):
    A = built(name, shape, "float64")
    x, y = signals(A, 2), measurements(A, 2)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = tf.reduce_sum(tf.math.real(A(x) * tf.math.conj(y)))
    np.testing.assert_allclose(tape.gradient(value, x), A.adjoint(y), atol=1e-12)


@every_example
def test_gradients_match_finite_differences(name, shape):
    A = built(name, shape, "float64")
    x, direction = signals(A, 2), signals(A, 2, seed=3)
    y = measurements(A, 2)

    def gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            difference = A(x) - y
            value = tf.reduce_sum(tf.math.real(difference * tf.math.conj(difference)))
        return value, tape.gradient(value, x)

    h = 1e-6
    ahead, behind = gradient(x + h * direction), gradient(x - h * direction)
    slope = float(ahead[0] - behind[0]) / (2 * h)
    scale = float(ahead[0]) + 1
    assert abs(dot(gradient(x)[1], direction) - slope) <= 1e-6 * scale
    if A.linear:
        with tf.GradientTape() as tape:
            tape.watch(x)
            inner = tf.reduce_sum(
                tf.math.real(gradient(x)[1] * tf.math.conj(direction))
            )
        curvature = tape.gradient(inner, x)
        difference = (ahead[1] - behind[1]) / (2 * h)
        np.testing.assert_allclose(curvature, difference, atol=1e-6 * scale)


@every_example
def test_squared_error_and_its_gradient(name, shape):
    A = built(name, shape, "float64")
    x, y = signals(A, 2), measurements(A, 2)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch((x, y))
        error = A.squared_error(x, y)
        direct = tf.reduce_sum(tf.abs(A(x) - y) ** 2, axis=-1)
    np.testing.assert_allclose(error, direct, rtol=1e-12)
    for wanted in (x, y):
        np.testing.assert_allclose(
            tape.gradient(error, wanted), tape.gradient(direct, wanted), atol=1e-10
        )


@every_linear_example
def test_linear_operator_and_dense_matrix_are_the_same_map(name, shape):
    A = built(name, shape, "float64")
    operator = A.as_linear_operator()
    x, y = signals(A, 4), measurements(A, 4)
    flat = tf.reshape(x, (4, -1))
    np.testing.assert_allclose(operator.matvec(flat), A(x), atol=1e-12)
    back = tf.reshape(A.adjoint(y), (4, -1))
    np.testing.assert_allclose(operator.matvec(y, adjoint=True), back, atol=1e-12)
    dense = A.to_dense()
    assert dense.shape == (A.measurements, A.signal_size)
    np.testing.assert_allclose(dense, operator.to_dense(), atol=1e-12)
    np.testing.assert_allclose(flat @ tf.transpose(dense), A(x), atol=1e-12)


@every_linear_example
def test_operator_norm_is_the_largest_singular_value(name, shape):
    A = built(name, shape, "float64")
    exact = np.linalg.norm(A.to_dense(), 2)
    norm = A.operator_norm()
    assert isinstance(norm, float)
    assert 0.998 * exact <= norm <= exact * (1 + 1e-9)
    assert A.operator_norm() == norm


@functools.cache
def exact_norm(name):
    return built(name, dtype="float64").operator_norm()


@pytest.mark.parametrize("name", IN_DTYPE)
@pytest.mark.parametrize("dtype", ["float32", "mixed_float16"])
def test_operator_norm_survives_low_precision(name, dtype):
    norm = built(name, dtype=dtype).operator_norm()
    bound = 1e-5 if dtype == "float32" else 2e-2
    assert norm == pytest.approx(exact_norm(name), bound)


@every_example
def test_agrees_in_single_and_double_precision(name, shape):
    single, double = built(name, shape, "float32"), built(name, shape, "float64")
    y = double(signals(double, 3))
    scale = np.abs(y).max()
    np.testing.assert_allclose(single(signals(single, 3)), y, atol=1e-5 * scale)


def test_norm_is_told_outside_of_graphs():
    A = built("gaussian", (4, 4, 1))
    with pytest.raises(ValueError, match="must be called outside"):
        tf.function(A.operator_norm)()


def test_norm_of_huge_and_tiny_matrices_is_finite():
    for scale in (1e25, 1e-25):
        A = layers.MatrixMeasurement(scale * np.eye(4, dtype="float32"))
        A.build((None, 4))
        assert A.operator_norm() == pytest.approx(scale)
