import numpy as np
import pytest
import tensorflow as tf

from tf_gencs.ops import lane_status
from tf_gencs.ops import levenberg_marquardt as lm

RUNNING, CONVERGED, FAILED = (
    lane_status.RUNNING,
    lane_status.CONVERGED,
    lane_status.FAILED,
)
DTYPES = pytest.mark.parametrize("dtype", ["float32", "float64"])


def objective(residual, jacobian):
    """||r||^2, its gradient and its Gauss-Newton matrix."""
    normal, gradient = lm.normal_equations(jacobian, residual)
    return tf.reduce_sum(residual**2, axis=-1), 2 * gradient, 2 * normal


def linear(rng, lanes, size, residuals, dtype="float64"):
    """||J' z - y||^2, one problem a lane, and where the least of it lies."""
    jacobian = rng.normal(size=(lanes, size, residuals))
    y = rng.normal(size=(lanes, residuals))
    optimum = [
        np.linalg.lstsq(a.T, b, rcond=None)[0] for a, b in zip(jacobian, y, strict=True)
    ]
    jacobian, y = tf.constant(jacobian, dtype), tf.constant(y, dtype)

    def evaluate(z):
        return objective(tf.linalg.matvec(jacobian, z, transpose_a=True) - y, jacobian)

    return evaluate, np.stack(optimum)


def rosenbrock(z):
    x, y = z[:, 0], z[:, 1]
    one, zero = tf.ones_like(x), tf.zeros_like(x)
    residual = tf.stack([10 * (y - x**2), 1 - x], axis=1)
    by_x, by_y = tf.stack([-20 * x, -one], axis=1), tf.stack([10 * one, zero], axis=1)
    return objective(residual, tf.stack([by_x, by_y], axis=1))


def minimise(evaluate, z, steps, tolerance=1e-12):
    """Returns the state after every step, stacked."""
    advance = tf.function(
        lambda state: lm.lm_step(state, *evaluate(state.trial), tolerance)
    )
    states = [lm.lm_start(z, *evaluate(z))]
    for _ in range(steps):
        states.append(advance(states[-1]))
    return lm.LevenbergMarquardtState(*map(np.stack, zip(*states, strict=True)))


def random_state(rng, lanes, size, dtype):
    """Any state near enough to a real one: damping of all sizes, lanes of all kinds."""

    def real(*shape):
        return tf.constant(rng.normal(size=shape), dtype)

    def normal():
        factor = rng.normal(size=(lanes, size, max(size - 1, 1)))
        return tf.constant(factor @ np.swapaxes(factor, 1, 2), dtype)

    state = lm.LevenbergMarquardtState(
        z=real(lanes, size),
        value=tf.abs(real(lanes)) + 1,
        gradient=real(lanes, size),
        normal=normal(),
        damping=tf.constant(10.0 ** rng.integers(-9, 6, lanes), dtype),
        growth=tf.constant(2.0 ** rng.integers(1, 9, lanes), dtype),
        trial=real(lanes, size),
        predicted=tf.abs(real(lanes)),
        count=tf.constant(rng.choice([0, 1, 2, 30], lanes)),
        status=tf.constant(rng.choice([0, 0, 0, 1, 2], lanes)),
    )
    trial_value = state.value + real(lanes)
    trial_gradient = tf.where(rng.integers(0, 8, (lanes, 1)) == 0, 0, real(lanes, size))
    trial_normal = normal()
    # Some with negative curvature, some that are not finite.
    trial_normal *= tf.constant(rng.choice([1, 1, 1, -1], (lanes, 1, 1)), dtype)
    nan = tf.constant(np.nan, dtype)
    trial_value = tf.where(rng.integers(0, 8, lanes) == 0, nan, trial_value)
    spoilt = rng.integers(0, 8, (lanes, 1, 1)) == 0
    trial_normal = tf.where(spoilt, nan, trial_normal)
    return state, trial_value, trial_gradient, trial_normal


@DTYPES
def test_normal_equations_equal_sums_written_out(rng, dtype):
    jacobian, residual = rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 4))
    normal, gradient = lm.normal_equations(
        tf.constant(jacobian, dtype), tf.constant(residual, dtype)
    )
    for lane, i, j in np.ndindex(2, 3, 3):
        dot = sum(jacobian[lane, i, p] * jacobian[lane, j, p] for p in range(4))
        np.testing.assert_allclose(normal[lane, i, j], dot, rtol=1e-4)
        dot = sum(jacobian[lane, i, p] * residual[lane, p] for p in range(4))
        np.testing.assert_allclose(gradient[lane, i], dot, rtol=1e-4)


def test_normal_equations_keep_lanes_apart(rng):
    jacobian = rng.normal(size=(5, 6, 37)).astype(np.float32)
    residual = rng.normal(size=(5, 37)).astype(np.float32)
    clean = lm.normal_equations(jacobian, residual)
    jacobian[2, 3, 36] = np.nan
    residual[3] = np.inf
    dirty = lm.normal_equations(jacobian, residual)
    for ours, theirs in zip(dirty, clean, strict=True):
        np.testing.assert_array_equal(
            ours.numpy()[[0, 1, 4]], theirs.numpy()[[0, 1, 4]]
        )
    assert np.isnan(dirty[0][2, 3]).all()
    assert np.isfinite(np.delete(np.delete(dirty[0][2], 3, 0), 3, 1)).all()
    np.testing.assert_array_equal(dirty[0][3], clean[0][3])
    assert not np.isfinite(dirty[1][3]).any()


def test_normal_equations_have_the_right_gradients(rng):
    jacobian = tf.constant(rng.normal(size=(2, 3, 4)))
    residual = tf.constant(rng.normal(size=(2, 4)))
    weights = (
        tf.constant(rng.normal(size=(2, 3, 3))),
        tf.constant(rng.normal(size=(2, 3))),
    )

    def scalar(jacobian, residual):
        normal, gradient = lm.normal_equations(jacobian, residual)
        return tf.reduce_sum(normal * weights[0]) + tf.reduce_sum(gradient * weights[1])

    def of_gradient(jacobian, residual):
        with tf.GradientTape() as tape:
            tape.watch([jacobian, residual])
            value = scalar(jacobian, residual)
        by = tape.gradient(value, [jacobian, residual])
        return sum(tf.reduce_sum(tf.sin(gradient)) for gradient in by)

    for f in (scalar, of_gradient):
        theory, numeric = tf.test.compute_gradient(f, [jacobian, residual], 1e-5)
        for ours, theirs in zip(theory, numeric, strict=True):
            np.testing.assert_allclose(ours, theirs, atol=1e-6)


@pytest.mark.parametrize("shape", [(0, 3, 4), (2, 0, 4), (2, 3, 0), (0, 0, 0)])
def test_normal_equations_of_nothing_are_zero(shape):
    jacobian = tf.zeros(shape)
    normal, gradient = lm.normal_equations(jacobian, tf.zeros(shape[::2]))
    np.testing.assert_array_equal(normal, np.zeros((*shape[:2], shape[1])))
    np.testing.assert_array_equal(gradient, np.zeros(shape[:2]))


def test_trial_solves_the_damped_equations_and_predicts_the_model(rng):
    state, *trials = random_state(rng, 100, 6, "float64")
    new = lm.LevenbergMarquardtState(
        *(tensor.numpy() for tensor in lm.lm_step(state, *trials, 0.0))
    )
    checked = 0
    for lane in np.flatnonzero(new.status == RUNNING):
        d = new.trial[lane] - new.z[lane]
        damped = new.normal[lane] + new.damping[lane] * np.eye(6)
        rounding = 1e-12 * np.max(np.abs(damped)) * np.max(np.abs(d))
        np.testing.assert_allclose(damped @ d, -new.gradient[lane], atol=rounding)
        model = new.gradient[lane] @ d + d @ new.normal[lane] @ d / 2
        rounding *= np.max(np.abs(d))
        np.testing.assert_allclose(new.predicted[lane], -model, 1e-9, rounding)
        assert model < 0
        checked += 1
    assert checked > 20


@pytest.mark.long
@DTYPES
def test_linear_problems_take_a_handful_of_steps(rng, dtype):
    evaluate, optimum = linear(rng, lanes=10, size=6, residuals=15, dtype=dtype)
    path = minimise(evaluate, tf.zeros([10, 6], dtype), 12, tolerance=1e-6)
    assert np.all(path.status[-1] == CONVERGED)
    assert np.all(path.count[-1] <= 6)
    np.testing.assert_allclose(path.z[-1], optimum, atol=2e-3)


@pytest.mark.long
def test_reaches_the_optimum_of_rosenbrock(rng):
    z = tf.constant(3 * rng.normal(size=(30, 2)))
    path = minimise(rosenbrock, z, steps=60, tolerance=1e-14)
    np.testing.assert_allclose(path.z[-1], np.ones((30, 2)), atol=1e-6)
    assert np.all(path.status[-1] == CONVERGED)


@pytest.mark.long
def test_value_never_rises(rng):
    path = minimise(rosenbrock, tf.constant(3 * rng.normal(size=(20, 2))), 30)
    assert np.all(np.diff(path.value, axis=0) <= 0)
    value, gradient, normal = rosenbrock(tf.constant(path.z[-1]))
    np.testing.assert_allclose(path.value[-1], value, rtol=1e-12)
    np.testing.assert_allclose(path.gradient[-1], gradient, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(path.normal[-1], normal, rtol=1e-12)


def test_damping_follows_the_rule_of_nielsen():
    state = lm.lm_start(  # ||2 z - 0||^2 at z = 1: gradient 8, matrix 8
        tf.ones([4, 1], tf.float64),
        tf.fill([4], tf.constant(4, tf.float64)),
        tf.fill([4, 1], tf.constant(8, tf.float64)),
        tf.fill([4, 1, 1], tf.constant(8, tf.float64)),
    )
    np.testing.assert_allclose(state.damping, [8e-3] * 4)
    np.testing.assert_allclose(state.growth, [2] * 4)
    predicted = state.predicted[0]
    # Shares of what was predicted: 1, 1/2, 0.1 and none.
    value = 4 - predicted * tf.constant([1, 0.5, 0.1, -1], tf.float64)
    new = lm.lm_step(state, value, state.gradient, state.normal, 0.0)
    factors = [1 / 3, 1, 1 + 0.8**3, 2]
    np.testing.assert_allclose(new.damping / 8e-3, factors, rtol=1e-6)
    np.testing.assert_array_equal(new.growth, [2, 2, 2, 4])
    np.testing.assert_array_equal(new.count, [2, 2, 2, 1])
    np.testing.assert_allclose(new.z[:, 0], [*state.trial[:3, 0], 1])


def test_heavy_damping_does_not_look_like_convergence():
    state = lm.lm_start(
        tf.ones([1, 1], tf.float64),
        tf.constant([4], tf.float64),
        tf.constant([[8]], tf.float64),
        tf.constant([[[8]]], tf.float64),
    )
    heavy = state._replace(
        damping=tf.constant([1e12], tf.float64),
        predicted=tf.constant([1e-11], tf.float64),
    )
    # Accepted; the next step promises 1e-10 of the value, an undamped one all of it.
    value = tf.constant([4 - 1e-11], tf.float64)
    new = lm.lm_step(heavy, value, heavy.gradient, heavy.normal, 1e-6)
    assert new.status[0] == RUNNING
    assert new.predicted[0] < 1e-6
    # So heavy that z would not move at all: the lane goes on with the lightest damping.
    stuck = heavy._replace(damping=tf.constant([1e25], tf.float64))
    new = lm.lm_step(stuck, value, heavy.gradient, heavy.normal, 1e-6)
    assert new.status[0] == RUNNING
    np.testing.assert_allclose(new.trial, new.z - 1)


def test_negative_curvature_raises_the_damping_until_the_step_descends(rng):
    z = tf.zeros([3, 2], tf.float64)
    gradient = tf.ones([3, 2], tf.float64)
    normal = tf.constant(
        [[[1, 0], [0, -1]], [[0, 5], [5, 0]], [[-1e-3, 0], [0, -1e3]]], tf.float64
    )
    state = lm.lm_start(z, tf.ones([3], tf.float64), gradient, normal)
    new = lm.lm_step(
        state, tf.fill([3], tf.constant(2.0, tf.float64)), gradient, normal, 0.0
    )
    for result in (state, new):
        assert np.all(result.status == RUNNING)
        least = np.linalg.eigvalsh(result.normal)[:, 0]
        assert np.all(result.damping + least > 0)
        assert np.all(tf.reduce_sum((result.trial - z) * gradient, axis=-1) < 0)


def test_gives_up_where_no_step_brings_progress():
    def evaluate(z):  # a lying gradient: every step from 0 goes up
        ones = tf.ones_like(z)
        normal = tf.eye(3, batch_shape=[2], dtype=z.dtype)
        return tf.reduce_sum(tf.abs(z), axis=-1) + 1, ones, normal

    path = minimise(evaluate, tf.zeros([2, 3], tf.float64), 30, tolerance=0.0)
    assert np.all(path.status[-1] == CONVERGED)
    np.testing.assert_array_equal(path.z[-1], np.zeros((2, 3)))
    np.testing.assert_array_equal(path.trial[-1], np.zeros((2, 3)))


def test_lanes_with_nan_leave_the_others_alone_bit_for_bit(rng):
    z = tf.constant(2 * rng.normal(size=(12, 2)))
    poisoned = np.isin(np.arange(12), [0, 3, 7, 11])

    def evaluate(z, poison):
        value, gradient, normal = rosenbrock(z)
        # NaN at the start of one lane, and on the way of the others.
        bad = poison & ((value < 1) | (tf.range(12) == 0))
        nan = tf.constant(np.nan, z.dtype)
        return (
            tf.where(bad, nan, value),
            gradient,
            tf.where(bad[:, None, None], nan, normal),
        )

    clean = minimise(lambda z: evaluate(z, False), z, 30)
    dirty = minimise(lambda z: evaluate(z, poisoned), z, 30)
    for ours, theirs in zip(dirty, clean, strict=True):
        np.testing.assert_array_equal(ours[:, ~poisoned], theirs[:, ~poisoned])
    assert dirty.status[-1, 0] == FAILED
    np.testing.assert_array_equal(dirty.trial[-1, 0], z[0])
    assert np.all(np.isfinite(dirty.z))
    assert np.all(np.isfinite(dirty.trial))
    assert np.all(np.isfinite(dirty.value[:, 1:]))


def test_stopped_lanes_keep_everything(rng):
    evaluate, _ = linear(rng, lanes=3, size=4, residuals=6)
    z = tf.ones([3, 4], tf.float64)
    state = lm.lm_start(z, *evaluate(z))
    stopped = state._replace(status=tf.constant([1, 2, 0], tf.int64))
    before = [tensor.numpy().copy() for tensor in stopped]
    new = lm.lm_step(stopped, *evaluate(state.trial), 0.0)
    for name, ours, theirs in zip(state._fields, new, before, strict=True):
        expected = z[:2] if name == "trial" else theirs[:2]
        np.testing.assert_array_equal(ours[:2], expected)
    assert np.all(new.z[2] != state.z[2])
    for tensor, copy in zip(stopped, before, strict=True):
        np.testing.assert_array_equal(tensor, copy)  # what is given in stays


def test_start_marks_lanes_that_cannot_or_need_not_run():
    value = tf.constant([1.0, np.nan, 1.0, 1.0, 1.0])
    gradient = tf.constant([[3.0, 4.0], [1, 1], [np.inf, 0], [0, 0], [1, 1]])
    normal = (
        tf.eye(2, batch_shape=[5]) * tf.constant([1, 1, 1, 1, np.nan])[:, None, None]
    )
    state = lm.lm_start(tf.ones([5, 2]), value, gradient, normal)
    expected = [RUNNING, FAILED, FAILED, CONVERGED, FAILED]
    np.testing.assert_array_equal(state.status, expected)
    np.testing.assert_allclose(state.trial[0], [-2, -3], rtol=2e-3)
    np.testing.assert_array_equal(state.trial[1:], np.ones((4, 2)))
    np.testing.assert_array_equal(state.count, [1, 0, 0, 1, 0])


@pytest.mark.parametrize("known", [True, False])
def test_loop_stops_by_itself_in_a_graph(rng, known):
    evaluate, optimum = linear(rng, lanes=8, size=5, residuals=9)
    shape = [8, 5] if known else [None, None]

    @tf.function(input_signature=[tf.TensorSpec(shape, tf.float64)])
    def run(z):
        def moving(count, state):
            return (count < 100) & tf.reduce_any(state.status == RUNNING)

        def body(count, state):
            return count + 1, lm.lm_step(state, *evaluate(state.trial), 1e-9)

        return tf.while_loop(moving, body, (0, lm.lm_start(z, *evaluate(z))))

    count, state = run(tf.zeros([8, 5], tf.float64))
    assert 1 < count < 30
    np.testing.assert_allclose(state.z, optimum, atol=1e-4)


@pytest.mark.parametrize(("lanes", "size"), [(0, 3), (2, 0), (0, 0)])
def test_empty_states_work(lanes, size):
    z, normal = tf.zeros([lanes, size]), tf.zeros([lanes, size, size])
    state = lm.lm_start(z, tf.zeros([lanes]), z, normal)
    new = lm.lm_step(state, tf.zeros([lanes]), z, normal, 1e-5)
    assert new.trial.shape == (lanes, size)
    assert np.all(new.status == CONVERGED)


def test_half_precision_stays_half_precision():
    z = tf.ones([2, 3], tf.bfloat16)
    normal = tf.eye(3, batch_shape=[2], dtype=tf.bfloat16)
    state = lm.lm_start(z, z[:, 0], z, normal)
    state = lm.lm_step(state, 0 * z[:, 0], z, normal, 0.1)
    assert state.trial.dtype == tf.bfloat16
    np.testing.assert_array_equal(state.count, [2, 2])


def test_rejects_wrong_shapes():
    z, value, normal = tf.zeros([3, 4]), tf.zeros([3]), tf.zeros([3, 4, 4])
    with pytest.raises(ValueError, match=r"`z` must have shape \(lanes, k\)"):
        lm.lm_start(value, value, z, normal)
    with pytest.raises(ValueError, match="`normal` must have shape"):
        lm.lm_start(z, value, z, normal[:, :2])
    state = lm.lm_start(z, value, z, normal)
    with pytest.raises(ValueError, match="`trial_value` must have shape"):
        lm.lm_step(state, value[:2], z, normal, 0.0)
    with pytest.raises(ValueError, match="`trial_gradient` must have shape"):
        lm.lm_step(state, value, z[:, :3], normal, 0.0)
    with pytest.raises(ValueError, match="`trial_normal` must have shape"):
        lm.lm_step(state, value, z, normal[:2], 0.0)
    with pytest.raises(ValueError, match=r"`jacobian` must have shape \(lanes, k, m\)"):
        lm.normal_equations(z, value)
    with pytest.raises(ValueError, match=r"`residual` must have shape \(3, 4\)"):
        lm.normal_equations(normal, tf.zeros([3, 5]))


def test_step_survives_nonsense_in_the_state(rng):
    z, value = tf.ones([4, 3]), tf.ones([4])
    normal = tf.eye(3, batch_shape=[4])
    state = lm.lm_start(z, value, z, normal)
    nonsense = state._replace(
        count=tf.constant([-5, 2**62, -(2**63), 2**63 - 1], tf.int64),
        damping=tf.constant([np.nan, -1.0, np.inf, 0.0]),
        growth=tf.constant([np.inf, np.nan, -3.0, 1e38]),
    )
    new = lm.lm_step(nonsense, value + 1, z, normal, np.nan)
    assert np.all(new.count >= 0)
    assert np.all(np.isfinite(new.trial))
