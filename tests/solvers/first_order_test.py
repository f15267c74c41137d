"""Adam and momentum: schedule, support of the prior, sign check."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs
from tests.generators import random_generator
from tests.lanes import make_lanes, run, searcher
from tf_gencs import seeds
from tf_gencs.priors import NormalPrior, UniformPrior
from tf_gencs.solvers import Adam, Momentum
from tf_gencs.solvers.lane_random import lane_keys

RNG = np.random.default_rng(0)
SOLVERS = pytest.mark.parametrize("solver", [Adam, Momentum])


def identity(z):
    return tf.identity(z)


def test_momentum_is_that_of_keras():
    start, target = RNG.normal(size=(4, 3)), RNG.normal(size=(4, 3))
    for nesterov in (False, True):
        solver = Momentum(0.03, 0.8, nesterov, steps=30, decay=1.0)
        state = run(solver, make_lanes(identity, target), start, steps=29)
        z = tf.Variable(start)
        optimizer = keras.optimizers.SGD(0.03, momentum=0.8, nesterov=nesterov)
        optimizer.build([z])
        for _ in range(30):
            optimizer.apply([2 * (z - target)], [z])
        # Keras keeps its velocity in float32.
        np.testing.assert_allclose(state.moving.z, z, atol=1e-5)


@SOLVERS
def test_step_size_decays_after_its_share_of_the_steps(solver):
    """On a plane, every step of a lane is the step size times the same number."""
    lanes = make_lanes(identity, np.zeros((1, 1)), loss=gencs.losses.Maximize())
    solver = solver(0.5, steps=9, decay=0.1, decay_at=0.5, **plain(solver))
    search = searcher(solver, lanes)
    z = [0.0] + [search(np.zeros((1, 1)), n).moving.z[0, 0] for n in range(9)]
    # After ceil(0.5 * 9) = 5 steps.
    np.testing.assert_allclose(np.diff(z), [0.5] * 5 + [0.05] * 4, rtol=1e-6)


def plain(solver):
    """Settings under which a step depends on the gradient at hand alone."""
    return {"momentum": 0.0} if solver is Momentum else {"beta_1": 0.0}


@SOLVERS
def test_project_keeps_latents_in_the_box(solver):
    """The optimum is outside, so the best point in the box is a corner of it."""
    target = np.array([[2.0, -3.0, 0.5]])
    lanes = make_lanes(identity, target, prior="uniform")
    solver = solver(0.05, steps=300, outside="project")
    state = run(solver, lanes, np.array([[5.0, 0.0, 0.0]]))  # a start outside, too
    np.testing.assert_allclose(solver.best(state), [[1.0, -1.0, 0.5]], atol=1e-3)
    assert np.abs(state.moving.z).max() <= 1


@SOLVERS
def test_project_keeps_latents_on_the_sphere(solver):
    target = np.array([[1.2, 1.6, 0.0, 0.0]])  # of norm 2, the root of k
    lanes = make_lanes(identity, target, prior="spherical")
    solver = solver(0.05, steps=300, outside="project")
    state = run(solver, lanes, np.array([[0.0, 0.0, 1.0, 1.0]]))
    np.testing.assert_allclose(solver.best(state), target, atol=1e-2)
    np.testing.assert_allclose(np.linalg.norm(state.moving.z), 2, rtol=1e-12)


@SOLVERS
@pytest.mark.parametrize("prior", [UniformPrior(-1, 2), NormalPrior(bound=1.5)])
def test_resample_draws_what_left_the_support_anew(solver, prior):
    """Pushed out of one side again and again, a coordinate is everywhere inside."""
    lanes_count = 400
    lanes = make_lanes(
        identity, np.full((lanes_count, 2), 9.0), prior=prior, loss="sse"
    )
    solver = solver(0.5, steps=20, outside="resample", **plain(solver))
    state = run(solver, lanes, np.zeros((lanes_count, 2)) + RNG.random((400, 1)))
    z = state.moving.z.numpy()
    high = 2 if isinstance(prior, UniformPrior) else 1.5
    low = -1 if isinstance(prior, UniformPrior) else -1.5
    assert z.min() >= low
    assert z.max() <= high
    # Nothing piles up at the boundary, and lanes and coordinates draw their own.
    assert len(np.unique(np.round(z, 9))) > 0.99 * z.size
    assert abs(np.corrcoef(z.T)[0, 1]) < 0.2


@pytest.mark.long
def test_coordinates_drawn_anew_lose_their_inertia():
    lanes = make_lanes(identity, np.array([[50.0, 0.1]]), prior="uniform")
    solver = Momentum(0.1, 0.9, steps=5, outside="resample")
    state = run(solver, lanes, np.zeros((1, 2)), steps=0)
    velocity = state.moving.velocity.numpy()
    assert velocity[0, 0] == 0
    assert velocity[0, 1] > 0
    kept = run(Momentum(0.1, 0.9, steps=5, outside="project"), lanes, np.zeros((1, 2)))
    assert kept.moving.velocity[0, 0] > 0


def test_draws_of_a_lane_depend_on_seed_and_start_but_not_on_other_lanes():
    target = np.full((6, 3), 9.0)
    start = RNG.uniform(-1, 1, size=(6, 3))

    def end(lanes, seed=0):
        solver = Momentum(0.3, 0.0, steps=8, outside="resample", seed=seed)
        goal = make_lanes(identity, target[lanes], prior="uniform")
        return run(solver, goal, start[lanes]).moving.z.numpy()

    everyone = end(np.arange(6))
    np.testing.assert_array_equal(end(np.array([4, 1])), everyone[[4, 1]])
    np.testing.assert_array_equal(end(np.arange(6)), everyone)
    assert (end(np.arange(6), seed=1) != everyone).all()
    assert len(np.unique(everyone)) == everyone.size


def test_keys_differ_where_starts_differ_in_one_bit():
    z = np.repeat(RNG.normal(size=(1, 4)), 9, axis=0)
    for lane in range(4):
        z[lane, lane] = np.nextafter(z[lane, lane], np.inf)
        z[lane + 4, lane] *= -1
    keys = lane_keys(seeds.stream(0, "test"), tf.constant(z))
    assert len(set(keys.numpy())) == 9


@pytest.mark.long
def test_chunks_and_racing_leave_what_resampled_lanes_draw():
    model = gencs.models.GenerativeModel(random_generator(), latent_prior="uniform")
    solver = Momentum(0.5, steps=15, restarts=3, outside="resample")
    model.compile(solver=solver, latent_penalty=0, run_eagerly=True)
    A = gencs.layers.GaussianMeasurement(12, seed=0)
    y = A(model.generate(6, seed=1)).numpy()
    whole, chunks = (
        model.recover(y, A, seed=2, verbose=0, batch_size=size, return_result=True)
        for size in (6, 2)
    )
    # Only the order of sums within a matrix product may differ.
    np.testing.assert_allclose(whole.z, chunks.z, atol=1e-3)


@pytest.mark.long
@pytest.mark.parametrize(
    ("solver", "outside"),
    [(Adam, None), (Adam, "project"), (Momentum, "resample")],
)
def test_a_poisoned_lane_leaves_the_others_bit_for_bit(solver, outside):
    target, start = np.full((4, 2), 2.0), RNG.uniform(-1, 1, size=(4, 2))
    poisoned = target.copy()
    poisoned[1] = np.nan
    solver = solver(0.1, steps=20, outside=outside, sign_check=True)
    clean = run(solver, make_lanes(identity, target, prior="uniform"), start)
    state = run(solver, make_lanes(identity, poisoned, prior="uniform"), start)
    others = [0, 2, 3]
    np.testing.assert_array_equal(
        solver.best(state).numpy()[others], solver.best(clean).numpy()[others]
    )
    assert not solver.running(state)[1]
    assert np.isfinite(solver.best(state)).all()


def test_stochastic_clipping_frees_coordinates_that_clipping_holds_at_the_boundary():
    """Every latent is an angle on nine tenths of a circle, so each x has one z.

    Where the shorter way to it leads through the gap, |z0 - z*| > 1 / 0.9, descent
    pushes against the boundary; a new draw may begin on the other side.
    """
    lanes_count, k = 200, 4
    mix = tf.constant(np.linalg.qr(RNG.normal(size=(2 * k, 2 * k)))[0])

    def generate(z):
        angle = 0.9 * np.pi * z
        return tf.concat([tf.cos(angle), tf.sin(angle)], axis=1) @ mix

    target, start = RNG.uniform(-1, 1, size=(2, lanes_count, k))
    lanes = make_lanes(generate, generate(tf.constant(target)), prior="uniform")
    solved = {}
    for outside in ("project", "resample"):
        solver = Momentum(0.02, 0.0, steps=600, decay=1.0, outside=outside)
        z = solver.best(run(solver, lanes, start)).numpy()
        solved[outside] = np.abs(z - target).max(axis=1) < 1e-2
    through_the_gap = (np.abs(start - target) > 1 / 0.9).any(axis=1)
    assert 0.4 < np.mean(through_the_gap) < 0.8
    # All lanes, but for those that begin too near to the watershed to tell.
    assert np.mean(solved["project"] == ~through_the_gap) > 0.97
    assert np.mean(solved["resample"]) > 0.97


def relu_net(widths, seed):
    """A random expansive network as in Hand and Voroninski: no biases, N(0, 1/n_i)."""
    rng, layers = np.random.default_rng(seed), []
    for n, width in itertools.pairwise(widths):
        layers.append(tf.constant(rng.normal(size=(n, width)) / np.sqrt(width)))

    def generate(z):
        for weights in layers:
            z = tf.nn.relu(z @ weights)
        return z

    return generate


def test_sign_check_leaves_the_bad_stationary_points_of_relu_networks():
    """With two layers those are near -z* / pi (rho_2 of the paper)."""
    lanes_count, k = 60, 3
    generate = relu_net((k, 40, 300), seed=0)
    target = RNG.normal(size=(lanes_count, k))
    target /= np.linalg.norm(target, axis=1, keepdims=True)
    away = RNG.normal(size=(lanes_count, k))
    away /= np.linalg.norm(away, axis=1, keepdims=True)
    starts = -target + 0.5 * away  # <start, z*> < 0
    lanes = make_lanes(generate, generate(tf.constant(target)))
    errors, along = [], None
    for sign_check in (False, True):
        solver = Momentum(0.5, 0.0, steps=500, decay=1.0, sign_check=sign_check)
        z = solver.best(run(solver, lanes, starts)).numpy()
        errors.append(np.linalg.norm(z - target, axis=1))
        along = np.sum(z * target, axis=1) if along is None else along
    stuck = errors[0] > 1e-3
    assert 0.2 < np.mean(stuck) < 0.6
    assert np.mean(along[stuck]) == pytest.approx(-1 / np.pi, abs=0.1)
    assert (errors[1] < 1e-3).all()


def test_sign_check_takes_the_better_sign_and_stops_the_lane():
    target = np.array([[1.0, 2.0], [1.0, 2.0]])
    lanes = make_lanes(identity, target)
    solver = Momentum(1e-3, 0.9, steps=1, sign_check=True)
    state = run(solver, lanes, np.array([[-1.0, -1.5], [1.0, 1.5]]), steps=0)
    np.testing.assert_array_equal(state.moving.best_z, [[1.0, 1.5], [1.0, 1.5]])
    np.testing.assert_array_equal(state.moving.z[0], state.moving.z[1])


def test_sign_check_does_nothing_under_an_asymmetric_prior():
    lanes = make_lanes(identity, np.array([[1.0]]), prior=UniformPrior(-1, 2))
    solver = Momentum(1e-3, steps=1, sign_check=True)
    state = run(solver, lanes, np.array([[-0.9]]), steps=0)
    assert state.moving.z[0, 0] < 0


@pytest.mark.long
def test_defense_gan_projects_by_the_mean_over_values():
    """Its rate for the mean of n squares is n times ours for their sum."""
    model = gencs.models.GenerativeModel(random_generator())
    model.compile(solver=Momentum(5 / 36, restarts=5), latent_penalty=0)
    x = model.generate(4, seed=1)
    assert np.mean((model.invert(x, seed=2, verbose=0).x - x) ** 2) < 1e-4


@SOLVERS
def test_survives_its_config_with_all_options(solver):
    solver = solver(
        0.02, decay=0.5, decay_at=0.25, outside="resample", sign_check=True, seed=3
    )
    clone = gencs.solvers.get(keras.saving.serialize_keras_object(solver))
    assert type(clone) is type(solver)
    assert clone.get_config() == solver.get_config()
    assert clone.outside == "resample"


def test_has_a_name_and_the_defaults_of_defense_gan():
    solver = gencs.solvers.get("momentum")
    assert isinstance(solver, Momentum)
    assert (solver.momentum, solver.steps, solver.restarts) == (0.7, 200, 10)
    assert (solver.decay, solver.decay_at) == (0.1, 0.8)


@SOLVERS
@pytest.mark.parametrize(
    "setting",
    [
        {"learning_rate": 0.0},
        {"decay": 0},
        {"decay_at": 1.0},
        {"outside": "clip"},
        {"sign_check": "no"},
        {"seed": None},
        {"seed": -1},
    ],
    ids=str,
)
def test_rejects_wrong_settings(solver, setting):
    with pytest.raises(ValueError, match=f"`{next(iter(setting))}`"):
        solver(**setting)


@pytest.mark.parametrize("setting", [{"momentum": 1.0}, {"nesterov": 1}])
def test_rejects_wrong_settings_of_momentum(setting):
    with pytest.raises(ValueError, match=f"`{next(iter(setting))}`"):
        Momentum(**setting)
