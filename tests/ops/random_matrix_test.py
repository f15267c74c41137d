import numpy as np
import pytest
import tensorflow as tf

from tests.ops.gradients import check_two_derivatives
from tf_gencs import ops, seeds
from tf_gencs.ops import library
from tf_gencs.ops.random_matrix_twin import (
    random_matrix_adjoint_twin,
    random_matrix_measure_twin,
    random_matrix_twin,
    random_words,
)

SEED = seeds.stream(2**40 + 17, "test")
MEASURE = (ops.random_matrix_measure, random_matrix_measure_twin)
ADJOINT = (ops.random_matrix_adjoint, random_matrix_adjoint_twin)
MATRIX = (ops.random_matrix, random_matrix_twin)

distributions = pytest.mark.parametrize("distribution", ["gaussian", "rademacher"])
dtypes = pytest.mark.parametrize("dtype", ["float32", "float64"])
both_functions = pytest.mark.parametrize("which", [0, 1], ids=["native", "twin"])
needs_native = pytest.mark.skipif(
    library.native() is None, reason="the native library is not built"
)


def largest_error(result, exact):
    return np.max(np.abs(np.asarray(result, np.float64) - exact), initial=0)


def exact_matrix(m, n, distribution):
    return random_matrix_twin(SEED, (m, n), distribution, "float64").numpy()


def test_a_small_matrix_equals_the_formula():
    words = np.stack([random_words(SEED, row, 16).numpy() for row in range(3)])
    uniform = (2 * (words >> 9) + 1) / 2**24
    exact = np.empty((3, 64))
    for block in range(16):
        for pair in range(2):
            a, b = (
                uniform[:, 4 * block + 2 * pair],
                uniform[:, 4 * block + 2 * pair + 1],
            )
            radius = np.sqrt(-2 * np.log(a) / 3)
            exact[:, 32 * pair + block] = radius * np.cos(2 * np.pi * b)
            exact[:, 32 * pair + 16 + block] = radius * np.sin(2 * np.pi * b)
    bits = np.stack([random_words(SEED, row, 1).numpy() for row in range(3)])
    signs = 1.0 - 2.0 * np.unpackbits(bits.view(np.uint8), axis=1, bitorder="little")
    for matrix in MATRIX:
        assert (
            largest_error(matrix(SEED, (3, 64), "gaussian", "float64"), exact) < 1e-15
        )
        made = matrix(SEED, (3, 128), "rademacher", "float64")
        np.testing.assert_allclose(made, signs / np.sqrt(3), rtol=1e-15)


def test_words_are_bit_for_bit_those_of_tensorflow():
    core = pytest.importorskip("tf_gencs.ops._gencs_core")
    for seed in ([0, 0], [2**63 - 1, -1], [-(2**63), 2**31], [12345, -(2**62)]):
        key, stream = (part % 2**64 for part in seed)
        for row in (0, 1, 2**31 - 1):
            native = core.random_words(key, stream, row, 0, 37)
            theirs = random_words(tf.constant(seed, tf.int64), row, 37)
            np.testing.assert_array_equal(native.ravel(), theirs)


@needs_native
@distributions
@pytest.mark.parametrize("shape", [(1, 1), (2, 63), (7, 64), (50, 129), (300, 1100)])
def test_native_matrix_equals_the_twin(shape, distribution):
    exact = exact_matrix(*shape, distribution)
    double = ops.random_matrix(SEED, shape, distribution, tf.float64)
    assert largest_error(double, exact) < 2e-15
    single = ops.random_matrix(SEED, shape, distribution)
    assert single.dtype == tf.float32
    assert single.shape == shape
    twin_error = largest_error(random_matrix_twin(SEED, shape, distribution), exact)
    rounding = np.finfo(np.float32).eps / np.sqrt(shape[0])
    assert largest_error(single, exact) < 2 * twin_error + rounding


def test_an_entry_depends_on_neither_m_nor_n():
    large = ops.random_matrix(SEED, (64, 700), dtype=tf.float64) * 8
    small = ops.random_matrix(SEED, (16, 301), dtype=tf.float64) * 4
    np.testing.assert_array_equal(large[:16, :301], small)


@dtypes
@distributions
@pytest.mark.parametrize(
    "sizes", [(1, 1, 1), (3, 17, 100), (8, 25, 784), (65, 130, 1000), (2, 300, 3200)]
)
def test_native_and_twin_equal_the_dense_products(rng, sizes, distribution, dtype):
    batch, m, n = sizes
    matrix = exact_matrix(m, n, distribution)
    x = rng.normal(size=(batch, n)).astype(dtype)
    y = rng.normal(size=(batch, m)).astype(dtype)
    for functions, signal, size, exact in (
        (MEASURE, x, m, x @ matrix.T),
        (ADJOINT, y, n, y @ matrix),
    ):
        native, twin = (f(signal, SEED, size, distribution) for f in functions)
        assert native.dtype == twin.dtype == dtype
        rounding = np.finfo(dtype).eps * np.max(np.abs(exact))
        twin_error = largest_error(twin, exact)
        assert twin_error < 60 * rounding
        assert largest_error(native, exact) < 2 * twin_error + rounding


@both_functions
@distributions
@pytest.mark.parametrize("n", [1, 7, 100, 784, 3072])
def test_adjoint_passes_the_dot_test(rng, n, distribution, which):
    x, y = rng.normal(size=(4, n)), rng.normal(size=(4, 50))
    left = np.sum(MEASURE[which](x, SEED, 50, distribution).numpy() * y)
    right = np.sum(x * ADJOINT[which](y, SEED, n, distribution).numpy())
    assert left == pytest.approx(right, rel=1e-12, abs=1e-12)


@needs_native
@distributions
def test_rows_of_a_batch_do_not_depend_on_each_other(rng, distribution):
    x = rng.normal(size=(23, 1000)).astype(np.float32)
    y = rng.normal(size=(23, 150)).astype(np.float32)
    for function, signal, size in ((MEASURE[0], x, 150), (ADJOINT[0], y, 1000)):
        together = function(signal, SEED, size, distribution)
        alone = [function(row[None], SEED, size, distribution)[0] for row in signal]
        np.testing.assert_array_equal(together, alone)


@needs_native
def test_results_do_not_depend_on_how_rows_are_cut(rng):
    core = pytest.importorskip("tf_gencs.ops._gencs_core")
    x = rng.normal(size=(9, 2500)).astype(np.float32)
    seed = SEED.numpy()
    y = core.random_matrix_measure(x, seed, 410)  # in one piece
    np.testing.assert_array_equal(ops.random_matrix_measure(x, SEED, 410), y)
    back = core.random_matrix_adjoint(y, seed, 2500)
    np.testing.assert_array_equal(ops.random_matrix_adjoint(y, SEED, 2500), back)
    matrix = core.random_matrix(seed, 410, 2500)
    np.testing.assert_array_equal(ops.random_matrix(SEED, (410, 2500)), matrix)


@both_functions
@distributions
@pytest.mark.parametrize("batch_shape", [(), (3,), (2, 3), (0,), (2, 0, 3)])
def test_keeps_any_batch_shape(rng, batch_shape, distribution, which):
    x = rng.normal(size=(*batch_shape, 20))
    y = MEASURE[which](x, SEED, 7, distribution)
    assert y.shape == (*batch_shape, 7)
    assert ADJOINT[which](y, SEED, 20, distribution).shape == x.shape
    assert largest_error(y, x @ exact_matrix(7, 20, distribution).T) < 1e-13


@both_functions
@distributions
def test_nothing_measured_and_nothing_to_measure_give_zeros(distribution, which):
    measure, adjoint, matrix = MEASURE[which], ADJOINT[which], MATRIX[which]
    assert measure(np.ones((3, 20)), SEED, 0, distribution).shape == (3, 0)
    zeros = adjoint(np.ones((3, 0)), SEED, 20, distribution)
    np.testing.assert_array_equal(zeros, np.zeros((3, 20)))
    zeros = measure(np.ones((3, 0)), SEED, 5, distribution)
    np.testing.assert_array_equal(zeros, np.zeros((3, 5)))
    assert adjoint(np.ones((3, 5)), SEED, 0, distribution).shape == (3, 0)
    for shape in ((0, 5), (5, 0), (0, 0)):
        assert matrix(SEED, shape, distribution).shape == shape


@distributions
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_runs_in_the_twin(rng, distribution, dtype):
    x = rng.normal(size=(2, 300))
    y = ops.random_matrix_measure(tf.cast(x, dtype), SEED, 10, distribution)
    matrix = ops.random_matrix(SEED, (10, 300), distribution, dtype)
    assert y.dtype == matrix.dtype == dtype
    exact = exact_matrix(10, 300, distribution)
    assert largest_error(tf.cast(matrix, "float64"), exact) < 0.02
    product = x @ exact.T
    assert largest_error(tf.cast(y, "float64"), product) < 0.02 * np.max(
        np.abs(product)
    )


@both_functions
@distributions
def test_first_and_second_gradients_equal_finite_differences(rng, distribution, which):
    def objective(x):
        y = MEASURE[which](x, SEED, 9, distribution)
        return tf.reduce_sum(tf.sin(ADJOINT[which](y**2, SEED, 20, distribution)) * x)

    check_two_derivatives(objective, tf.constant(rng.normal(size=(2, 20))))


@both_functions
def test_static_shapes_survive_an_unknown_batch(which):
    @tf.function(input_signature=[tf.TensorSpec([None, 20]), tf.TensorSpec([None, 7])])
    def everything(x, y):
        with tf.GradientTape() as tape:
            tape.watch(x)
            measured = MEASURE[which](x, SEED, 7)
            value = tf.reduce_sum(measured**2)
        back = ADJOINT[which](y, SEED, 20)
        return measured, back, tape.gradient(value, x), MATRIX[which](SEED, (7, 20))

    shapes = [
        shape.as_list() for shape in everything.get_concrete_function().output_shapes
    ]
    assert shapes == [[None, 7], [None, 20], [None, 20], [7, 20]]
    measured, back, gradient, matrix = everything(tf.ones([5, 20]), tf.ones([0, 7]))
    assert measured.shape == (5, 7)
    assert back.shape == (0, 20)
    exact = 2 * np.ones((5, 20)) @ matrix.numpy().T @ matrix.numpy()
    np.testing.assert_allclose(gradient, exact, rtol=1e-3, atol=1e-4)


@both_functions
@pytest.mark.parametrize("shape", [None, [None, None], [3, None]])
def test_works_when_shapes_are_unknown(rng, shape, which):
    @tf.function(input_signature=[tf.TensorSpec(shape), tf.TensorSpec(None, tf.int64)])
    def measure(x, seed):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = MEASURE[which](x, seed, 7)
            value = tf.reduce_sum(y)
        return y, tape.gradient(value, x)

    x = rng.normal(size=(3, 20)).astype(np.float32)
    matrix = exact_matrix(7, 20, "gaussian")
    y, gradient = measure(x, SEED)
    assert largest_error(y, x @ matrix.T) < 1e-5
    assert largest_error(gradient, np.ones((3, 7)) @ matrix) < 1e-5


@pytest.mark.long
@distributions
def test_twin_alone_survives_a_saved_model(rng, tmp_path, distribution):
    class Module(tf.Module):
        @tf.function(
            input_signature=[tf.TensorSpec([None, 300]), tf.TensorSpec([2], tf.int64)]
        )
        def normal_equations(self, x, seed):
            with ops.twins():
                y = ops.random_matrix_measure(x, seed, 40, distribution)
                return ops.random_matrix_adjoint(y, seed, 300, distribution)

    tf.saved_model.save(Module(), str(tmp_path))
    saved = tf.saved_model.load(str(tmp_path))
    graph = saved.normal_equations.concrete_functions[0].graph.as_graph_def()
    functions = [node for f in graph.library.function for node in f.node_def]
    assert not [n.op for n in [*graph.node, *functions] if n.op.startswith("Gencs")]
    x = rng.normal(size=(5, 300)).astype(np.float32)
    matrix = exact_matrix(40, 300, distribution)
    result = saved.normal_equations(x, SEED)
    assert largest_error(result, x @ matrix.T @ matrix) < 1e-4


@needs_native
def test_gradient_flows_through_a_while_loop(rng):
    matrix = exact_matrix(24, 24, "gaussian")

    @tf.function
    def thrice(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = x
            for _ in tf.range(3):
                y = ops.random_matrix_measure(y, SEED, 24)
            value = tf.reduce_sum(y)
        return tape.gradient(value, x)

    exact = np.ones((2, 24)) @ np.linalg.matrix_power(matrix, 3)
    x = tf.constant(rng.normal(size=(2, 24)))
    assert largest_error(thrice(x), exact) < 1e-12


def test_twins_hold_a_bounded_piece_of_the_matrix(rng):
    # More than two pieces of 2^20 entries, the last one cut.
    x, y = rng.normal(size=(2, 5000)), rng.normal(size=(2, 501))
    matrix = ops.random_matrix(SEED, (501, 5000), dtype=tf.float64).numpy()
    measured = random_matrix_measure_twin(x, SEED, 501)
    assert largest_error(measured, x @ matrix.T) < 1e-12
    adjoint = random_matrix_adjoint_twin(y, SEED, 5000)
    assert largest_error(adjoint, y @ matrix) < 1e-12


def test_measuring_keeps_the_norm_on_average(rng):
    x = rng.normal(size=(1, 784))
    for distribution in ("gaussian", "rademacher"):
        y = ops.random_matrix_measure(x, SEED, 20000, distribution)
        # The mean of m squares has a relative deviation of at most sqrt(2 / m).
        ratio = np.sum(y.numpy() ** 2) / np.sum(x**2)
        assert ratio == pytest.approx(1, abs=4 * np.sqrt(2 / 20000))


@both_functions
def test_rejects_what_does_not_fit(which):
    measure, adjoint, matrix = MEASURE[which], ADJOINT[which], MATRIX[which]
    x = np.ones((2, 20))
    with pytest.raises(TypeError, match="`x` must be floating point"):
        measure(np.ones((2, 20), np.int32), SEED, 3)
    with pytest.raises(ValueError, match="`y` must have rank 1 or more"):
        adjoint(1.0, SEED, 3)
    with pytest.raises(ValueError, match=r"`seed` must have shape \(2,\)"):
        measure(x, SEED[:1], 3)
    with pytest.raises(ValueError, match="`distribution` must be one of"):
        measure(x, SEED, 3, "uniform")
    for size in (-1, 2**31, 2.5, True):
        with pytest.raises(ValueError, match="`measurements` must be an integer"):
            measure(x, SEED, size)
        with pytest.raises(ValueError, match="`signal_size` must be an integer"):
            adjoint(x, SEED, size)
        with pytest.raises(ValueError, match=r"`shape\[1\]` must be an integer"):
            matrix(SEED, (3, size))
    with pytest.raises(ValueError, match="`shape` must be a pair"):
        matrix(SEED, (3,))
    with pytest.raises(TypeError, match="`dtype` must be floating point"):
        matrix(SEED, (3, 4), dtype=tf.int32)


@needs_native
@pytest.mark.parametrize(
    ("x_shape", "seed", "size"),
    [
        ((20,), [1, 2], 3),
        ((2, 20, 1), [1, 2], 3),
        ((2, 20), [1], 3),
        ((2, 20), [[1, 2]], 3),
        ((2, 20), [1, 2], [3]),
        ((2, 20), [1, 2], -1),
        ((2, 20), [1, 2], 2**31),
        ((2, 20), [1, 2], -(2**63)),
        ((2**40, 0), [1, 2], 2**30),  # an output with too many entries to count
    ],
)
def test_native_op_refuses_what_the_wrapper_cannot_see(x_shape, seed, size):
    native = library.native()
    x, seed = tf.zeros(x_shape), tf.constant(seed, tf.int64)
    with pytest.raises(tf.errors.InvalidArgumentError):
        native.gencs_random_matrix_measure(
            x=x, seed=seed, measurements=size, distribution="gaussian"
        )
    with pytest.raises(tf.errors.InvalidArgumentError):
        native.gencs_random_matrix_adjoint(
            y=x, seed=seed, signal_size=size, distribution="gaussian"
        )


@needs_native
@pytest.mark.parametrize("shape", [[3], [3, 4, 5], [-1, 4], [3, 2**31], [[3, 4]]])
def test_native_matrix_refuses_hostile_shapes(shape):
    with pytest.raises(tf.errors.InvalidArgumentError):
        library.native().gencs_random_matrix(
            seed=SEED, shape=shape, distribution="gaussian", T=tf.float32
        )


@needs_native
def test_a_matrix_larger_than_memory_is_an_error():
    with pytest.raises(tf.errors.ResourceExhaustedError):
        ops.random_matrix(SEED, (2**31 - 1, 2**31 - 1), dtype=tf.float64)


@distributions
def test_nan_stays_in_its_row_of_the_batch(rng, distribution):
    x = rng.normal(size=(6, 101)).astype(np.float32)
    poisoned = x.copy()
    poisoned[1, 100] = np.nan
    clean = ops.random_matrix_measure(x, SEED, 30, distribution).numpy()
    y = ops.random_matrix_measure(poisoned, SEED, 30, distribution).numpy()
    assert np.all(np.isnan(y[1]))
    others = [0, 2, 3, 4, 5]
    np.testing.assert_array_equal(y[others], clean[others])
