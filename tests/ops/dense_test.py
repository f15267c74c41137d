import contextlib

import numpy as np
import pytest
import tensorflow as tf

from tests.cc.isa import run_with_isa
from tests.ops.gradients import check_two_derivatives
from tf_gencs import ops
from tf_gencs.ops import dense, library


def native_residual(matrix, x, y):
    """The op itself, also where the public function prefers two products."""
    return library.native().gencs_dense_residual(matrix=matrix, x=x, y=y)


BOTH = pytest.mark.parametrize(
    "residual", [ops.dense_residual, dense.dense_residual_twin]
)
needs_native = pytest.mark.skipif(
    library.native() is None, reason="the native library is not built"
)
# (batch, m, n): every size of a block, cut vectors, tiles that are copied, threads
# that share the batch, and threads that share the rows.
SIZES = [
    *[(batch, 11, 37) for batch in (1, 2, 3, 4, 5, 6, 7, 12, 13, 25)],
    *[(3, m, 40) for m in (1, 2, 3, 7, 8, 9, 47, 49, 130)],
    *[(14, 50, n) for n in (1, 7, 8, 15, 16, 17, 128, 130, 512, 1024)],
    *[(13, 500, 1000), (200, 300, 100), (5, 700, 3000), (1, 2000, 700)],
]


def problem(rng, batch_shape, m, n, dtype="float64"):
    batch_shape = (batch_shape,) if isinstance(batch_shape, int) else batch_shape
    shapes = [(m, n), (*batch_shape, n), (*batch_shape, m)]
    return [rng.normal(size=shape).astype(dtype) for shape in shapes]


def largest_error(result, exact):
    return np.max(np.abs(np.asarray(result, np.float64) - exact), initial=0)


@needs_native
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_native_equals_the_formula_at_every_size(rng, dtype):
    for sizes in SIZES:
        check_formula(native_residual, rng, sizes, dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("sizes", [(3, 9, 40), (5, 700, 3000)], ids=str)
def test_twin_equals_the_formula(rng, sizes, dtype):
    check_formula(dense.dense_residual_twin, rng, sizes, dtype)


def check_formula(residual, rng, sizes, dtype):
    matrix, x, y = problem(rng, *sizes, dtype)
    left, back = residual(matrix, x, y)
    assert left.dtype == back.dtype == dtype
    wide = matrix.astype(np.float64)
    exact = x @ wide.T - y
    rounding = np.finfo(dtype).eps * (4 + np.sqrt(max(matrix.shape)))
    lengths = np.linalg.norm(wide) * (1 + np.linalg.norm(x, axis=1).max())
    assert largest_error(left, exact) < rounding * lengths
    spread = np.sum(np.sqrt(matrix.shape))  # the norm of a Gaussian matrix, about
    assert largest_error(back, exact @ wide) < 2 * rounding * lengths * spread


@needs_native
@pytest.mark.parametrize("sizes", [(50, 100, 784), (20, 200, 4096), (2, 300, 12288)])
def test_native_errs_less_than_twice_as_much_as_the_twin(rng, sizes):
    single = problem(rng, *sizes, "float32")
    exact = dense.dense_residual_twin(*(part.astype("float64") for part in single))
    twins = dense.dense_residual_twin(*single)
    for result, twin, right in zip(native_residual(*single), twins, exact, strict=True):
        right = right.numpy()
        rounding = np.max(np.abs(right)) * np.finfo(np.float32).eps
        assert largest_error(result, right) < 2 * largest_error(twin, right) + rounding


@BOTH
def test_back_is_the_adjoint_of_measuring(rng, residual):
    matrix, x, y = problem(rng, 6, 30, 70)
    measured, _ = residual(matrix, x, np.zeros_like(y))
    _, back = residual(matrix, np.zeros_like(x), -y)  # the residual is y
    one, other = np.sum(measured * y), np.sum(back * x)
    assert float(one) == pytest.approx(float(other), rel=1e-12)


@BOTH
@pytest.mark.parametrize("batch_shape", [(), (2,), (2, 3), (0,), (2, 0)])
def test_keeps_any_batch_shape(rng, batch_shape, residual):
    matrix, x, y = problem(rng, batch_shape, 7, 20)
    left, back = residual(matrix, x, y)
    assert left.shape == y.shape
    assert back.shape == x.shape
    assert largest_error(left, x @ matrix.T - y) < 1e-13
    assert largest_error(back, (x @ matrix.T - y) @ matrix) < 1e-12
    error = ops.dense_squared_error(matrix, x, y)
    assert error.shape == batch_shape
    assert largest_error(error, np.sum((x @ matrix.T - y) ** 2, axis=-1)) < 1e-12


@BOTH
@pytest.mark.parametrize("batch", [1, 30])
def test_empty_matrices_measure_nothing(residual, batch):
    ones = np.ones((batch, 20))
    left, back = residual(np.ones((0, 20)), ones, ones[:, :0])
    assert left.shape == (batch, 0)
    np.testing.assert_array_equal(back, np.zeros((batch, 20)))
    left, back = residual(np.ones((20, 0)), ones[:, :0], ones)
    np.testing.assert_array_equal(left, -ones)
    assert back.shape == (batch, 0)


@needs_native
def test_what_is_not_finite_stays_in_its_signal(rng):
    matrix, x, y = problem(rng, 30, 25, 85, "float32")
    finite = native_residual(matrix, x, y)
    x[4, 84], y[17, 3] = np.nan, np.inf
    mixed = native_residual(matrix, x, y)
    others = np.delete(np.arange(30), [4, 17])
    for before, after in zip(finite, mixed, strict=True):
        np.testing.assert_array_equal(before.numpy()[others], after.numpy()[others])
        assert not np.isfinite(after.numpy()[[4, 17]]).all(axis=1).any()


@needs_native
@pytest.mark.parametrize("sizes", [(300, 100, 784), (2, 3000, 1500)])
def test_gives_the_same_bits_every_time(rng, sizes):
    arguments = problem(rng, *sizes, "float32")
    first = native_residual(*arguments)
    for _ in range(5):
        again = native_residual(*arguments)
        for one, other in zip(first, again, strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("twins", [False, True], ids=["native", "twin"])
@pytest.mark.parametrize("which", ["residual", "squared_error"])
def test_first_and_second_gradients_equal_finite_differences(rng, which, twins):
    matrix, x, y = map(tf.constant, problem(rng, 2, 4, 6))
    weights = tf.constant(rng.normal(size=(2, 4)))
    sizes = [24, 12, 8]
    point = tf.concat([tf.reshape(part, [-1]) for part in (matrix, x, y)], axis=0)

    def objective(point):
        parts = tf.split(point, sizes)
        matrix, x, y = (
            tf.reshape(part, shape)
            for part, shape in zip(parts, [(4, 6), (2, 6), (2, 4)], strict=True)
        )
        if which == "squared_error":
            errors = ops.dense_squared_error(matrix, x, y)
            return tf.reduce_sum(tf.sin(errors) * x[:, 0])
        left, back = ops.dense_residual(matrix, x, y)
        return tf.reduce_sum(tf.sin(left) * weights) + tf.reduce_sum(back**2 * x)

    with ops.twins() if twins else contextlib.nullcontext():
        check_two_derivatives(objective, point, rel=1e-5)


@pytest.mark.long
@needs_native
def test_value_and_gradient_of_the_squared_error_cost_one_op(rng):
    matrix, x, y = problem(rng, 3, 9, 20)

    @tf.function
    def value_and_gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = ops.dense_squared_error(matrix, x, y)
        return value, tape.gradient(value, x)

    graph = value_and_gradient.get_concrete_function(tf.constant(x)).graph
    types = [op.type for op in graph.get_operations() if op.type.startswith("Gencs>")]
    assert types == ["Gencs>DenseResidual"]
    exact = 2 * (x @ matrix.T - y) @ matrix
    assert largest_error(value_and_gradient(tf.constant(x))[1], exact) < 1e-12


@pytest.mark.long
@needs_native
@pytest.mark.parametrize("batch", [3, 12, 13])
def test_a_large_matrix_is_read_once_for_a_few_signals(rng, batch):
    matrix, x, y = problem(rng, batch, 400, 700)

    def value_and_gradient(x, y):
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = ops.dense_squared_error(matrix, x, y)
        return value, tape.gradient(value, x)

    def in_graph(*batch):
        signature = [tf.TensorSpec([*batch, size], "float64") for size in (700, 400)]
        return tf.function(value_and_gradient, input_signature=signature)

    graph = in_graph(batch).get_concrete_function().graph
    fused = any(op.type == "Gencs>DenseResidual" for op in graph.get_operations())
    assert fused == (batch <= 12)
    exact = 2 * (x @ matrix.T - y) @ matrix
    for function in (value_and_gradient, in_graph(batch), in_graph(None)):
        gradient = function(tf.constant(x), tf.constant(y))[1]
        assert largest_error(gradient, exact) < 1e-9


@pytest.mark.parametrize("twins", [False, True], ids=["native", "twin"])
def test_static_shapes_survive_an_unknown_batch(twins):
    matrix = np.ones((7, 20), np.float32)

    def both(x, y):
        left, back = ops.dense_residual(matrix, x, y)
        return left, back, ops.dense_squared_error(matrix, x, y)

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


@BOTH
def test_shapes_survive_when_nothing_is_known(rng, residual):
    matrix, x, y = problem(rng, 3, 7, 20)

    @tf.function(input_signature=[tf.TensorSpec(None, "float64")] * 3)
    def both(matrix, x, y):
        return residual(matrix, x, y)

    left, back = both(matrix, x, y)
    assert largest_error(left, x @ matrix.T - y) < 1e-13
    assert largest_error(back, (x @ matrix.T - y) @ matrix) < 1e-12


def test_rejects_what_does_not_fit():
    matrix, x, y = np.ones((7, 20)), np.ones((2, 20)), np.ones((2, 7))
    for function in (ops.dense_residual, ops.dense_squared_error):
        with pytest.raises(ValueError, match=r"`matrix` must have shape \(m, n\)"):
            function(np.ones(20), x, y)
        with pytest.raises(TypeError, match="`matrix` must be floating point"):
            function(np.ones((7, 20), int), x, y)
        with pytest.raises(ValueError, match=r"`x` must have shape \(\.\.\., 20\)"):
            function(matrix, np.ones((2, 21)), y)
        with pytest.raises(ValueError, match=r"`y` must have shape \(\.\.\., 7\)"):
            function(matrix, x, np.ones((2, 8)))
        with pytest.raises(ValueError, match="`y` must have the batch shape of `x`"):
            function(matrix, x, np.ones((3, 7)))
        with pytest.raises(TypeError, match="`y` must have the dtype of `matrix`"):
            function(matrix, x, y.astype(np.float32))


@needs_native
def test_shapes_that_only_the_kernel_sees_are_refused():
    @tf.function(input_signature=[tf.TensorSpec(None)] * 3)
    def both(matrix, x, y):
        return library.native().gencs_dense_residual(matrix=matrix, x=x, y=y)

    matrix, x, y = tf.ones((7, 20)), tf.ones((2, 20)), tf.ones((2, 7))
    with pytest.raises(tf.errors.InvalidArgumentError, match="`matrix` must have rank"):
        both(matrix[0], x, y)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"`x` .*\(batch, 20\)"):
        both(matrix, x[:, 1:], y)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"`y` .*\(2, 7\)"):
        both(matrix, x, tf.ones((3, 7)))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_runs_in_the_twin(rng, dtype):
    matrix, x, y = problem(rng, 3, 10, 100)
    left, back = ops.dense_residual(*(tf.cast(part, dtype) for part in (matrix, x, y)))
    assert left.dtype == back.dtype == dtype
    exact = x @ matrix.T - y
    assert largest_error(tf.cast(left, "float64"), exact) < 0.1 * np.max(np.abs(exact))


@needs_native
@pytest.mark.parametrize("isa", ["portable", "avx2"])
def test_lesser_instruction_sets_agree(rng, isa):
    core = pytest.importorskip("tf_gencs.ops._gencs_core")
    sizes = [(9, 31, 53), (40, 130, 1024)]
    problems = [problem(rng, *each, "float32") for each in sizes]
    arrays = {f"{i}{k}": a for i, p in enumerate(problems) for k, a in enumerate(p)}
    code = """
for i in range(2):
    operands = (data[f'{i}{k}'] for k in range(3))
    out[f'{i} left'], out[f'{i} back'] = core.dense_residual(*operands)
"""
    out = run_with_isa(core, isa, code, arrays)
    for i, (matrix, x, y) in enumerate(problems):
        exact = x.astype(np.float64) @ matrix.T - y
        left, back = out[f"{i} left"], out[f"{i} back"]
        np.testing.assert_allclose(left, exact, atol=2e-4)
        np.testing.assert_allclose(back, exact @ matrix, atol=1e-2)
