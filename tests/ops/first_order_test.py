import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_gencs.ops import first_order, lane_status, library

ADAM = first_order.adam_start, first_order.adam_step, first_order.adam_step_twin
MOMENTUM = (
    first_order.momentum_start,
    functools.partial(first_order.momentum_step, momentum=0.9),
    functools.partial(first_order.momentum_step_twin, momentum=0.9),
)
NESTEROV = (
    first_order.momentum_start,
    functools.partial(first_order.momentum_step, momentum=0.9, nesterov=True),
    functools.partial(first_order.momentum_step_twin, momentum=0.9, nesterov=True),
)
METHODS = {"adam": ADAM, "momentum": MOMENTUM, "nesterov": NESTEROV}
# (start, step) of every method, native and twin.
STEPS = pytest.mark.parametrize(
    ("start", "step"),
    [(start, step) for start, *steps in METHODS.values() for step in steps],
    ids=[f"{name}-{of}" for name in METHODS for of in ("native", "twin")],
)
DTYPES = pytest.mark.parametrize("dtype", ["float32", "float64"])
needs_native = pytest.mark.skipif(
    library.native() is None, reason="the native library is not built"
)
SIZES = [(1, 1), (5, 7), (300, 33)]


def random_state(rng, start, lanes, size, dtype):
    """Any state: some lanes stopped, some old, some new."""
    state = start(tf.constant(rng.normal(size=(lanes, size)), dtype))
    fields = {
        name: tf.constant(rng.normal(size=tensor.shape), dtype)
        for name, tensor in state._asdict().items()
        if tensor.dtype == dtype
    }
    if "square" in fields:
        fields["square"] = tf.square(fields["square"])
    return state._replace(
        **fields,
        count=tf.constant(rng.choice([0, 1, 2, 3, 1000], lanes)),
        status=tf.constant(rng.choice([0, 0, 0, 1, 2], lanes)),
    )


def random_evaluation(rng, lanes, size, dtype):
    value = rng.normal(size=lanes)
    gradient = rng.normal(size=(lanes, size))
    rate = rng.uniform(0.01, 1, lanes)
    return [tf.constant(x, dtype) for x in (value, gradient, rate)]


def widened(tensors):
    return [tf.cast(x, tf.float64) if x.dtype.is_floating else x for x in tensors]


@needs_native
@DTYPES
@pytest.mark.parametrize(("lanes", "size"), SIZES)
@pytest.mark.parametrize("method", METHODS)
def test_native_errs_no_more_than_twice_the_twin(rng, method, lanes, size, dtype):
    start, native_step, twin_step = METHODS[method]
    state = random_state(rng, start, lanes, size, dtype)
    evaluation = random_evaluation(rng, lanes, size, dtype)
    native, twin = native_step(state, *evaluation), twin_step(state, *evaluation)
    exact = twin_step(type(state)(*widened(state)), *widened(evaluation))
    moved = np.asarray(state.status) == lane_status.RUNNING
    for name, ours, theirs, best in zip(
        state._fields, native, twin, exact, strict=True
    ):
        assert ours.dtype == theirs.dtype
        if not ours.dtype.is_floating:
            np.testing.assert_array_equal(ours, theirs)
            continue
        np.testing.assert_array_equal(ours[~moved], getattr(state, name)[~moved])
        ours, theirs, best = (np.asarray(x, np.float64) for x in (ours, theirs, best))
        # float64 has nothing wider to compare with, and 1 - beta_2 makes a rounding of
        # g^2 a thousand times larger.
        roundings = 4 if dtype == "float32" else 1000
        scale = roundings * np.finfo(dtype).eps * np.max(np.abs(best))
        allowed = 2 * np.max(np.abs(theirs - best)) + scale
        assert np.max(np.abs(ours - best)) <= allowed


@STEPS
@DTYPES
def test_moves_as_the_optimizers_of_keras(rng, start, step, dtype):
    optimum = rng.normal(size=(4, 6))
    z = tf.constant(rng.normal(size=(4, 6)), dtype)
    state, variable = start(z), tf.Variable(tf.cast(z, tf.float32))
    if start is first_order.adam_start:
        optimizer = keras.optimizers.Adam(0.05, epsilon=1e-8)
    else:
        nesterov = step.keywords.get("nesterov", False)
        optimizer = keras.optimizers.SGD(0.05, momentum=0.9, nesterov=nesterov)
    optimizer.build([variable])
    for _ in range(30):
        gradient = state.z - tf.constant(optimum, dtype)
        value = tf.reduce_sum(gradient**2, -1) / 2
        state = step(state, value, gradient, tf.fill([4], tf.constant(0.05, dtype)))
        optimizer.apply([variable - tf.constant(optimum, tf.float32)], [variable])
    np.testing.assert_allclose(state.z, variable, atol=1e-4)
    np.testing.assert_array_equal(state.count, [30] * 4)


@STEPS
def test_follows_the_formula_by_hand(start, step):
    # One lane of one number: z = 1, g = 2 and then 4, at rate 0.1.
    state = start(tf.ones([1, 1], tf.float64))
    rate = tf.constant([0.1], tf.float64)
    zs = []
    for gradient in (2.0, 4.0):
        given = tf.constant([[gradient]], tf.float64)
        state = step(state, tf.zeros([1], tf.float64), given, rate)
        zs.append(float(state.z[0, 0]))
    if start is first_order.adam_start:
        mean, square = 0.9 * 0.2 + 0.1 * 4, 0.999 * 0.004 + 0.001 * 16
        second = (mean / (1 - 0.9**2)) / np.sqrt(square / (1 - 0.999**2))
        expected = [1 - 0.1, 1 - 0.1 - 0.1 * second]
    elif step.keywords.get("nesterov"):
        expected = [1 - 0.9 * 0.2 - 0.2, 0.62 - 0.9 * (0.9 * 0.2 + 0.4) - 0.4]
    else:
        expected = [0.8, 0.8 - (0.9 * 0.2 + 0.4)]
    np.testing.assert_allclose(zs, expected, rtol=1e-7)


@STEPS
def test_keeps_the_best_point_and_not_the_last(start, step):
    state = start(tf.zeros([2, 3]))
    rate, gradient = tf.fill([2], 0.1), tf.ones([2, 3])
    points = []
    for values in ([5.0, 1.0], [3.0, 2.0], [4.0, 1.0]):
        points.append(state.z)
        state = step(state, tf.constant(values), gradient, rate)
    np.testing.assert_array_equal(state.best_value, [3.0, 1.0])
    # Of equals, the first.
    np.testing.assert_array_equal(state.best_z, [points[1][0], points[0][1]])


@STEPS
def test_rates_belong_to_lanes(rng, start, step):
    state = start(tf.zeros([3, 4]))
    gradient = tf.ones([3, 4])
    new = step(state, tf.zeros([3]), gradient, tf.constant([0.0, 0.1, 0.2]))
    np.testing.assert_array_equal(new.z[0], np.zeros(4))
    np.testing.assert_allclose(new.z[2], 2 * new.z[1], rtol=1e-6)
    assert np.all(new.z[1] < 0)


@STEPS
@pytest.mark.parametrize("poison", [np.nan, np.inf, -np.inf, 1e30])
def test_lanes_that_are_not_finite_fail_and_keep_the_rest(rng, start, step, poison):
    state = random_state(rng, start, 6, 5, "float32")
    state = state._replace(status=tf.zeros([6], tf.int64))
    value, gradient, rate = (x.numpy() for x in random_evaluation(rng, 6, 5, "float32"))
    clean = step(state, value, gradient, rate)
    if poison != 1e30:  # a gradient's square overflows first
        value[1] = poison
    gradient[3, 2] = poison
    bad = np.array([1, 3]) if poison != 1e30 else np.array([3])
    good = np.setdiff1d(np.arange(6), bad)
    new = step(state, value, gradient, rate)
    np.testing.assert_array_equal(np.flatnonzero(new.status), bad)
    assert set(new.status.numpy()[bad]) == {lane_status.FAILED}
    for name in state._fields[:-1]:
        before, after = getattr(state, name).numpy(), getattr(new, name).numpy()
        np.testing.assert_array_equal(after[bad], before[bad])
        np.testing.assert_array_equal(after[good], getattr(clean, name).numpy()[good])


@STEPS
def test_state_given_in_is_not_changed(rng, start, step):
    state = random_state(rng, start, 6, 5, "float32")
    before = [tensor.numpy().copy() for tensor in state]
    step(state, *random_evaluation(rng, 6, 5, "float32"))
    for tensor, copy in zip(state, before, strict=True):
        np.testing.assert_array_equal(tensor, copy)


@STEPS
@pytest.mark.parametrize("known", [True, False])
def test_descends_in_a_while_loop(rng, start, step, known):
    optimum = tf.constant(rng.normal(size=(8, 5)), tf.float32)

    @tf.function(input_signature=[tf.TensorSpec([8, 5] if known else [None, None])])
    def run(z):
        def body(state):
            gradient = state.z - optimum
            value = tf.reduce_sum(gradient**2, -1)
            return (step(state, value, gradient, tf.fill(tf.shape(value), 0.05)),)

        return tf.while_loop(
            lambda state: True, body, (start(z),), maximum_iterations=400
        )[0]

    state = run(tf.zeros([8, 5]))
    np.testing.assert_allclose(state.best_z, optimum, atol=1e-3)


@STEPS
@pytest.mark.parametrize(("lanes", "size"), [(0, 3), (2, 0), (0, 0)])
def test_empty_states_work(start, step, lanes, size):
    state = start(tf.zeros([lanes, size]))
    new = step(state, tf.zeros([lanes]), tf.zeros([lanes, size]), tf.ones([lanes]))
    assert new.z.shape == (lanes, size)
    np.testing.assert_array_equal(new.count, np.ones(lanes))
    np.testing.assert_array_equal(new.best_value, np.zeros(lanes))


@STEPS
def test_half_precision_runs_in_the_twin(start, step):
    state = start(tf.zeros([2, 3], tf.bfloat16))
    ones = tf.ones([2, 3], tf.bfloat16)
    new = step(state, ones[:, 0], ones, ones[:, 0])
    assert new.z.dtype == tf.bfloat16
    assert np.all(tf.cast(new.z, tf.float32) < 0)


@pytest.mark.parametrize("method", METHODS)
def test_rejects_wrong_shapes(method):
    start, step, _ = METHODS[method]
    with pytest.raises(ValueError, match=r"`z` must have shape \(lanes, k\)"):
        start(tf.zeros([3]))
    state = start(tf.zeros([3, 4]))
    good = {"value": tf.zeros([3]), "gradient": state.z, "rate": tf.zeros([3])}
    for name in good:
        wrong = {**good, name: tf.zeros([5, 4])}
        with pytest.raises(ValueError, match=f"`{name}` must have shape"):
            step(state, **wrong)


@needs_native
def test_native_ops_refuse_tensors_of_the_wrong_shape():
    ops, one = library.native(), tf.ones([])
    z, vector = tf.zeros([3, 4]), tf.zeros([3])
    adam = [*first_order.adam_start(z), vector, z, vector, one, one, one]
    momentum = [*first_order.momentum_start(z), vector, z, vector, one]
    for function, arguments in [
        (ops.gencs_adam_step, adam),
        (ops.gencs_momentum_step, momentum),
    ]:
        function(*arguments)
        for i, tensor in enumerate(arguments):
            wrong = tf.stack([tensor, tensor])
            with pytest.raises(tf.errors.InvalidArgumentError):
                function(*arguments[:i], wrong, *arguments[i + 1 :])


@needs_native
def test_native_shapes_survive_unknown_dimensions():
    ops = library.native()

    def specs(ranks, known=None):
        return [
            tf.TensorSpec([3, 4] if i == known else [None] * rank, dtype)
            for i, (rank, dtype) in enumerate(ranks)
        ]

    adam = [(rank, "float32") for rank in (2, 2, 2, 2, 1)] + [(1, "int64")] * 2
    adam += [(rank, "float32") for rank in (1, 2, 1, 0, 0, 0)]
    momentum = [(rank, "float32") for rank in (2, 2, 2, 1)] + [(1, "int64")] * 2
    momentum += [(rank, "float32") for rank in (1, 2, 1, 0)]
    for function, ranks, outputs, gradient in [
        (ops.gencs_adam_step, adam, 7, 8),
        (ops.gencs_momentum_step, momentum, 6, 7),
    ]:
        unknown = tf.function(function, input_signature=specs(ranks))
        shapes = unknown.get_concrete_function().output_shapes
        assert [shape.rank for shape in shapes] == [rank for rank, _ in ranks[:outputs]]
        known = tf.function(function, input_signature=specs(ranks, known=gradient))
        shapes = known.get_concrete_function().output_shapes
        expected = [[3, 4][:rank] for rank, _ in ranks[:outputs]]
        assert [shape.as_list() for shape in shapes] == expected


def test_twins_need_core_ops_only():
    for start, step, _ in METHODS.values():
        with library.twins():
            graph = tf.function(step).get_concrete_function(
                start(tf.zeros([3, 4])), tf.zeros([3]), tf.zeros([3, 4]), tf.ones([3])
            )
        assert not [op for op in graph.graph.get_operations() if "Gencs" in op.type]


@needs_native
@pytest.mark.parametrize("count", [-5, -(2**63), 2**62, 2**63 - 1])
def test_native_ops_survive_nonsense_counts(count):
    for start, step, _ in METHODS.values():
        state = start(tf.zeros([1, 2]))._replace(count=tf.constant([count], tf.int64))
        new = step(state, tf.zeros([1]), tf.ones([1, 2]), tf.ones([1]))
        assert 0 < new.count[0] <= 2**62 + 1
        assert np.all(np.isfinite(new.z))
