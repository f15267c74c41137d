"""Probes, racing and stopping, through the public API."""

import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs
from tests.generators import random_generator

LBFGS = gencs.solvers.LBFGS


@pytest.fixture(scope="module")
def A():
    return gencs.layers.GaussianMeasurement(12, seed=0)


@pytest.fixture(scope="module")
def x():
    return gencs.models.GenerativeModel(random_generator()).generate(6, seed=1)


def recover(A, y, solver, seed=2, z=None, noise=None, **kwargs):
    model = gencs.models.GenerativeModel(random_generator(**kwargs))
    model.compile(solver=solver, latent_penalty=0, noise=noise, run_eagerly=True)
    arguments = {"z": z, "seed": seed, "verbose": 0, "return_result": True}
    return model.recover(y, A, **arguments)


def test_probed_starts_are_the_probes_that_explain_y_best(A, x):
    """With one step too small to matter, the lanes are still at their starts."""
    y = A(x).numpy()
    solver = gencs.solvers.Adam(1e-12, steps=1, restarts=3, probes=200)
    result = recover(A, y, solver)
    model = gencs.models.GenerativeModel(random_generator())
    probes = model.latent_prior.sample((200, 4), 2, "starts")
    errors = tf.reduce_sum(
        (A(model.generate(z=probes))[None] - y[:, None]) ** 2, axis=2
    )
    best = np.sort(errors, axis=1)[:, :3]
    np.testing.assert_allclose(result.restart_errors, best, rtol=1e-3, atol=1e-6)


def test_probes_find_better_starts_than_draws(A, x):
    y = A(x).numpy()
    errors = [
        recover(A, y, LBFGS(steps=2, restarts=2, probes=probes)).measurement_error
        for probes in (0, 500)
    ]
    assert errors[1].mean() < errors[0].mean()


def test_probes_serve_losses_other_than_the_sum_of_squares(A, x):
    y = A(x).numpy()
    model = gencs.models.GenerativeModel(random_generator())
    for loss in ("l1", gencs.losses.Huber(0.1)):
        solver = gencs.solvers.Adam(1e-12, steps=1, restarts=1, probes=100)
        model.compile(solver=solver, loss=loss, latent_penalty=0, run_eagerly=True)
        result = model.recover(y, A, seed=2, verbose=0, return_result=True)
        probes = model.generate(z=model.latent_prior.sample((100, 4), 2, "starts"))
        residual = np.abs(A(probes).numpy()[None] - y[:, None])
        if loss == "l1":
            losses = residual.sum(axis=2)
        else:
            linear = 0.2 * residual - 0.01
            losses = np.where(residual <= 0.1, residual**2, linear).sum(axis=2)
        np.testing.assert_allclose(
            result.restart_errors[:, 0], losses.min(axis=1), rtol=1e-4
        )


@pytest.mark.long
def test_racing_drops_the_lanes_that_are_far_behind(A, x):
    y = A(x).numpy()
    full = recover(A, y, LBFGS(steps=30, restarts=8))
    race = recover(A, y, LBFGS(steps=30, restarts=8, margin=1e-3))
    # Those that were dropped stand where they stood: less was spent on them.
    assert np.median(race.restart_errors) > 10 * np.median(full.restart_errors)
    # The answers stay.
    assert race.measurement_error.max() < 1e-6
    wide = recover(A, y, LBFGS(steps=30, restarts=8, margin=1e30))
    np.testing.assert_allclose(wide.restart_errors, full.restart_errors, atol=1e-6)


def test_a_lane_ends_without_progress(A, x):
    y = A(x).numpy() + 0.3  # out of reach
    keen = recover(A, y, LBFGS(steps=60, restarts=2, tolerance=0))
    content = recover(A, y, LBFGS(steps=60, restarts=2, tolerance=0, progress=0.3))
    assert content.steps.max() < keen.steps.max()
    assert content.steps.mean() < keen.steps.mean() / 2
    assert content.objective.mean() < 1.1 * keen.objective.mean()


def test_a_lane_ends_where_only_noise_is_left(A, x):
    noise = 0.1
    y = A(x).numpy() + 0.5 * noise * np.random.default_rng(0).normal(size=(6, 12))
    y = y.astype("float32")
    fitted = recover(A, y, LBFGS(steps=60, restarts=1, tolerance=0))
    stopped = recover(A, y, LBFGS(steps=60, restarts=1, tolerance=0), noise=noise)
    assert stopped.steps.mean() < fitted.steps.mean()
    assert (stopped.measurement_error <= 12 * noise**2).all()
    assert stopped.converged.all()


def test_steps_count_what_each_lane_did(A, x):
    y = A(x).numpy()
    for steps in (1, 4, 5, 7):
        result = recover(A, y, LBFGS(steps=steps, restarts=2, tolerance=0))
        np.testing.assert_array_equal(result.steps, steps)


def test_a_caller_starts_where_it_wants(A, x):
    y = A(x).numpy()
    z = recover(A, y, LBFGS(steps=30, restarts=5)).z
    for probes in (0, 50):
        solver = gencs.solvers.Adam(1e-12, steps=1, restarts=2, probes=probes)
        warm = recover(A, y, solver, z=z)
        np.testing.assert_allclose(warm.z, z, atol=1e-6)


@pytest.mark.parametrize(
    ("z", "message"),
    [
        (np.zeros((6, 5), "float32"), r"`z` must have shape \(batch, 4\)"),
        (np.zeros((5, 4), "float32"), r"`z` must have shape \(6, 4\)"),
        (np.full((6, 4), np.nan), "`z` must be finite"),
    ],
)
def test_rejects_wrong_starts(z, message, A, x):
    with pytest.raises(ValueError, match=message):
        recover(A, A(x), LBFGS(), z=z)


def test_an_encoder_gives_a_start(x):
    """One probe among few: the encoder's guess must be among the lanes."""
    generator = random_generator()
    z = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")
    x = generator(z).numpy()

    class Oracle(tf.keras.Model):
        """Knows the latents of the six signals, in their order."""

        def call(self, signals, training=None):
            found = tf.constant(z)[: len(signals)]
            return [found, tf.zeros_like(found)]

    model = gencs.models.GenerativeModel(generator, encoder=Oracle())
    solver = gencs.solvers.Adam(1e-12, steps=1, restarts=1, probes=5)
    model.compile(solver=solver, latent_penalty=0, run_eagerly=True)
    A = gencs.layers.IdentityMeasurement()
    y = x.reshape(6, 36)
    result = model.recover(y, A, seed=0, verbose=0, return_result=True)
    np.testing.assert_allclose(result.z, z, atol=1e-6)


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"probes": 3, "restarts": 4}, "`probes` must be 0 or at least"),
        ({"probes": -1}, "`probes` must be an integer"),
        ({"margin": 0}, "`margin` must be a finite number above 0"),
        ({"margin": float("nan")}, "`margin`"),
        ({"progress": 1.0}, "`progress` must be a finite number"),
        ({"progress": -0.1}, "`progress`"),
    ],
)
def test_rejects_wrong_settings(kwargs, message):
    with pytest.raises(ValueError, match=message):
        LBFGS(**kwargs)
