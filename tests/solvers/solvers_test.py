"""Every solver on functions whose minimum is known."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs
from tests.lanes import searcher

LANES, K = 6, 5
RNG = np.random.default_rng(0)
CURVATURES = np.exp(RNG.uniform(0, 3, size=(LANES, K)))
MINIMA = RNG.normal(size=(LANES, K))
STARTS = RNG.normal(size=(LANES, K))

SOLVERS = [
    gencs.solvers.Adam(0.05, steps=1500, restarts=1),
    gencs.solvers.Momentum(0.05, momentum=0.5, steps=400, restarts=1),
    gencs.solvers.Momentum(0.04, 0.5, nesterov=True, steps=400, restarts=1),
    gencs.solvers.LBFGS(steps=100, restarts=1, tolerance=0),
    gencs.solvers.LBFGS(steps=100, restarts=1, history=1, tolerance=0),
]


def quadratic(z):
    """One quadratic a lane, each with its own minimum and curvatures."""
    curvatures = tf.constant(CURVATURES, z.dtype)
    gradient = curvatures * (z - tf.constant(MINIMA, z.dtype))
    value = 0.5 * tf.reduce_sum(gradient**2 / curvatures, -1)
    return value, gradient


def rosenbrock(z):
    with tf.GradientTape() as tape:
        tape.watch(z)
        value = (1 - z[:, 0]) ** 2 + 100 * (z[:, 1] - z[:, 0] ** 2) ** 2
    return value, tape.gradient(value, z)


class Lanes:
    """Lanes whose objective is a plain function."""

    def __init__(self, value_and_gradient):
        self.value_and_gradient = value_and_gradient


def run(solver, evaluate, starts, dtype="float64", steps=None):
    lanes = Lanes(evaluate)
    state = solver.start(tf.constant(starts, dtype), lanes)

    @tf.function(autograph=False)
    def loop(state):
        return tf.while_loop(
            lambda state: tf.reduce_any(solver.running(state)),
            lambda state: (solver.step(state, lanes),),
            (state,),
            maximum_iterations=steps or solver.steps,
        )[0]

    return loop(state)


@pytest.mark.parametrize("solver", SOLVERS, ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_finds_the_minimum_of_every_lane(solver, dtype):
    state = run(solver, quadratic, STARTS, dtype)
    np.testing.assert_allclose(solver.best(state), MINIMA, atol=1e-3)


def test_lbfgs_walks_the_valley_of_rosenbrock():
    solver = gencs.solvers.LBFGS(steps=150, restarts=1, tolerance=0)
    starts = np.array([[-1.2, 1.0], [2.0, 2.0], [0.0, -1.0]])
    state = run(solver, rosenbrock, starts)
    np.testing.assert_allclose(solver.best(state), 1.0, atol=1e-6)


def test_lbfgs_stops_each_lane_by_itself():
    solver = gencs.solvers.LBFGS(steps=100, restarts=1, tolerance=1e-3)
    starts = np.where(np.arange(LANES)[:, None] == 0, MINIMA + 1e-9, STARTS)
    state = run(solver, lambda z: (quadratic(z)[0] + 1.0, quadratic(z)[1]), starts)
    assert np.all(solver.converged(state))
    assert not np.any(solver.running(state))


@pytest.mark.parametrize("solver", SOLVERS, ids=str)
def test_a_poisoned_lane_leaves_the_others_bit_for_bit(solver):
    def poisoned(z):
        value, gradient = quadratic(z)
        poison = tf.constant([np.nan] + [0.0] * (LANES - 1), z.dtype)
        return value + poison, gradient + poison[:, None]

    clean = run(solver, quadratic, STARTS, steps=50)
    state = run(solver, poisoned, STARTS, steps=50)
    np.testing.assert_array_equal(solver.best(state)[1:], solver.best(clean)[1:])
    assert not solver.converged(state)[0]
    assert not solver.running(state)[0]
    assert np.isfinite(solver.best(state)).all()


@pytest.mark.parametrize("solver", SOLVERS, ids=str)
def test_best_never_gets_worse(solver):
    search = searcher(solver, Lanes(quadratic))
    values = [
        quadratic(solver.best(search(STARTS, steps)))[0].numpy()
        for steps in (1, 5, 20, 40)
    ]
    for earlier, later in itertools.pairwise(values):
        assert (later <= earlier).all()


def test_adam_is_that_of_keras():
    solver = gencs.solvers.Adam(0.03, steps=40, restarts=1)
    z = tf.Variable(STARTS)
    optimizer = keras.optimizers.Adam(0.03, epsilon=1e-8)
    optimizer.build([z])
    for _ in range(40):
        optimizer.apply([quadratic(tf.convert_to_tensor(z))[1]], [z])
    state = run(solver, quadratic, STARTS, steps=39)  # one more was made at the start
    # Keras keeps its running means in float32.
    np.testing.assert_allclose(state.moving.z, z, atol=5e-5)


@pytest.mark.parametrize("solver", SOLVERS, ids=str)
def test_survives_its_config(solver):
    config = keras.saving.serialize_keras_object(solver)
    clone = gencs.solvers.get(config)
    assert type(clone) is type(solver)
    assert clone.get_config() == solver.get_config()


@pytest.mark.parametrize("solver", [gencs.solvers.Adam, gencs.solvers.LBFGS])
@pytest.mark.parametrize("name", ["steps", "restarts"])
@pytest.mark.parametrize("value", [0, -1, 1.5, "10", None])
def test_rejects_steps_and_restarts_below_one(solver, name, value):
    with pytest.raises(ValueError, match=f"`{name}` must be an integer of at least 1"):
        solver(**{name: value})


@pytest.mark.parametrize(
    ("solver", "kwargs"),
    [
        (gencs.solvers.Adam, {"learning_rate": 0}),
        (gencs.solvers.Adam, {"learning_rate": 10**400}),
        (gencs.solvers.Adam, {"beta_1": 1.0}),
        (gencs.solvers.Adam, {"epsilon": float("inf")}),
        (gencs.solvers.LBFGS, {"history": 0}),
        (gencs.solvers.LBFGS, {"history": 2000}),
        (gencs.solvers.LBFGS, {"tolerance": -1e-3}),
    ],
)
def test_rejects_wrong_settings(solver, kwargs):
    with pytest.raises(ValueError, match=f"`{next(iter(kwargs))}`"):
        solver(**kwargs)


@pytest.mark.parametrize("solver", [gencs.solvers.Adam, gencs.solvers.LBFGS])
def test_an_unknown_argument_is_told_with_the_class_it_was_given_to(solver):
    with pytest.raises(TypeError, match=f"`options` .* `{solver.__name__}`.*: 1"):
        solver(options=1)


@pytest.mark.parametrize(
    ("make", "argument"),
    [
        (gencs.solvers.get, "solver"),
        (gencs.solvers.IntermediateLayer, "solver"),
        (lambda value: gencs.solvers.Langevin(warm_up=value), "warm_up"),
        (lambda value: gencs.solvers.ProjectedGradient(inner=value), "inner"),
    ],
)
@pytest.mark.parametrize("value", [np.ones(3), 0, False])
def test_rejects_what_is_no_solver(make, argument, value):
    with pytest.raises(TypeError, match=f"`{argument}` must be one of .* or an object"):
        make(value)


def test_solvers_within_solvers_print_as_themselves():
    inner = gencs.solvers.LBFGS(steps=7)
    printed = repr(gencs.solvers.IntermediateLayer(inner, layers=[1]))
    assert printed.startswith(f"IntermediateLayer(solver={inner!r}, layers=(1,), ")
