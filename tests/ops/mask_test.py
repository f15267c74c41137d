import numpy as np
import pytest
import tensorflow as tf

from tests.ops.gradients import check_two_derivatives
from tf_gencs import ops
from tf_gencs.ops import library
from tf_gencs.ops.mask_twin import mask_adjoint_twin, mask_measure_twin

DTYPES = ["float32", "float64"]
PAIRS = {
    "native": (ops.mask_measure, ops.mask_adjoint),
    "twin": (mask_measure_twin, mask_adjoint_twin),
}
# batch, n, m
SIZES = [(3, 10, 4), (1, 1, 1), (2, 5, 9), (64, 784, 100), (1, 20000, 15000), (7, 3, 0)]

needs_native = pytest.mark.skipif(
    library.native() is None, reason="the native library is not built"
)
each_pair = pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
shared_and_own = pytest.mark.parametrize("own", [False, True], ids=["shared", "own"])


def rows_of(rng, batch, n, m, own):
    return rng.integers(0, n, (batch, m) if own else m).astype(np.int32)


def adjoint_of(y, rows, n):
    """Value by value, in the order of the rows."""
    x = np.zeros((len(y), n), y.dtype)
    for b in range(len(y)):
        np.add.at(x[b], rows[b] if rows.ndim == 2 else rows, y[b])
    return x


@pytest.mark.parametrize("dtype", DTYPES)
@shared_and_own
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_native_and_twin_pick_the_values_and_put_them_back(rng, sizes, own, dtype):
    batch, n, m = sizes
    rows = rows_of(rng, batch, n, m, own)
    x = rng.normal(size=(batch, n)).astype(dtype)
    y = rng.normal(size=(batch, m)).astype(dtype)
    picked = np.take_along_axis(x, np.broadcast_to(rows, (batch, m)), axis=1)
    for measure, adjoint in PAIRS.values():
        result = measure(x, rows)
        assert result.dtype == dtype
        np.testing.assert_array_equal(result, picked)
        result = adjoint(y, rows, n)
        assert result.dtype == dtype
        np.testing.assert_allclose(
            result, adjoint_of(y, rows, n), atol=20 * np.finfo(dtype).eps
        )


@each_pair
@shared_and_own
def test_adjoint_passes_the_dot_test(rng, own, pair):
    rows = rows_of(rng, 4, 50, 30, own)
    x, y = rng.normal(size=(4, 50)), rng.normal(size=(4, 30))
    left = np.sum(pair[0](x, rows).numpy() * y)
    right = np.sum(x * pair[1](y, rows, 50).numpy())
    assert left == pytest.approx(right, rel=1e-13, abs=1e-13)


@each_pair
def test_adjoint_adds_up_repeated_rows(pair):
    rows = np.array([2, 2, 0, 2], np.int32)
    x = pair[1](np.array([[1.0, 2.0, 4.0, 8.0]]), rows, 4)
    np.testing.assert_array_equal(x, [[4, 0, 11, 0]])


@each_pair
@pytest.mark.parametrize("batch_shape", [(), (3,), (2, 3), (0,), (2, 0, 3)])
def test_keeps_any_batch_shape(rng, batch_shape, pair):
    rows = rows_of(rng, 1, 20, 7, own=False)
    x = rng.normal(size=(*batch_shape, 20))
    y = pair[0](x, rows)
    np.testing.assert_array_equal(y, x[..., rows])
    assert pair[1](y, rows, 20).shape == x.shape


@each_pair
def test_nothing_is_measured_of_nothing(pair):
    none = np.zeros(0, np.int32)
    assert pair[0](np.ones((3, 0)), none).shape == (3, 0)
    assert pair[1](np.ones((3, 0)), none, 0).shape == (3, 0)
    np.testing.assert_array_equal(pair[1](np.ones((3, 0)), none, 5), np.zeros((3, 5)))
    no_signals = np.zeros((0, 2), np.int32)
    assert pair[0](np.ones((0, 4)), no_signals).shape == (0, 2)
    assert pair[1](np.ones((0, 2)), no_signals, 4).shape == (0, 4)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_runs_in_the_twin(dtype):
    x = tf.cast([[1.0, 2.0, 3.0]], dtype)
    y = ops.mask_measure(x, [2, 0])
    assert y.dtype == dtype
    np.testing.assert_array_equal(tf.cast(y, "float32"), [[3, 1]])
    back = tf.cast(ops.mask_adjoint(y, [2, 0], 3), "float32")
    np.testing.assert_array_equal(back, [[1, 0, 3]])


@each_pair
@shared_and_own
def test_first_and_second_gradients_equal_finite_differences(rng, own, pair):
    measure, adjoint = pair
    rows = rows_of(rng, 2, 20, 9, own)

    def objective(x):
        y = measure(x, rows)
        return tf.reduce_sum(tf.sin(adjoint(y**2, rows, 20)) * x)

    check_two_derivatives(objective, tf.constant(rng.normal(size=(2, 20))))


@each_pair
@shared_and_own
def test_static_shapes_survive_an_unknown_batch(own, pair):
    measure, adjoint = pair
    row_spec = tf.TensorSpec([None, 7] if own else [7], "int32")

    @tf.function(
        input_signature=[tf.TensorSpec([None, 20]), tf.TensorSpec([None, 7]), row_spec]
    )
    def both(x, y, rows):
        return measure(x, rows), adjoint(y, rows, 20)

    shapes = [shape.as_list() for shape in both.get_concrete_function().output_shapes]
    assert shapes == [[None, 7], [None, 20]]
    rows = np.zeros((5, 7) if own else 7, np.int32)
    assert both(tf.ones([5, 20]), tf.ones([5, 7]), rows)[0].shape == (5, 7)


@needs_native
def test_native_shapes_survive_when_nothing_is_known(rng):
    @tf.function(input_signature=[tf.TensorSpec(None), tf.TensorSpec(None, "int32")])
    def gradient(x, rows):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = ops.mask_measure(x, rows)
        return y, tape.gradient(y, x)

    shapes = gradient.get_concrete_function().output_shapes
    assert shapes[0].as_list() == [None, None]
    x = rng.normal(size=(3, 20)).astype(np.float32)
    for rows in (np.array([4, 2, 4]), np.array([[1, 2], [3, 4], [5, 5]])):
        y, slope = gradient(x, rows.astype(np.int32))
        assert y.shape == (3, rows.shape[-1])
        ones = np.ones(y.shape, np.float32)
        np.testing.assert_array_equal(slope, adjoint_of(ones, rows, 20))


@each_pair
@shared_and_own
@pytest.mark.parametrize("row", [-1, 20, 2**31 - 1, -(2**31)])
def test_rejects_rows_out_of_range(row, own, pair):
    rows = np.array([3, row], np.int32)
    if own:
        rows = np.stack([np.zeros(2, np.int32), rows])
    with pytest.raises(tf.errors.InvalidArgumentError):
        pair[0](np.ones((2, 20)), rows)
    with pytest.raises(tf.errors.InvalidArgumentError):
        pair[1](np.ones((2, 2)), rows, 20)


@needs_native
def test_native_says_which_row_is_out_of_range():
    rows = np.arange(100, dtype=np.int32)
    rows[37] = 100
    with pytest.raises(
        tf.errors.InvalidArgumentError,
        match=r"`rows` must lie in \[0, 100\). Received: 100 at flat position 37",
    ):
        ops.mask_measure(np.ones((2, 100)), rows)


@each_pair
def test_rejects_shapes_that_do_not_fit(pair):
    measure, adjoint = pair
    rows = np.zeros(7, np.int32)
    own = np.zeros((3, 7), np.int32)
    with pytest.raises(ValueError, match=r"`y` must have shape \(\.\.\., 7\)"):
        adjoint(np.ones((2, 20)), rows, 20)
    with pytest.raises(ValueError, match=r"`x` must have shape \(3, \.\.\.\)"):
        measure(np.ones((2, 20)), own)
    with pytest.raises(ValueError, match=r"`y` must have shape \(3, 7\)"):
        adjoint(np.ones((3, 8)), own, 20)
    with pytest.raises(ValueError, match="`rows` must have rank 1 or 2"):
        measure(np.ones((2, 20)), rows[None, None])
    with pytest.raises(TypeError, match="`x` must be floating point"):
        measure(np.ones((2, 20), np.int32), rows)
    for size in (-1, 2.5, True):
        with pytest.raises(ValueError, match="`signal_size` must be"):
            adjoint(np.ones((2, 7)), rows, size)


@needs_native
@pytest.mark.parametrize(
    ("x_shape", "rows_shape"),
    [((20,), (3,)), ((2, 20, 1), (3,)), ((2, 20), ()), ((2, 20), (3, 1)),
     ((2, 20), (2, 3, 1)), ((2, 0), (3,)), ((0, 20), (1, 3))],
)  # fmt: skip
def test_native_op_refuses_what_the_wrapper_cannot_see(x_shape, rows_shape):
    rows = tf.zeros(rows_shape, tf.int32)
    with pytest.raises(tf.errors.InvalidArgumentError):
        library.native().gencs_mask_measure(x=tf.ones(x_shape), rows=rows)
    with pytest.raises(tf.errors.InvalidArgumentError):
        library.native().gencs_mask_adjoint(
            y=tf.ones((4, 5)), rows=rows, signal_size=20
        )


@needs_native
def test_signals_too_large_are_an_error():
    rows = tf.zeros(3, tf.int32)
    measured = {"y": tf.ones((16, 3)), "rows": rows}
    with pytest.raises(tf.errors.InvalidArgumentError):  # 2^64 values in all
        library.native().gencs_mask_adjoint(**measured, signal_size=2**60)
    with pytest.raises((tf.errors.InvalidArgumentError, ValueError)):
        library.native().gencs_mask_adjoint(**measured, signal_size=-1)
    with pytest.raises(tf.errors.ResourceExhaustedError):
        library.native().gencs_mask_adjoint(**measured, signal_size=2**55)
