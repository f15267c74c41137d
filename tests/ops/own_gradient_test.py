import contextlib
import weakref

import numpy as np
import pytest
import tensorflow as tf

from tests.leaks import freed
from tf_gencs import ops
from tf_gencs.ops.own_gradient import own_gradient

SEED = tf.constant([3, 4], tf.int64)
SIGNS = np.ones(32, np.int8)
ROWS = np.arange(8, dtype=np.int32)
MATRIX = np.ones((8, 32), np.float32)
# Functions of x (2, 32) and y (2, 8), one for every op with a gradient.
FUNCTIONS = {
    "dense": lambda x, y: ops.dense_squared_error(MATRIX, x, y),
    "hadamard": lambda x, y: ops.hadamard_squared_error(x, y, SIGNS, ROWS),
    "hadamard measure": lambda x, y: ops.hadamard_measure(x, SIGNS, ROWS) ** 2,
    "random": lambda x, y: ops.random_matrix_measure(x, SEED, 8) ** 2,
    "random adjoint": lambda x, y: ops.random_matrix_adjoint(x[:, :8], SEED, 32) ** 2,
    "mask": lambda x, y: ops.mask_measure(x, ROWS) ** 2,
    "blur": lambda x, y: (
        ops.blur_downsample(tf.reshape(x, (2, 4, 8, 1)), [1.0], [1.0], 2) ** 2
    ),
}


@own_gradient
def square_with_gradient(upstream, x, double):
    return upstream * double, None


def square(x):
    """x^2, whose gradient is that of an input that was computed."""
    return square_with_gradient(tf.stop_gradient(x * x), x, 2 * x)


def derivatives(function, x, order):
    for _ in range(order):
        function = derivative(function)
    return function(x)


def derivative(function):
    def of(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = function(x)
        return tape.gradient(value, x, unconnected_gradients="zero")

    return of


@pytest.mark.parametrize("graph", [False, True], ids=["eager", "graph"])
def test_gradient_is_the_given_one_in_every_order(graph):
    x = tf.constant([1.0, -3.0])
    for order, expected in enumerate([x * x, 2 * x, [2.0, 2.0], [0.0, 0.0]]):
        function = lambda x, order=order: derivatives(square, x, order)  # noqa: E731
        result = tf.function(function)(x) if graph else function(x)
        np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("twins", [False, True], ids=["native", "twin"])
def test_derivatives_of_any_order_are_exact(twins):
    x = tf.constant(np.linspace(-1, 1, 64).reshape(2, 32))
    with ops.twins() if twins else contextlib.nullcontext():

        def cubed(x):
            return tf.reduce_sum(ops.random_matrix_measure(x, SEED, 8) ** 6)

        matrix = ops.random_matrix(SEED, (8, 32), dtype="float64")
        for order in range(1, 6):
            ours = derivatives(cubed, x, order)
            exact = derivatives(
                lambda x: tf.reduce_sum(tf.matmul(x, matrix, transpose_b=True) ** 6),
                x,
                order,
            )
            np.testing.assert_allclose(ours, exact, 1e-9, 1e-9)


@pytest.mark.parametrize("twins", [False, True], ids=["native", "twin"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_nothing_keeps_a_graph_that_is_no_longer_used(name, twins):
    x, y = tf.ones((2, 32)), tf.ones((2, 8))

    def trace():
        def curvature(x, y):
            with tf.GradientTape() as outer:
                outer.watch(x)
                with tf.GradientTape() as tape:
                    tape.watch(x)
                    value = FUNCTIONS[name](x, y)
                slope = tape.gradient(value, x)
            return outer.gradient(slope, x)

        function = tf.function(curvature).get_concrete_function(x, y)
        assert np.all(np.isfinite(function(x, y)))
        return weakref.ref(function.graph)

    with ops.twins() if twins else contextlib.nullcontext():
        assert freed(trace)
