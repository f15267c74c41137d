import numpy as np
import pytest
import tensorflow as tf

from tf_gencs.ops import lbfgs, library

STEPS = pytest.mark.parametrize(
    "step", [lbfgs.lbfgs_step, lbfgs.lbfgs_step_twin], ids=["native", "twin"]
)
needs_native = pytest.mark.skipif(
    library.native() is None, reason="the native library is not built"
)


def quadratic(rng, lanes, size, condition=100.0, dtype="float64"):
    """Objectives (z - c)' Q (z - c) / 2 + 1, one for each lane, and their optima."""
    basis = np.linalg.qr(rng.normal(size=(lanes, size, size)))[0]
    spectrum = np.geomspace(1, condition, size)
    curvature = tf.constant((basis * spectrum) @ np.swapaxes(basis, 1, 2), dtype)
    optimum = tf.constant(rng.normal(size=(lanes, size)), dtype)

    def evaluate(z):
        gradient = tf.linalg.matvec(curvature, z - optimum)
        return tf.reduce_sum((z - optimum) * gradient, axis=-1) / 2 + 1, gradient

    return evaluate, optimum


def rosenbrock(z):
    with tf.GradientTape() as tape:
        tape.watch(z)
        bend = z[:, 1:] - z[:, :-1] ** 2
        value = tf.reduce_sum(100 * bend**2 + (1 - z[:, :-1]) ** 2, axis=-1)
    return value, tape.gradient(value, z)


def minimise(step, evaluate, z, steps, tolerance=1e-12, history=10):
    """Returns the state after every step, stacked."""

    @tf.function
    def start(z):
        return lbfgs.lbfgs_start(z, *evaluate(z), history)

    @tf.function
    def advance(state, trial):
        return step(state, *evaluate(trial), tolerance)

    state, trial = start(z)
    states = [state]
    for _ in range(steps):
        state, trial = advance(state, trial)
        states.append(state)
    return lbfgs.LbfgsState(*map(np.stack, zip(*states, strict=True)))


@STEPS
def test_reaches_the_known_optimum_of_quadratics(rng, step):
    evaluate, optimum = quadratic(rng, lanes=20, size=12)
    path = minimise(step, evaluate, tf.zeros([20, 12], tf.float64), steps=150)
    assert np.all(path.status[-1] == lbfgs.CONVERGED)
    np.testing.assert_allclose(path.z[-1], optimum, atol=1e-5)
    np.testing.assert_allclose(path.value[-1], 1, atol=1e-10)


@STEPS
def test_reaches_the_optimum_of_rosenbrock(rng, step):
    z = tf.constant(rng.normal(size=(30, 2)))
    path = minimise(step, rosenbrock, z, steps=150, tolerance=1e-14)
    np.testing.assert_allclose(path.z[-1], np.ones((30, 2)), atol=1e-6)


@STEPS
def test_value_never_rises(rng, step):
    path = minimise(step, rosenbrock, tf.constant(rng.normal(size=(20, 5))), steps=80)
    assert np.all(np.diff(path.value, axis=0) <= 0)
    assert np.any(np.diff(path.value, axis=0)[:10] < 0)


@STEPS
def test_state_holds_the_objective_and_gradient_of_its_point(rng, step):
    path = minimise(step, rosenbrock, tf.constant(rng.normal(size=(20, 5))), steps=30)
    value, gradient = rosenbrock(tf.constant(path.z[-1]))
    np.testing.assert_allclose(path.value[-1], value, rtol=1e-12)
    np.testing.assert_allclose(path.gradient[-1], gradient, rtol=1e-9, atol=1e-9)


@pytest.mark.long
@needs_native
@pytest.mark.parametrize("history", [1, 3, 10])
@pytest.mark.parametrize("size", [7, 20, 100])
def test_native_follows_the_path_of_the_twin_on_quadratics(rng, size, history):
    evaluate, _ = quadratic(rng, 16, size)
    z = tf.constant(rng.normal(size=(16, size)))
    native = minimise(lbfgs.lbfgs_step, evaluate, z, 120, 1e-9, history)
    twin = minimise(lbfgs.lbfgs_step_twin, evaluate, z, 120, 1e-9, history)
    # Paths amplify rounding: with a history of 1, a start that is one bit aside lands
    # 2e-6 aside after 50 steps, and stops up to 5 steps earlier or later. So what is
    # compared is where paths begin and where they end.
    together = 12
    for ours, theirs in zip(native, twin, strict=True):
        scale = np.max(np.abs(theirs[:together]))
        error = np.abs(ours[:together] - theirs[:together])
        assert np.max(error) <= 1e-8 * scale
    for path in (native, twin):
        assert np.all(path.status[-1] == lbfgs.CONVERGED)
    np.testing.assert_allclose(native.value[-1], twin.value[-1], rtol=1e-6)


@needs_native
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_one_native_step_equals_one_step_of_the_twin_from_any_state(rng, dtype):
    lanes, size, history = 400, 9, 4
    epsilon = np.finfo(dtype).eps

    def normal(*shape):
        return tf.constant(rng.normal(size=shape), dtype)

    s_history = normal(lanes, history, size)
    gradient = normal(lanes, size)
    state = lbfgs.LbfgsState(
        z=normal(lanes, size),
        value=normal(lanes),
        gradient=gradient,
        direction=-gradient,
        step_size=tf.abs(normal(lanes)),
        s_history=s_history,
        y_history=s_history * 2 + 0.3 * normal(lanes, history, size),
        count=tf.constant(rng.integers(0, 9, lanes)),
        status=tf.constant(rng.integers(0, 3, lanes)),
    )
    trial_value = state.value + normal(lanes)
    trial_gradient = gradient + 0.5 * normal(lanes, size)
    spoilt = rng.integers(0, 10, (lanes, 1)) == 0
    trial_gradient = tf.where(spoilt, tf.constant(np.inf, dtype), trial_gradient)
    arguments = state, trial_value, trial_gradient, 1e-3
    native, native_trial = lbfgs.lbfgs_step(*arguments)
    twin, twin_trial = lbfgs.lbfgs_step_twin(*arguments)
    np.testing.assert_array_equal(native.status, twin.status)
    np.testing.assert_array_equal(native.count, twin.count)
    tensors = zip((*native[:7], native_trial), (*twin[:7], twin_trial), strict=True)
    for ours, theirs in tensors:
        # Errors grow with the largest number met on the way, lane by lane.
        largest = np.max(np.abs(theirs).reshape(lanes, -1), axis=1)
        error = np.max(np.abs(ours - theirs).reshape(lanes, -1), axis=1)
        assert np.all(error <= 1e4 * epsilon * np.maximum(largest, 1))


@STEPS
def test_lanes_with_nan_leave_the_others_alone_bit_for_bit(rng, step):
    start = rng.normal(size=(12, 5))
    poisoned = np.array([0, 3, 7, 11])

    def evaluate(z, poison):
        value, gradient = rosenbrock(z)
        # Once bent far enough, these objectives are NaN: at the start of one lane, and
        # on the way of the others.
        bad = poison & ((value < 5) | (tf.range(12) == 0))
        nan = tf.constant(np.nan, z.dtype)
        return tf.where(bad, nan, value), tf.where(bad[:, None], nan, gradient)

    mask = np.isin(np.arange(12), poisoned)
    z = tf.constant(start)
    clean = minimise(step, lambda z: evaluate(z, False), z, 60)
    dirty = minimise(step, lambda z: evaluate(z, mask), z, 60)
    for ours, theirs in zip(dirty, clean, strict=True):
        np.testing.assert_array_equal(ours[:, ~mask], theirs[:, ~mask])
    assert dirty.status[-1, 0] == lbfgs.FAILED
    assert np.all(np.isfinite(dirty.z))
    assert np.all(np.isfinite(dirty.value[:, 1:]))


@needs_native
def test_a_lane_gives_the_same_bits_alone_and_among_others(rng):
    z = tf.constant(rng.normal(size=(64, 7)).astype(np.float32))
    together = minimise(lbfgs.lbfgs_step, rosenbrock, z, 40)
    alone = minimise(lbfgs.lbfgs_step, rosenbrock, z[5:6], 40)
    np.testing.assert_array_equal(together.z[:, 5:6], alone.z)


@STEPS
def test_stopped_lanes_keep_everything(rng, step):
    evaluate, _ = quadratic(rng, lanes=3, size=4)
    state, trial = lbfgs.lbfgs_start(
        tf.ones([3, 4], tf.float64), *evaluate(tf.ones([3, 4], tf.float64)), 5
    )
    stopped = state._replace(status=tf.constant([1, 2, 0], tf.int64))
    new, new_trial = step(stopped, *evaluate(trial), 0.0)
    for ours, theirs in zip(new, stopped, strict=True):
        np.testing.assert_array_equal(ours[:2], theirs[:2])
    np.testing.assert_array_equal(new_trial[:2], state.z[:2])
    assert np.all(new.z[2] != state.z[2])


@STEPS
def test_state_given_in_is_not_changed(rng, step):
    evaluate, _ = quadratic(rng, lanes=3, size=4)
    z = tf.ones([3, 4], tf.float64)
    state, trial = lbfgs.lbfgs_start(z, *evaluate(z), 5)
    before = [tensor.numpy().copy() for tensor in state]
    step(state, *evaluate(trial), 0.0)
    for tensor, copy in zip(state, before, strict=True):
        np.testing.assert_array_equal(tensor, copy)


@STEPS
def test_rejected_trials_shorten_the_step_within_bounds(step):
    z, gradient = tf.zeros([4, 1], tf.float64), tf.ones([4, 1], tf.float64)
    state, _ = lbfgs.lbfgs_start(z, tf.zeros([4], tf.float64), gradient, 3)
    # slope -1, step 1: the parabola through f has its minimum at 1 / (2 (f + 1)).
    trial_value = tf.constant([1.0, 100.0, -1e-5, np.nan], tf.float64)
    new, trial = step(state, trial_value, gradient, 0.0)
    np.testing.assert_allclose(new.step_size, [0.25, 0.1, 0.5, 0.1], rtol=1e-4)
    np.testing.assert_allclose(trial[:, 0], -new.step_size)
    np.testing.assert_array_equal(new.z, z)


@STEPS
def test_gives_up_where_no_step_brings_progress(step):
    def evaluate(z):  # a lying gradient: every step from 0 goes up
        return tf.reduce_sum(tf.abs(z), axis=-1), tf.ones_like(z)

    path = minimise(step, evaluate, tf.zeros([2, 3], tf.float64), steps=60)
    assert np.all(path.status[-1] == lbfgs.CONVERGED)
    np.testing.assert_array_equal(path.z[-1], np.zeros((2, 3)))


@STEPS
def test_loop_stops_by_itself_and_updates_in_a_while_loop(rng, step):
    evaluate, optimum = quadratic(rng, lanes=8, size=6, dtype="float32")

    @tf.function
    def run(z):
        def condition(count, state, trial):
            return (count < 500) & tf.reduce_any(state.status == lbfgs.RUNNING)

        def body(count, state, trial):
            return (count + 1, *step(state, *evaluate(trial), 1e-7))

        start = lbfgs.lbfgs_start(z, *evaluate(z), 6)
        return tf.while_loop(condition, body, (0, *start))

    count, state, _ = run(tf.zeros([8, 6]))
    assert 5 < count < 200
    np.testing.assert_allclose(state.z, optimum, atol=2e-2)


def test_start_marks_lanes_that_cannot_or_need_not_run():
    value = tf.constant([1.0, np.nan, 1.0, 1.0, np.inf])
    gradient = tf.constant([[3.0, 4.0], [1, 1], [np.inf, 0], [0, 0], [1, 1]])
    state, trial = lbfgs.lbfgs_start(tf.ones([5, 2]), value, gradient, history=4)
    running, converged, failed = lbfgs.RUNNING, lbfgs.CONVERGED, lbfgs.FAILED
    expected = [running, failed, failed, converged, failed]
    np.testing.assert_array_equal(state.status, expected)
    np.testing.assert_allclose(trial[0], [1 - 3 / 5, 1 - 4 / 5], rtol=1e-6)
    np.testing.assert_array_equal(trial[1:], np.ones((4, 2)))
    assert np.all(np.isfinite(state.direction))
    assert state.s_history.shape == (5, 4, 2)


@STEPS
@pytest.mark.parametrize(("lanes", "size"), [(0, 3), (2, 0), (0, 0)])
def test_empty_states_work(step, lanes, size):
    z = tf.zeros([lanes, size])
    state, trial = lbfgs.lbfgs_start(z, tf.zeros([lanes]), z, history=2)
    state, trial = step(state, tf.zeros([lanes]), tf.zeros([lanes, size]), 1e-5)
    assert trial.shape == (lanes, size)
    assert np.all(state.status == lbfgs.CONVERGED)


def test_rejects_wrong_shapes_and_history():
    z, value = tf.zeros([3, 4]), tf.zeros([3])
    with pytest.raises(ValueError, match=r"`history` must lie in \[1, 1024\]"):
        lbfgs.lbfgs_start(z, value, z, history=0)
    with pytest.raises(ValueError, match="`gradient` must have shape"):
        lbfgs.lbfgs_start(z, value, z[:, :2], history=3)
    state, _ = lbfgs.lbfgs_start(z, value, z, history=3)
    with pytest.raises(ValueError, match="`trial_value` must have shape"):
        lbfgs.lbfgs_step(state, tf.zeros([2]), z, 0.0)
    with pytest.raises(ValueError, match="`trial_gradient` must have shape"):
        lbfgs.lbfgs_step(state, value, tf.zeros([3, 5]), 0.0)


@needs_native
@pytest.mark.parametrize("field", lbfgs.LbfgsState._fields)
def test_native_op_refuses_tensors_of_the_wrong_shape(field):
    z = tf.zeros([3, 4])
    state, _ = lbfgs.lbfgs_start(z, tf.zeros([3]), z, history=2)
    wrong = tf.concat([getattr(state, field)] * 2, axis=0)
    broken = state._replace(**{field: wrong})
    with pytest.raises(tf.errors.InvalidArgumentError):
        library.native().gencs_lbfgs_step(*broken, tf.zeros([3]), z, tolerance=0.0)


@needs_native
def test_native_op_survives_nonsense_in_the_state():
    z = tf.ones([3, 4])
    state, _ = lbfgs.lbfgs_start(z, tf.ones([3]), z, history=2)
    nonsense = state._replace(
        count=tf.constant([-5, 2**62, -(2**63)], tf.int64),
        step_size=tf.constant([np.nan, -1.0, np.inf]),
    )
    new, _ = lbfgs.lbfgs_step(nonsense, tf.zeros([3]), z, 0.0)
    assert np.all(new.count >= 0)


@needs_native
def test_native_shapes_survive_unknown_dimensions():
    def spec(rank, dtype="float32"):
        return tf.TensorSpec([None] * rank, dtype)

    floats = [spec(rank) for rank in (2, 1, 2, 2, 1, 3, 3)]
    integers = [spec(1, "int64")] * 2

    @tf.function(input_signature=[*floats, *integers, spec(1), spec(2)])
    def step(*tensors):
        return library.native().gencs_lbfgs_step(*tensors, tolerance=0.0)

    concrete = step.get_concrete_function()
    ranks = [shape.rank for shape in concrete.output_shapes]
    assert ranks == [2, 1, 2, 2, 1, 3, 3, 1, 1, 2]


@needs_native
def test_native_shapes_come_from_any_input_that_knows_them():
    unknown = [tf.TensorSpec(None)] * 7 + [tf.TensorSpec(None, "int64")] * 2
    unknown[5] = tf.TensorSpec([3, 2, 4])

    @tf.function(input_signature=[*unknown, tf.TensorSpec(None), tf.TensorSpec(None)])
    def step(*tensors):
        return library.native().gencs_lbfgs_step(*tensors, tolerance=0.0)

    shapes = [shape.as_list() for shape in step.get_concrete_function().output_shapes]
    ring, matrix, vector = [3, 2, 4], [3, 4], [3]
    assert shapes == [
        *(matrix, vector, matrix, matrix, vector, ring, ring, vector, vector, matrix)
    ]
