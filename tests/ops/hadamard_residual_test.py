import contextlib
import os

import numpy as np
import pytest
import tensorflow as tf

from tests.ops.gradients import check_two_derivatives
from tf_gencs import ops
from tf_gencs.ops import hadamard, library

BOTH = pytest.mark.parametrize(
    "residual", [ops.hadamard_residual, hadamard.hadamard_residual_twin]
)
needs_native = pytest.mark.skipif(
    library.native() is None, reason="the native library is not built"
)


def problem(rng, n, m, batch_shape=(3,), dtype="float64"):
    signs = rng.choice([-1, 1], n).astype(np.int8)
    rows = rng.integers(0, ops.hadamard_size(n), m).astype(np.int32)
    x = rng.normal(size=(*batch_shape, n)).astype(dtype)
    y = rng.normal(size=(*batch_shape, m)).astype(dtype)
    return x, y, signs, rows


def dense_matrix(signs, rows):
    n = len(signs)
    matrix = hadamard.hadamard_matrix(ops.hadamard_size(n)).astype(np.float64)
    return matrix[rows][:, :n] * signs / np.sqrt(max(len(rows), 1))


def largest_error(result, exact):
    return np.max(np.abs(np.asarray(result, np.float64) - exact), initial=0)


@BOTH
@pytest.mark.parametrize("n", [1, 3, 7, 12, 24, 50, 100, 384, 784, 1500])
def test_equals_the_explicit_matrix(rng, n, residual):
    x, y, signs, rows = problem(rng, n, 17)
    matrix = dense_matrix(signs, rows)
    left, back = residual(x, y, signs, rows)
    exact = x @ matrix.T - y
    assert largest_error(left, exact) < 1e-13 * np.sqrt(n)
    assert largest_error(back, exact @ matrix) < 1e-13 * n


@pytest.mark.parametrize("n", [784, 12288, 20000, 65536])
def test_native_errs_less_than_twice_as_much_as_the_twin(rng, n):
    x, y, signs, rows = problem(rng, n, 200)
    exact = hadamard.hadamard_residual_twin(x, y, signs, rows)
    single = (x.astype(np.float32), y.astype(np.float32), signs, rows)
    twins = hadamard.hadamard_residual_twin(*single)
    for result, twin, right in zip(
        ops.hadamard_residual(*single), twins, exact, strict=True
    ):
        right = right.numpy()
        rounding = np.max(np.abs(right)) * np.finfo(np.float32).eps
        assert largest_error(result, right) < 2 * largest_error(twin, right) + rounding


@BOTH
@pytest.mark.parametrize("batch_shape", [(), (2,), (2, 3), (0,), (2, 0)])
def test_keeps_any_batch_shape(rng, batch_shape, residual):
    x, y, signs, rows = problem(rng, 20, 7, batch_shape)
    matrix = dense_matrix(signs, rows)
    left, back = residual(x, y, signs, rows)
    assert left.shape == y.shape
    assert back.shape == x.shape
    assert largest_error(left, x @ matrix.T - y) < 1e-13
    assert largest_error(back, (x @ matrix.T - y) @ matrix) < 1e-12
    error = ops.hadamard_squared_error(x, y, signs, rows)
    assert error.shape == batch_shape
    assert largest_error(error, np.sum((x @ matrix.T - y) ** 2, axis=-1)) < 1e-12


@BOTH
def test_no_measurements_leave_nothing(residual):
    arguments = np.ones(20, np.int8), np.zeros(0, np.int32)
    left, back = residual(np.ones((3, 20)), np.ones((3, 0)), *arguments)
    assert left.shape == (3, 0)
    np.testing.assert_array_equal(back, np.zeros((3, 20)))


@pytest.mark.parametrize("twins", [False, True], ids=["native", "twin"])
@pytest.mark.parametrize("which", ["residual", "squared_error"])
def test_first_and_second_gradients_equal_finite_differences(rng, which, twins):
    x, y, signs, rows = map(tf.constant, problem(rng, 20, 9, (2,)))
    weights = tf.constant(rng.normal(size=(2, 9)))
    point = tf.concat([x, y], axis=1)

    def objective(point):
        x, y = point[:, :20], point[:, 20:]
        if which == "squared_error":
            errors = ops.hadamard_squared_error(x, y, signs, rows)
            return tf.reduce_sum(tf.sin(errors) * x[:, 0])
        left, back = ops.hadamard_residual(x, y, signs, rows)
        return tf.reduce_sum(tf.sin(left) * weights) + tf.reduce_sum(back**2 * x)

    with ops.twins() if twins else contextlib.nullcontext():
        check_two_derivatives(objective, point)


@needs_native
def test_value_and_gradient_of_the_squared_error_cost_one_op(rng):
    x, y, signs, rows = problem(rng, 20, 9)

    @tf.function
    def value_and_gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = ops.hadamard_squared_error(x, y, signs, rows)
        return value, tape.gradient(value, x)

    graph = value_and_gradient.get_concrete_function(tf.constant(x)).graph
    types = [op.type for op in graph.get_operations() if op.type.startswith("Gencs>")]
    assert types == ["Gencs>HadamardResidual"]
    matrix = dense_matrix(signs, rows)
    exact = 2 * (x @ matrix.T - y) @ matrix
    assert largest_error(value_and_gradient(tf.constant(x))[1], exact) < 1e-12


@pytest.mark.parametrize("twins", [False, True], ids=["native", "twin"])
def test_static_shapes_survive_an_unknown_batch(twins):
    signs, rows = np.ones(20, np.int8), np.zeros(7, np.int32)

    def both(x, y):
        left, back = ops.hadamard_residual(x, y, signs, rows)
        return left, back, ops.hadamard_squared_error(x, y, signs, rows)

    def shapes(*batch):
        signature = [tf.TensorSpec([*batch, 20]), tf.TensorSpec([*batch, 7])]
        function = tf.function(both, input_signature=signature)
        if not twins:
            return function.get_concrete_function().output_shapes
        with ops.twins():
            return function.get_concrete_function().output_shapes

    for batch in ([None], [None, 3]):
        left, back, error = (shape.as_list() for shape in shapes(*batch))
        assert (left, back, error) == ([*batch, 7], [*batch, 20], batch)


@needs_native
def test_native_shapes_survive_when_nothing_is_known(rng):
    x, y, signs, rows = problem(rng, 20, 7)
    dtypes = ["float64", "float64", "int8", "int32"]

    @tf.function(input_signature=[tf.TensorSpec(None, dtype) for dtype in dtypes])
    def residual(x, y, signs, rows):
        return library.native().gencs_hadamard_residual(
            x=x, y=y, signs=signs, rows=rows
        )

    shapes = residual.get_concrete_function().output_shapes
    assert [shape.as_list() for shape in shapes] == [[None, None], [None, None]]
    exact = x @ dense_matrix(signs, rows).T - y
    assert largest_error(residual(x, y, signs, rows)[0], exact) < 1e-13


@BOTH
@pytest.mark.parametrize("row", [-1, 32, 2**31 - 1, -(2**31)])
def test_rejects_rows_out_of_range(row, residual):
    signs, rows = np.ones(20, np.int8), np.array([3, row], np.int32)
    with pytest.raises(tf.errors.InvalidArgumentError):
        residual(np.ones((2, 20)), np.ones((2, 2)), signs, rows)


def test_rejects_signals_that_do_not_fit():
    signs, rows = np.ones(20, np.int8), np.zeros(7, np.int32)
    for function in (ops.hadamard_residual, ops.hadamard_squared_error):
        with pytest.raises(ValueError, match=r"`x` must have shape \(\.\.\., 20\)"):
            function(np.ones((2, 21)), np.ones((2, 7)), signs, rows)
        with pytest.raises(ValueError, match=r"`y` must have shape \(\.\.\., 7\)"):
            function(np.ones((2, 20)), np.ones((2, 8)), signs, rows)
        with pytest.raises(ValueError, match="`y` must have the batch shape of `x`"):
            function(np.ones((2, 20)), np.ones((3, 7)), signs, rows)
        with pytest.raises(TypeError, match="`y` must have the dtype of `x`, float64"):
            function(np.ones((2, 20)), np.ones((2, 7), np.float32), signs, rows)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_runs_in_the_twin(rng, dtype):
    x, y, signs, rows = problem(rng, 100, 10)
    left, back = ops.hadamard_residual(
        tf.cast(x, dtype), tf.cast(y, dtype), signs, rows
    )
    assert left.dtype == back.dtype == dtype
    exact = x @ dense_matrix(signs, rows).T - y
    assert largest_error(tf.cast(left, "float64"), exact) < 0.1 * np.max(np.abs(exact))


@needs_native
@pytest.mark.parametrize("n", [65536, 70000, 98304, 131072])
def test_a_row_that_threads_share_has_the_same_bits(rng, n):
    batch = max(4, os.cpu_count())  # so many that no row has to be shared
    x, y, signs, rows = problem(rng, n, 3000, (batch,), "float32")
    calls = [
        lambda part: [ops.hadamard_measure(x[part], signs, rows)],
        lambda part: [ops.hadamard_adjoint(y[part], signs, rows)],
        lambda part: ops.hadamard_residual(x[part], y[part], signs, rows),
    ]
    for call in calls:
        for alone, together in zip(call(slice(1)), call(slice(None)), strict=True):
            np.testing.assert_array_equal(alone[0], together[0])
