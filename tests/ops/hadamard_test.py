import numpy as np
import pytest
import tensorflow as tf

from tests.ops.gradients import check_two_derivatives
from tf_gencs import ops
from tf_gencs.ops import hadamard, library

SIZES = [1, 2, 3, 5, 11, 12, 13, 16, 24, 31, 48, 50, 96, 100, 128, 193, 384, 784, 1024]
LARGE_SIZES = [1536, 3000, 4096, 8192, 12288, 20000, 49152, 65536, 131072]
DTYPES = ["float32", "float64"]
MEASURE_PAIR = (ops.hadamard_measure, hadamard.hadamard_measure_twin)
ADJOINT_PAIR = (ops.hadamard_adjoint, hadamard.hadamard_adjoint_twin)

needs_native = pytest.mark.skipif(
    library.native() is None, reason="the native library is not built"
)


def operator(rng, n, m):
    size = ops.hadamard_size(n)
    signs = rng.choice([-1, 1], n).astype(np.int8)
    rows = rng.integers(0, size, m).astype(np.int32)
    return signs, rows


def dense_matrix(signs, rows):
    n = len(signs)
    matrix = hadamard.hadamard_matrix(ops.hadamard_size(n)).astype(np.float64)
    return matrix[rows][:, :n] * signs / np.sqrt(max(len(rows), 1))


def largest_error(result, exact):
    return np.max(np.abs(np.asarray(result, np.float64) - exact), initial=0)


@pytest.mark.parametrize(
    ("n", "size"),
    [
        *((1, 1), (2, 2), (3, 4), (9, 12), (12, 12), (13, 16), (17, 24), (33, 48)),
        *((784, 1024), (1025, 1536), (1537, 2048), (12288, 12288), (12289, 16384)),
    ],
)
def test_size_is_the_smallest_exact_size(n, size):
    assert ops.hadamard_size(n) == size


@pytest.mark.parametrize("n", [0, -1, 2**30 + 1])
def test_size_rejects_lengths_out_of_range(n):
    with pytest.raises(ValueError, match=r"`n` must lie in \[1, 1073741824\]"):
        ops.hadamard_size(n)


@pytest.mark.parametrize("size", [1, 2, 8, 12, 24, 96])
def test_matrix_is_symmetric_and_orthogonal(size):
    matrix = hadamard.hadamard_matrix(size).astype(int)
    assert set(np.unique(matrix)) <= {-1, 1}
    np.testing.assert_array_equal(matrix, matrix.T)
    np.testing.assert_array_equal(matrix @ matrix, size * np.eye(size, dtype=int))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", SIZES)
def test_native_and_twin_equal_the_explicit_matrix(rng, n, dtype):
    signs, rows = operator(rng, n, m=17)
    matrix = dense_matrix(signs, rows)
    x = rng.normal(size=(3, n)).astype(dtype)
    y = rng.normal(size=(3, 17)).astype(dtype)
    tolerance = 20 * np.finfo(dtype).eps * np.sqrt(n)
    for measure, adjoint in zip(MEASURE_PAIR, ADJOINT_PAIR, strict=True):
        assert measure(x, signs, rows).dtype == dtype
        assert largest_error(measure(x, signs, rows), x @ matrix.T) < tolerance
        assert largest_error(adjoint(y, signs, rows), y @ matrix) < tolerance


@needs_native
@pytest.mark.parametrize("n", [100, 784, 1024, *LARGE_SIZES])
def test_native_errs_less_than_twice_as_much_as_the_twin(rng, n):
    signs, rows = operator(rng, n, m=200)
    for (native, twin), length in ((MEASURE_PAIR, n), (ADJOINT_PAIR, 200)):
        signal = rng.normal(size=(2, length))
        exact = twin(signal, signs, rows).numpy()
        single = signal.astype(np.float32)
        rounding = np.max(np.abs(exact)) * np.finfo(np.float32).eps
        allowed = 2 * largest_error(twin(single, signs, rows), exact) + rounding
        assert largest_error(native(single, signs, rows), exact) < allowed
        double_error = largest_error(native(signal, signs, rows), exact)
        assert double_error < 100 * np.finfo(np.float64).eps * np.max(np.abs(exact))


@pytest.mark.parametrize("functions", [0, 1], ids=["native", "twin"])
@pytest.mark.parametrize("n", [1, 7, 12, 100, 784, 3072, 12288])
def test_adjoint_passes_the_dot_test(rng, n, functions):
    measure, adjoint = MEASURE_PAIR[functions], ADJOINT_PAIR[functions]
    signs, rows = operator(rng, n, m=50)
    x, y = rng.normal(size=(4, n)), rng.normal(size=(4, 50))
    left = np.sum(measure(x, signs, rows).numpy() * y)
    right = np.sum(x * adjoint(y, signs, rows).numpy())
    assert left == pytest.approx(right, rel=1e-11, abs=1e-11)


def test_adjoint_adds_up_repeated_rows(rng):
    signs, _ = operator(rng, 24, m=1)
    rows = np.array([5, 5, 5, 2], np.int32)
    y = rng.normal(size=(2, 4))
    exact = y @ dense_matrix(signs, rows)
    for adjoint in ADJOINT_PAIR:
        assert largest_error(adjoint(y, signs, rows), exact) < 1e-13


def test_all_rows_and_adjoint_give_the_signal_back(rng):
    n = 12288
    signs = rng.choice([-1, 1], n).astype(np.int8)
    rows = rng.permutation(n).astype(np.int32)
    x = rng.normal(size=(2, n))
    y = ops.hadamard_measure(x, signs, rows)
    assert largest_error(ops.hadamard_adjoint(y, signs, rows), x) < 1e-12


def test_many_rows_of_a_batch_are_measured_independently(rng):
    signs, rows = operator(rng, 784, m=100)
    x = rng.normal(size=(512, 784)).astype(np.float32)
    together = ops.hadamard_measure(x, signs, rows).numpy()
    alone = np.concatenate(
        [ops.hadamard_measure(x[i : i + 1], signs, rows).numpy() for i in range(512)]
    )
    np.testing.assert_array_equal(together, alone)


@pytest.mark.parametrize("functions", [0, 1], ids=["native", "twin"])
@pytest.mark.parametrize("batch_shape", [(), (3,), (2, 3), (0,), (2, 0, 3)])
def test_keeps_any_batch_shape(rng, batch_shape, functions):
    signs, rows = operator(rng, 20, m=7)
    x = rng.normal(size=(*batch_shape, 20))
    y = MEASURE_PAIR[functions](x, signs, rows)
    assert y.shape == (*batch_shape, 7)
    assert ADJOINT_PAIR[functions](y, signs, rows).shape == x.shape
    assert largest_error(y, x @ dense_matrix(signs, rows).T) < 1e-13


@pytest.mark.parametrize("functions", [0, 1], ids=["native", "twin"])
def test_no_measurements_give_nothing_and_zeros_back(functions):
    signs, rows = np.ones(20, np.int8), np.zeros(0, np.int32)
    assert MEASURE_PAIR[functions](np.ones((3, 20)), signs, rows).shape == (3, 0)
    back = ADJOINT_PAIR[functions](np.ones((3, 0)), signs, rows)
    np.testing.assert_array_equal(back, np.zeros((3, 20)))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_runs_in_the_twin(rng, dtype):
    signs, rows = operator(rng, 784, m=10)
    x = rng.normal(size=(2, 784))
    y = ops.hadamard_measure(tf.cast(x, dtype), signs, rows)
    assert y.dtype == dtype
    exact = x @ dense_matrix(signs, rows).T
    assert largest_error(tf.cast(y, "float64"), exact) < 0.1 * np.max(np.abs(exact))


@pytest.mark.parametrize("functions", [0, 1], ids=["native", "twin"])
def test_first_and_second_gradients_equal_finite_differences(rng, functions):
    measure, adjoint = MEASURE_PAIR[functions], ADJOINT_PAIR[functions]
    signs, rows = operator(rng, 20, m=9)

    def objective(x):
        y = measure(x, signs, rows)
        return tf.reduce_sum(tf.sin(adjoint(y**2, signs, rows)) * x)

    check_two_derivatives(objective, tf.constant(rng.normal(size=(2, 20))))


@pytest.mark.parametrize("functions", [0, 1], ids=["native", "twin"])
def test_static_shapes_survive_an_unknown_batch(functions):
    signs, rows = np.ones(20, np.int8), np.zeros(7, np.int32)
    measure, adjoint = MEASURE_PAIR[functions], ADJOINT_PAIR[functions]

    @tf.function(input_signature=[tf.TensorSpec([None, 20]), tf.TensorSpec([None, 7])])
    def both(x, y):
        return measure(x, signs, rows), adjoint(y, signs, rows)

    shapes = [shape.as_list() for shape in both.get_concrete_function().output_shapes]
    assert shapes == [[None, 7], [None, 20]]
    assert both(tf.ones([5, 20]), tf.ones([0, 7]))[0].shape == (5, 7)


@needs_native
def test_native_shapes_survive_when_nothing_is_known(rng):
    signs, rows = operator(rng, 20, m=7)
    unknown = [tf.TensorSpec(None), tf.TensorSpec(None, "int8")]

    @tf.function(input_signature=[*unknown, tf.TensorSpec(None, "int32")])
    def measure(x, signs, rows):
        return library.native().gencs_hadamard_measure(x=x, signs=signs, rows=rows)

    shape = measure.get_concrete_function().output_shapes
    assert shape.as_list() == [None, None]
    x = rng.normal(size=(3, 20)).astype(np.float32)
    exact = x @ dense_matrix(signs, rows).T
    assert largest_error(measure(x, signs, rows), exact) < 1e-5


@needs_native
def test_gradient_flows_through_a_while_loop(rng):
    signs, rows = operator(rng, 24, m=24)
    matrix = dense_matrix(signs, rows)
    x = tf.constant(rng.normal(size=(2, 24)))

    @tf.function
    def thrice(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = x
            for _ in tf.range(3):
                y = ops.hadamard_measure(y, signs, rows)
            value = tf.reduce_sum(y)
        return tape.gradient(value, x)

    exact = np.ones((2, 24)) @ np.linalg.matrix_power(matrix, 3)
    assert largest_error(thrice(x), exact) < 1e-12


@pytest.mark.parametrize("functions", [0, 1], ids=["native", "twin"])
@pytest.mark.parametrize("row", [-1, 32, 2**31 - 1, -(2**31)])
def test_rejects_rows_out_of_range(row, functions):
    signs, rows = np.ones(20, np.int8), np.array([3, row], np.int32)
    with pytest.raises(tf.errors.InvalidArgumentError):
        MEASURE_PAIR[functions](np.ones((2, 20)), signs, rows)
    with pytest.raises(tf.errors.InvalidArgumentError):
        ADJOINT_PAIR[functions](np.ones((2, 2)), signs, rows)


@pytest.mark.parametrize("functions", [0, 1], ids=["native", "twin"])
def test_rejects_shapes_that_do_not_fit(functions):
    measure, adjoint = MEASURE_PAIR[functions], ADJOINT_PAIR[functions]
    signs, rows = np.ones(20, np.int8), np.zeros(7, np.int32)
    with pytest.raises(ValueError, match=r"`x` must have shape \(\.\.\., 20\)"):
        measure(np.ones((2, 21)), signs, rows)
    with pytest.raises(ValueError, match=r"`y` must have shape \(\.\.\., 7\)"):
        adjoint(np.ones((2, 20)), signs, rows)
    with pytest.raises(ValueError, match="`signs` must have rank 1"):
        measure(np.ones((2, 20)), signs[None], rows)
    with pytest.raises(ValueError, match="`rows` must have rank 1"):
        measure(np.ones((2, 20)), signs, rows[None])
    with pytest.raises(TypeError, match="`x` must be floating point"):
        measure(np.ones((2, 20), np.int32), signs, rows)


@needs_native
@pytest.mark.parametrize(
    ("x_shape", "signs_shape", "rows_shape"),
    [
        ((20,), (20,), (3,)),
        ((2, 20, 1), (20,), (3,)),
        ((2, 20), (), (3,)),
        ((2, 20), (20,), (3, 1)),
        ((2, 20), (21,), (3,)),
        ((2, 0), (0,), (3,)),
        ((0, 0), (0,), (0,)),
    ],
)
def test_native_op_refuses_what_the_wrapper_cannot_see(
    x_shape, signs_shape, rows_shape
):
    with pytest.raises(tf.errors.InvalidArgumentError):
        library.native().gencs_hadamard_measure(
            x=tf.ones(x_shape),
            signs=tf.ones(signs_shape, tf.int8),
            rows=tf.zeros(rows_shape, tf.int32),
        )
    with pytest.raises(tf.errors.InvalidArgumentError):
        library.native().gencs_hadamard_adjoint(
            y=tf.ones((2, 4)),
            signs=tf.ones(signs_shape, tf.int8),
            rows=tf.zeros(rows_shape, tf.int32),
        )


def test_nan_stays_in_its_row_of_the_batch(rng):
    signs, rows = operator(rng, 100, m=10)
    x = rng.normal(size=(3, 100))
    poisoned = x.copy()
    poisoned[1, 50] = np.nan
    clean = ops.hadamard_measure(x, signs, rows).numpy()
    y = ops.hadamard_measure(poisoned, signs, rows).numpy()
    assert np.all(np.isnan(y[1]))
    np.testing.assert_array_equal(y[[0, 2]], clean[[0, 2]])
