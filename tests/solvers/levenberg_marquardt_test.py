"""Levenberg-Marquardt on least-squares problems whose minimum is known.

With `exact_up_to=0` conjugate gradients do what the k x k matrix does without it.
"""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs
from tests.generators import random_generator
from tests.lanes import make_lanes, run, searcher
from tf_gencs.solvers import LevenbergMarquardt

RNG = np.random.default_rng(0)
BOTH = pytest.mark.parametrize("exact_up_to", [64, 0], ids=["exact", "cg"])
ROSENBROCK_STARTS = np.array([[-1.2, 1.0], [2.0, 2.0], [0.0, -1.0], [-3.0, 4.0]])


def rosenbrock():
    def residuals(z):
        return tf.stack([1 - z[:, 0], 10 * (z[:, 1] - z[:, 0] ** 2)], axis=1)

    return make_lanes(residuals, np.zeros((4, 2)))


@BOTH
def test_solves_linear_least_squares(exact_up_to):
    """With the matrix, the first damping, 1e-3, leaves about that share of the way."""
    M, y = RNG.normal(size=(9, 4)), RNG.normal(size=(5, 9))
    lanes = make_lanes(lambda z: z @ M.T, y)
    solver = LevenbergMarquardt(steps=12, tolerance=1e-13, exact_up_to=exact_up_to)
    start = RNG.normal(size=(5, 4))
    expected = np.linalg.lstsq(M, y.T)[0].T
    gap = np.linalg.norm(start - expected)
    search = searcher(solver, lanes)
    after = [
        np.linalg.norm(solver.best(search(start, steps)) - expected)
        for steps in (1, 12)
    ]
    if exact_up_to:
        assert after[0] < 1e-2 * gap
    assert after[1] < 1e-6 * gap
    assert np.all(solver.converged(search(start)))


@pytest.mark.long
@BOTH
def test_walks_the_valley_of_rosenbrock_and_value_never_grows(exact_up_to):
    solver = LevenbergMarquardt(steps=60, tolerance=0, exact_up_to=exact_up_to)
    lanes = rosenbrock()
    search = searcher(solver, lanes)
    before = lanes.value(tf.constant(ROSENBROCK_STARTS)).numpy()
    for steps in (0, 1, 3, 6, 10, 60):
        state = search(ROSENBROCK_STARTS, steps)
        value = solver.value(state).numpy()
        np.testing.assert_allclose(value, lanes.value(solver.best(state)), rtol=1e-12)
        assert (value <= before).all()
        before = value
    np.testing.assert_allclose(solver.best(state), 1.0, atol=1e-9)


@BOTH
def test_converges_quadratically_on_signals_in_the_range(exact_up_to):
    k, lanes_count = 6, 8
    generator = random_generator(k, (8, 8, 1), dtype="float64")
    A = gencs.layers.GaussianMeasurement(30, seed=0, dtype="float64")
    z = RNG.normal(size=(lanes_count, k))
    x = generator(z, training=False)
    lanes = make_lanes(generator, A(x), A)
    start = z + 0.1 * RNG.normal(size=z.shape)
    solver = LevenbergMarquardt(steps=30, tolerance=0, exact_up_to=exact_up_to)
    search = searcher(solver, lanes)
    errors = [
        np.abs(solver.best(search(start, steps)) - z).max()
        for steps in ((2, 4, 6, 9) if exact_up_to else (4, 8, 12, 20))
    ]
    assert errors[-1] < 1e-10
    # The number of correct digits grows faster than the number of steps.
    digits = -np.log10(np.maximum(errors, 1e-14))
    assert digits[2] - digits[0] > 3


@pytest.mark.long
def test_matrix_and_conjugate_gradients_find_the_same_minimum():
    k = 6
    generator = random_generator(k, (8, 8, 1), dtype="float64")
    y = RNG.uniform(size=(5, 64))  # far from the range: a residual stays
    lanes = make_lanes(generator, y, penalty=0.1)
    start = RNG.normal(size=(5, k))
    ends = [
        run(LevenbergMarquardt(200, tolerance=1e-12, exact_up_to=limit), lanes, start)
        for limit in (64, 0)
    ]
    np.testing.assert_allclose(ends[0].value, ends[1].value, rtol=1e-8)
    np.testing.assert_allclose(ends[0].z, ends[1].z, atol=1e-4)
    for end in ends:
        assert np.all(end.status == 1)
        np.testing.assert_allclose(end.gradient, 0, atol=1e-4)


@pytest.mark.long
def test_huber_holds_outliers_back():
    k = 4
    generator = random_generator(k, (8, 8, 1), dtype="float64")
    z = RNG.normal(size=(6, k))
    clean = tf.reshape(generator(z, training=False), (6, -1)).numpy()
    y = clean.copy()
    y[:, ::20] += 5.0  # 4 of 64
    errors = {}
    for loss in ("sse", gencs.losses.Huber(0.01)):
        lanes = make_lanes(generator, y, loss=loss)
        solver = LevenbergMarquardt(60, tolerance=1e-12, exact_up_to=0)
        found = solver.best(run(solver, lanes, z + 0.3 * RNG.normal(size=z.shape)))
        x = tf.reshape(generator(found, training=False), (6, -1))
        errors[str(loss)] = np.mean((x - clean) ** 2)
    squared, huber = errors.values()
    assert huber < 1e-2 * squared
    assert huber < 1e-4


@pytest.mark.parametrize(
    ("exact_up_to", "dtype"), [(64, "float64"), (0, "float32")], ids=["exact", "cg"]
)
def test_stops_where_there_is_nothing_to_gain(exact_up_to, dtype):
    M = RNG.normal(size=(9, 4)).astype(dtype)
    y = RNG.normal(size=(3, 9)).astype(dtype)
    minimum = np.linalg.lstsq(M.astype("float64"), y.T.astype("float64"))[0].T
    lanes = make_lanes(lambda z: tf.matmul(z, M, transpose_b=True), y)
    solver = LevenbergMarquardt(steps=30, exact_up_to=exact_up_to)
    state = run(solver, lanes, minimum.astype(dtype), steps=10)
    assert np.all(solver.converged(state))
    np.testing.assert_allclose(solver.best(state), minimum, atol=1e-5)


@BOTH
def test_a_poisoned_lane_leaves_the_others_bit_for_bit(exact_up_to):
    """A lane may run into NaN at its start or on its way."""

    walls = tf.Variable([-5.0, 0.5, np.inf, np.inf], dtype="float64", trainable=False)

    def residuals(z):
        bad = tf.where(z[:, 0] > walls, tf.constant(np.nan, z.dtype), 0)
        return tf.stack([1 - z[:, 0], 10 * (z[:, 1] - z[:, 0] ** 2)], 1) + bad[:, None]

    solver = LevenbergMarquardt(steps=60, tolerance=0, exact_up_to=exact_up_to)
    search = searcher(solver, make_lanes(residuals, np.zeros((4, 2))))
    starts = ROSENBROCK_STARTS.copy()
    starts[1] = [-0.5, 0.5]
    state = search(starts)
    walls.assign(np.full(4, np.inf))
    expected = search(starts)
    np.testing.assert_array_equal(state.z[2:], expected.z[2:])
    assert not solver.running(state)[0]
    assert not solver.converged(state)[0]
    # The second one comes as near to its wall as damped steps may, on this side.
    assert np.isfinite(state.z).all()
    assert state.z[1, 0] <= 0.5
    assert state.value[1] < 2.0


@pytest.mark.long
def test_recovers_through_the_public_api():
    model = gencs.models.GenerativeModel(
        random_generator(dtype="float64"), dtype="float64"
    )
    solver = LevenbergMarquardt(40, 2, tolerance=1e-9)
    model.compile(solver=solver, latent_penalty=0, run_eagerly=True)
    A = gencs.layers.GaussianMeasurement(12, seed=0, dtype="float64")
    x = model.generate(5, seed=1)
    result = model.recover(A(x).numpy(), A, seed=2, verbose=0, return_result=True)
    error = np.mean((result.x - x) ** 2, axis=(1, 2, 3))
    assert np.median(error) < 1e-16
    assert (result.steps < 40).any()


def test_takes_conjugate_gradients_above_its_limit_only():
    z = np.zeros((2, 3))
    lanes = make_lanes(lambda z: z + 1.0, z)
    exact = LevenbergMarquardt(exact_up_to=3).start(tf.constant(z), lanes)
    products = LevenbergMarquardt(exact_up_to=2).start(tf.constant(z), lanes)
    assert hasattr(exact, "normal")
    assert not hasattr(products, "normal")


def test_refuses_a_loss_without_curvature():
    model = gencs.models.GenerativeModel(random_generator())
    model.compile(solver="lm", loss=keras.losses.MeanSquaredError(reduction=None))
    A = gencs.layers.GaussianMeasurement(12, seed=0)
    with pytest.raises(ValueError, match="`loss` must have a `curvature`"):
        model.recover(A(model.generate(2, seed=0)), A, verbose=0)


@pytest.mark.parametrize("setting", [{"tolerance": -1.0}, {"exact_up_to": -1}])
def test_rejects_wrong_settings(setting):
    with pytest.raises(ValueError, match=f"`{next(iter(setting))}`"):
        LevenbergMarquardt(**setting)


def test_survives_its_config_and_has_two_names():
    solver = LevenbergMarquardt(20, 3, tolerance=0.5, exact_up_to=7, progress=0.1)
    clone = gencs.solvers.get(keras.saving.serialize_keras_object(solver))
    assert clone.get_config() == solver.get_config()
    for name in ("lm", "levenberg_marquardt"):
        assert isinstance(gencs.solvers.get(name), LevenbergMarquardt)
