"""Every native op, called with what nobody should call it with.

A call must succeed with the right shapes or raise; a crash would end the test run.
"""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.framework import op_def_registry

from tf_gencs import ops
from tf_gencs.ops import first_order, lbfgs, library

CALLS = 300
HUGE = 2**61  # of these entries, no tensor can exist that is not empty
LIMITS = [-1, -(2**63), 2**62, 2**63 - 1]  # sizes that are none
ACCEPTED = (
    ValueError,
    TypeError,  # an attribute that its type cannot hold
    tf.errors.InvalidArgumentError,
    tf.errors.ResourceExhaustedError,  # only for sizes beyond any memory
)

pytestmark = pytest.mark.skipif(
    library.native() is None, reason="the native library is not built"
)


class Hostile:
    """Random arguments, most of them almost right."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.dtype = self.rng.choice(["float32", "float64"])

    def one_in(self, n):
        return self.rng.integers(n) == 0

    def size(self):
        return int(self.rng.choice([0, 1, 2, 3, 5, 12, 17, 33, 64, 100]))

    def limit(self, size, limits=LIMITS):
        """The size, or now and then what it cannot be."""
        return int(self.rng.choice(limits)) if self.one_in(12) else size

    def shape(self, *sizes):
        """Shapes with one more or less axis or entry, or none and a huge one."""
        shape = list(sizes)
        if not self.one_in(6):
            return shape
        change = self.rng.integers(4)
        at = int(self.rng.integers(len(shape) + 1))
        if change == 0:
            shape.insert(at, self.size())
        elif change == 1:
            del shape[at:]
        elif change == 2 and at < len(shape):
            shape[at] = max(0, shape[at] + int(self.rng.choice([-1, 1])))
        elif len(shape) > 1:
            shape = [min(size, 3) for size in shape]  # else it could not be made
            shape[at % len(shape)] = HUGE
            shape[(at + 1) % len(shape)] = 0
        return shape

    def reals(self, *sizes, dtype=None):
        shape = self.shape(*sizes)
        special = [0.0, -1.0, 1.0, np.inf, np.nan, 1e38]
        if 0 in shape:
            return tf.zeros(shape, dtype or self.dtype)
        values = self.rng.choice(special, shape)
        return tf.constant(values, dtype or self.dtype)

    def integers(self, *sizes, dtype, near):
        """Integers from 0 to near, and a few far away."""
        shape = self.shape(*sizes)
        if 0 in shape:
            return tf.zeros(shape, dtype)
        values = self.rng.integers(0, max(near, 1), shape).astype(dtype)
        if self.one_in(4) and values.size:
            limits = np.iinfo(dtype)
            wrong = self.rng.choice([-1, near, limits.min, limits.max])
            values.flat[self.rng.integers(values.size)] = np.clip(
                wrong, limits.min, limits.max
            )
        return tf.constant(values)


def dense_residual(hostile):
    batch, n, m = hostile.size(), hostile.size(), hostile.size()
    arguments = {
        "matrix": hostile.reals(m, n),
        "x": hostile.reals(batch, n),
        "y": hostile.reals(batch, m),
    }
    return arguments, lambda matrix, x, y: [y.shape, x.shape]


def hadamard_operator(hostile, n, m):
    size = ops.hadamard_size(max(n, 1))
    return {
        "signs": hostile.integers(n, dtype="int8", near=2),
        "rows": hostile.integers(m, dtype="int32", near=size),
    }


def hadamard_measure(hostile):
    batch, n, m = hostile.size(), hostile.size(), hostile.size()
    arguments = {"x": hostile.reals(batch, n), **hadamard_operator(hostile, n, m)}
    return arguments, lambda x, signs, rows: [(x.shape[0], rows.shape[0])]


def hadamard_adjoint(hostile):
    batch, n, m = hostile.size(), hostile.size(), hostile.size()
    arguments = {"y": hostile.reals(batch, m), **hadamard_operator(hostile, n, m)}
    return arguments, lambda y, signs, rows: [(y.shape[0], signs.shape[0])]


def hadamard_residual(hostile):
    batch, n, m = hostile.size(), hostile.size(), hostile.size()
    arguments = {
        "x": hostile.reals(batch, n),
        "y": hostile.reals(batch, m),
        **hadamard_operator(hostile, n, m),
    }
    return arguments, lambda x, y, signs, rows: [y.shape, x.shape]


def lbfgs_step(hostile):
    lanes, size, history = hostile.size(), hostile.size(), hostile.size()
    if hostile.one_in(20):
        history = 1025  # one more than a step can hold
    state = lbfgs.LbfgsState(
        z=hostile.reals(lanes, size),
        value=hostile.reals(lanes),
        gradient=hostile.reals(lanes, size),
        direction=hostile.reals(lanes, size),
        step_size=hostile.reals(lanes),
        s_history=hostile.reals(lanes, history, size),
        y_history=hostile.reals(lanes, history, size),
        count=hostile.integers(lanes, dtype="int64", near=history + 2),
        status=hostile.integers(lanes, dtype="int64", near=3),
    )
    arguments = {
        **state._asdict(),
        "trial_value": hostile.reals(lanes),
        "trial_gradient": hostile.reals(lanes, size),
        "tolerance": float(hostile.rng.choice([0.0, -1.0, np.nan, 1e30])),
        "armijo": float(hostile.rng.choice([1e-4, -1.0, np.inf])),
    }
    return arguments, lambda **all: [*(s.shape for s in state), state.z.shape]


def lane_state(hostile, state, lanes, size):
    """Fields as their names have them: [L] or [L, k]."""
    fields = {}
    for name in state._fields:
        if name in ("count", "status"):
            fields[name] = hostile.integers(lanes, dtype="int64", near=3)
        elif name == "best_value":
            fields[name] = hostile.reals(lanes)
        else:
            fields[name] = hostile.reals(lanes, size)
    return fields


def adam_step(hostile):
    lanes, size = hostile.size(), hostile.size()
    state = lane_state(hostile, first_order.AdamState, lanes, size)
    arguments = {
        **state,
        "value": hostile.reals(lanes),
        "gradient": hostile.reals(lanes, size),
        "rate": hostile.reals(lanes),
        "beta_1": hostile.reals(),
        "beta_2": hostile.reals(),
        "epsilon": hostile.reals(),
    }
    return arguments, lambda **all: [tensor.shape for tensor in state.values()]


def momentum_step(hostile):
    lanes, size = hostile.size(), hostile.size()
    state = lane_state(hostile, first_order.MomentumState, lanes, size)
    arguments = {
        **state,
        "value": hostile.reals(lanes),
        "gradient": hostile.reals(lanes, size),
        "rate": hostile.reals(lanes),
        "momentum": hostile.reals(),
        "nesterov": bool(hostile.one_in(2)),
    }
    return arguments, lambda **all: [tensor.shape for tensor in state.values()]


def mask_rows(hostile, batch, n, m):
    own = [batch] if hostile.one_in(2) else []
    return hostile.integers(*own, m, dtype="int32", near=n)


def mask_measure(hostile):
    batch, n, m = hostile.size(), hostile.size(), hostile.size()
    rows = mask_rows(hostile, batch, n, m)
    arguments = {"x": hostile.reals(batch, n), "rows": rows}
    return arguments, lambda x, rows: [(x.shape[0], rows.shape[-1])]


def mask_adjoint(hostile):
    batch, n, m = hostile.size(), hostile.size(), hostile.size()
    rows = mask_rows(hostile, batch, n, m)
    arguments = {
        "y": hostile.reals(batch, m),
        "rows": rows,
        "signal_size": hostile.limit(n),
    }
    return arguments, lambda y, rows, signal_size: [(y.shape[0], signal_size)]


def blur_settings(hostile, height, width):
    factor = int(hostile.rng.integers(1, 6))
    longest = 2 * max(min(height, width), 1) + factor
    border = str(hostile.rng.choice(["circular", "reflect"]))
    return {
        "kernel_y": hostile.reals(int(hostile.rng.integers(1, longest))),
        "kernel_x": hostile.reals(int(hostile.rng.integers(1, longest))),
        "factor": hostile.limit(hostile.limit(factor, [0, 2**30, 2**30 + 1])),
        "border": "zero" if hostile.one_in(30) else border,
    }


def downsampled(size, factor):
    return -(-size // factor)


def blur_downsample(hostile):
    batch, channels = hostile.rng.integers(0, 4, 2)
    height, width = hostile.size(), hostile.size()
    images = hostile.reals(int(batch), height, width, int(channels))
    arguments = {"images": images, **blur_settings(hostile, height, width)}

    def shapes(images, factor, **_):
        batch, height, width, channels = images.shape
        sizes = downsampled(height, factor), downsampled(width, factor)
        return [(batch, *sizes, channels)]

    return arguments, shapes


def blur_downsample_adjoint(hostile):
    batch, channels = (int(size) for size in hostile.rng.integers(0, 4, 2))
    height, width = hostile.size(), hostile.size()
    settings = blur_settings(hostile, height, width)
    if batch == 0:
        height = hostile.limit(height, [HUGE, 2**31])  # of no images
    factor = max(settings["factor"], 1)
    sizes = downsampled(height, factor), downsampled(width, factor)
    empty = tf.zeros([0, *sizes, channels], hostile.dtype)
    arguments = {
        "y": hostile.reals(batch, *sizes, channels) if batch else empty,
        **settings,
        "height": hostile.limit(height),
        "width": hostile.limit(width),
    }

    def shapes(y, height, width, **_):
        return [(y.shape[0], height, width, y.shape[3])]

    return arguments, shapes


def random_matrix_settings(hostile):
    limits = np.iinfo("int64")
    seed = hostile.rng.integers(limits.min, limits.max, hostile.shape(2))
    name = str(hostile.rng.choice(["gaussian", "rademacher"]))
    return {
        "seed": tf.constant(seed, tf.int64),
        "distribution": "uniform" if hostile.one_in(30) else name,
    }


def random_matrix(hostile):
    sizes = [hostile.limit(hostile.size(), [*LIMITS, 2**31]) for _ in range(2)]
    if hostile.one_in(10):
        # More bytes than an integer counts, or none.
        sizes = [2**31 - 1, int(hostile.rng.choice([0, 2**31 - 1]))]
    if hostile.one_in(10):
        wrong = [[], sizes[:1], [sizes], [*sizes, 1]]
        sizes = wrong[hostile.rng.integers(len(wrong))]
    arguments = {
        "shape": tf.constant(sizes, tf.int64),
        "T": hostile.dtype,
        **random_matrix_settings(hostile),
    }
    return arguments, lambda shape, **_: [tuple(shape.numpy())]


def random_product(signal, size):
    """A generator for `signal` of another size and so many entries `size`."""

    def generator(hostile):
        batch = hostile.size()
        signals = hostile.reals(batch, hostile.size())
        # Without signals, the largest size needs no memory.
        limits = [*LIMITS, 2**31] if signals.shape[:1] != [0] else [2**31 - 1]
        entries = hostile.limit(hostile.size(), limits)
        arguments = {
            signal: signals,
            size: tf.constant([entries] if hostile.one_in(20) else entries, tf.int64),
            **random_matrix_settings(hostile),
        }

        def shapes(**all):
            return [(all[signal].shape[0], int(all[size]))]

        return arguments, shapes

    return generator


GENERATORS = {
    "Gencs>AdamStep": adam_step,
    "Gencs>BlurDownsample": blur_downsample,
    "Gencs>BlurDownsampleAdjoint": blur_downsample_adjoint,
    "Gencs>DenseResidual": dense_residual,
    "Gencs>HadamardAdjoint": hadamard_adjoint,
    "Gencs>HadamardMeasure": hadamard_measure,
    "Gencs>HadamardResidual": hadamard_residual,
    "Gencs>LbfgsStep": lbfgs_step,
    "Gencs>MaskAdjoint": mask_adjoint,
    "Gencs>MaskMeasure": mask_measure,
    "Gencs>MomentumStep": momentum_step,
    "Gencs>RandomMatrix": random_matrix,
    "Gencs>RandomMatrixAdjoint": random_product("y", "signal_size"),
    "Gencs>RandomMatrixMeasure": random_product("x", "measurements"),
}


def native_functions():
    """The function of every op of the library, by the name of the op."""
    library_of_ops = library.native()
    names = [name for name in dir(library_of_ops) if name.startswith("gencs_")]
    functions = {}
    for name in names:
        words = name.removeprefix("gencs_").split("_")
        op = "Gencs>" + "".join(word.capitalize() for word in words)
        if op_def_registry.get(op) is not None:
            functions[op] = getattr(library_of_ops, name)
    return functions


def test_every_op_of_the_library_has_a_generator():
    assert sorted(native_functions()) == sorted(GENERATORS)


@pytest.mark.parametrize("op", sorted(GENERATORS))
def test_hostile_calls_succeed_or_raise(op):
    function = native_functions()[op]
    succeeded = 0
    for seed in range(CALLS):
        arguments, expected_shapes = GENERATORS[op](Hostile(seed))
        try:
            result = function(**arguments)
        except ACCEPTED:
            continue
        results = [result] if isinstance(result, tf.Tensor) else list(result)
        shapes = [tuple(tensor.shape) for tensor in results]
        assert shapes == [tuple(shape) for shape in expected_shapes(**arguments)]
        succeeded += 1
    # Neither all calls are wrong nor all are right.
    assert CALLS / 20 < succeeded < CALLS * 19 / 20


def static_shape(hostile, tensor):
    """What a graph may know of the shape of a tensor."""
    if hostile.one_in(8):
        return None
    return [None if hostile.one_in(3) else size for size in tensor.shape]


@pytest.mark.parametrize("op", sorted(GENERATORS))
def test_shape_functions_promise_only_what_comes(op):
    function = native_functions()[op]
    promised = refused = 0
    for seed in range(CALLS // 2):
        hostile = Hostile(seed)
        arguments, expected_shapes = GENERATORS[op](hostile)
        try:
            function(**arguments)
            shapes = expected_shapes(**arguments)
        except ACCEPTED:
            shapes = None  # then no graph needs to be possible, but may be
        with tf.Graph().as_default():
            symbolic = dict(arguments)
            for name, value in arguments.items():
                if tf.is_tensor(value):
                    symbolic[name] = tf.compat.v1.placeholder(
                        value.dtype, static_shape(hostile, value)
                    )
                    known = value.dtype == tf.int64 and value.shape.num_elements()
                    if known and hostile.one_in(2):
                        symbolic[name] = tf.constant(value.numpy())
            try:
                result = function(**symbolic)
            except ACCEPTED:
                assert shapes is None
                refused += 1
                continue
        results = [result] if tf.is_tensor(result) else list(result)
        for tensor, shape in zip(results, shapes or [], strict=shapes is not None):
            assert tensor.shape.is_compatible_with(shape)
            promised += tensor.shape.rank == len(shape)
    assert promised > 0
    assert refused > 0


def test_dense_refuses_batches_whose_outputs_would_overflow():
    # Neither A nor x nor y has an entry; A x - y would have too many for a size.
    operands = {"matrix": tf.zeros([0, 0]), "y": tf.zeros([HUGE, 0])}
    result = library.native().gencs_dense_residual(x=tf.zeros([HUGE, 0]), **operands)
    assert [tensor.shape for tensor in result] == [[HUGE, 0], [HUGE, 0]]
    with pytest.raises(tf.errors.InvalidArgumentError, match="`x` must have shape"):
        library.native().gencs_dense_residual(x=tf.zeros([0, HUGE]), **operands)


def test_hadamard_refuses_batches_whose_outputs_would_overflow():
    signs, no_rows = tf.ones([20], tf.int8), tf.zeros([0], tf.int32)
    y = tf.zeros([HUGE, 0])
    with pytest.raises(tf.errors.InvalidArgumentError):
        library.native().gencs_hadamard_adjoint(y=y, signs=signs, rows=no_rows)


def test_lbfgs_refuses_lanes_whose_state_would_overflow():
    state = dict.fromkeys(lbfgs.LbfgsState._fields, tf.zeros([HUGE, 0, HUGE]))
    state |= dict.fromkeys(["count", "status"], tf.zeros([0], tf.int64))
    trial = {"trial_value": tf.zeros([0]), "trial_gradient": tf.zeros([0, 4])}
    for other in ([HUGE, 0], [0, HUGE], [0]):
        with pytest.raises(tf.errors.InvalidArgumentError):
            library.native().gencs_lbfgs_step(
                **{**state, "z": tf.zeros(other)}, **trial, tolerance=0.0
            )


def test_masks_of_endless_empty_batches_take_no_time():
    x, no_rows = tf.zeros([HUGE, 0]), tf.zeros([0], tf.int32)
    native = library.native()
    assert native.gencs_mask_measure(x=x, rows=no_rows).shape == x.shape
    assert native.gencs_mask_adjoint(y=x, rows=no_rows, signal_size=0).shape == x.shape


def test_random_matrices_of_endless_empty_batches_take_no_time():
    x, seed = tf.zeros([HUGE, 0]), tf.constant([1, 2], tf.int64)
    native = library.native()
    arguments = {"seed": seed, "distribution": "gaussian"}
    y = native.gencs_random_matrix_measure(x=x, measurements=0, **arguments)
    assert y.shape == x.shape
    back = native.gencs_random_matrix_adjoint(y=x, signal_size=0, **arguments)
    assert back.shape == x.shape
