"""Bounds and error bars of answers, what y tells, and tests of samplers."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs
from tests.generators import random_generator
from tf_gencs import theory
from tf_gencs.method import Method, Program
from tf_gencs.theory.rank_tests import uniformity

NOISE = 0.02


@pytest.fixture
def model():
    model = gencs.models.GenerativeModel(random_generator(), value_range=(0, 1))
    model.representation_error = 1e-4
    model.compile(solver=gencs.solvers.LBFGS(steps=60, restarts=4))
    return model


@pytest.fixture
def A():
    A = gencs.layers.GaussianMeasurement(16, seed=0)
    A.build((None, 6, 6, 1))
    return A


def near(model, count, seed, size=0.01):
    """Signals close to G's range."""
    x = model.generate(count, seed=seed)
    error = size * np.random.default_rng(seed).normal(size=x.shape)
    return np.clip(x + error, 0, 1).astype("float32")


def measured(A, x, seed=0, noise=NOISE):
    y = A(x).numpy()
    return y + noise * np.random.default_rng(seed).normal(size=y.shape)


@pytest.mark.long
def test_the_bound_holds_for_every_signal_and_is_the_sum_of_its_terms(model, A):
    x = near(model, 20, 1)
    found = theory.error_bound(model, A, measured(A, x), x=x, seed=0)
    assert found.holds == 1
    assert np.all(found.error <= found.bound)
    terms = found.representation + found.noise + found.optimisation
    np.testing.assert_allclose(terms, found.bound)
    assert np.median(found.bound / found.error) < 20
    assert "representation" in str(found)


@pytest.mark.long
def test_a_search_that_stops_early_pays_under_optimisation(model, A):
    x = near(model, 20, 1)
    y = measured(A, x)
    ended = theory.error_bound(model, A, y, x=x, seed=0)
    model.compile(solver=gencs.solvers.Adam(0.01, steps=2, restarts=1))
    early = theory.error_bound(model, A, y, x=x, seed=0)
    assert early.holds == 1
    assert np.median(ended.optimisation) < 0.1 * np.median(early.optimisation)


@pytest.mark.long
def test_error_bars_cover_other_signals(model, A):
    bars = theory.uncertainty(model, A, images=near(model, 60, 1), noise=NOISE, seed=0)
    assert bars.calibrated.mean == pytest.approx(0.9, abs=0.005)
    held = bars.coverage(near(model, 60, 2), seed=5)
    assert 0.86 < held.mean < 0.94
    assert 0.7 < held.predicted / held.measured < 1.4
    assert held.worst < held.mean
    intervals = bars.intervals(measured(A, near(model, 3, 3)), seed=0)
    assert intervals.low.shape == intervals.x.shape == (3, 6, 6, 1)
    np.testing.assert_allclose(
        intervals.high - intervals.x, bars.scale * intervals.std, rtol=1e-4, atol=1e-6
    )


@pytest.mark.long
def test_y_of_other_signals_is_not_of_Gs_kind(model, A):
    ours = measured(A, near(model, 4, 1))
    told = theory.consistency(model, A, ours, noise=NOISE, seed=0)
    assert told.consistent.all()
    assert "consistent with G" in str(told)
    others = np.random.default_rng(0).random((4, 6, 6, 1)).astype("float32")
    told = theory.consistency(model, A, measured(A, others), noise=NOISE, seed=0)
    assert not told.consistent.any()
    assert "NOT of G's kind" in str(told)


@pytest.mark.long
def test_starts_that_explain_y_by_another_signal_are_told(model):
    z = model.draw_z(2, 5)
    x = model.generate(z=z)
    d = (x[0] - x[1]).ravel()
    seen = np.random.default_rng(0).normal(size=(20, d.size)) / np.sqrt(20)
    blind = seen - np.outer(seen @ d, d) / (d @ d)
    for matrix, unique in ((seen, True), (blind, False)):
        y = x.reshape(2, -1) @ matrix.T
        told = theory.consistency(model, matrix, y, noise=1e-3, seed=0)
        assert told.consistent.all()
        assert (told.unique == unique).all()
        assert ("AMBIGUOUS" in str(told)) != unique
    told = theory.consistency(model, seen[:1], x.reshape(2, -1) @ seen[:1].T, seed=0)
    assert told.consistent.all()
    assert not told.unique.any()  # however large an error that leaves to expect
    with pytest.raises(ValueError, match="`y` must hold the measurements of a signal"):
        theory.consistency(model, seen, np.zeros((0, 20)))


def test_a_generator_of_one_signal_leaves_nothing_open():
    generator = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(12, kernel_initializer="zeros", bias_initializer="ones"),
        ]
    )
    model = gencs.models.GenerativeModel(generator, representation_error=1e-3)
    told = theory.consistency(model, np.eye(12)[:5], np.ones((2, 5)), starts=2, seed=0)
    assert told.unique.all()
    np.testing.assert_array_equal(told.open, 0)


@pytest.mark.long
def test_a_sampler_of_the_posterior_passes_and_one_of_twice_the_noise_fails(model, A):
    def ranks(noise):
        sampler = gencs.solvers.Langevin(
            steps=600, noise=noise, restarts=2, thin=10, seed=0
        )
        return theory.rank_tests(
            model, A, noise=0.05, sampler=sampler, problems=150, seed=0
        )

    right, wrong = ranks(0.05), ranks(0.1)
    assert right.p_value > 0.01
    assert wrong.p_value < 1e-4
    assert right.samples == 80
    assert "residual" in str(right)


class Lost(Method):
    """Draws two samples, one of which is lost."""

    sampling = True

    def prepare(self, model, data):
        return _LostProgram(self, data)


class _LostProgram(Program):
    def __call__(self, y, own, shared, values):
        (y,) = self.bind(y, values).y.values()
        x = tf.zeros((tf.shape(y)[0], 6, 6, 1))
        return {"x": x, "samples": tf.stack([x, x + np.nan], axis=1)}


@pytest.mark.filterwarnings("ignore:`x` explains less")
def test_a_sampler_that_is_lost_ranks_nowhere(model, A):
    with pytest.raises(ValueError, match=r"finite samples.*in 100 % of the problems"):
        theory.rank_tests(model, A, noise=0.1, sampler=Lost(), problems=20)


def test_uniform_numbers_are_taken_for_uniform_and_others_not():
    rng = np.random.default_rng(0)
    p = [uniformity(rng.random(200)) for _ in range(500)]
    assert 0.02 < np.mean(np.less(p, 0.05)) < 0.09
    assert uniformity(rng.random(200) ** 1.5) < 1e-4


@pytest.mark.long
def test_what_is_measured_on_signals_needs_them(model, A):
    x = near(model, 30, 1)
    with pytest.raises(ValueError, match="`images` must hold at least 10"):
        theory.uncertainty(model, A, images=x[:0], noise=NOISE)
    with pytest.raises(ValueError, match="`images` must be in range"):
        theory.uncertainty(model, A, images=255 * x, noise=NOISE)
    with pytest.raises(ValueError, match="`y` must be of the 30 signals"):
        theory.error_bound(model, A, measured(A, x)[:4], x=x)
    with pytest.raises(ValueError, match="`sampler` must be a method that draws"):
        theory.rank_tests(
            model, A, noise=1.0, sampler=gencs.solvers.LBFGS(steps=2), problems=20
        )
    model.compile(solver=gencs.baselines.Lasso("dct"))
    with pytest.raises(ValueError, match="a method that finds latents"):
        theory.uncertainty(model, A, images=x, noise=NOISE)
