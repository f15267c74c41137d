"""What is learned of noise and deviations from the signal's own residual."""

import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs
from tests.generators import linear_generator, random_generator
from tests.lanes import bound
from tf_gencs import layers, losses
from tf_gencs.recovery import Facts, Term
from tf_gencs.recovery.search.belief import Beliefs

SHAPE, N, K, M = (12, 12, 1), 144, 4, 60
ERROR = 0.01
ARGUMENTS = {"seed": 0, "verbose": 0, "return_result": True}


def beliefs(noise=None, error=ERROR, gain=1.0):
    A = layers.as_measurement(np.eye(M, N, dtype="float32"), SHAPE)
    data = bound(
        {"y": Term(A, losses.SumSquaredError())},
        {"y": tf.zeros((1, M))},
        facts=Facts((0, 1), error),
    )
    data.noise = noise
    expected = tf.constant(error * N * gain / M, tf.float32)
    return Beliefs(data, K, data.measurements, expected, tf.constant(1.0)), float(
        expected
    )


def test_what_signals_deviate_as_a_rule_is_no_noise_and_more_is(rng):
    """Noise of known size on deviations of known sizes: its mean is found again."""
    rule, v0 = beliefs()
    tau = rng.gamma(2.5, 1 / 2.5, 4000)
    for truth in (0.0, 4 * v0, 20 * v0):
        # What a search leaves: z has taken K of M degrees of freedom.
        residual = (tau * v0 + truth) * M**2 / (M + K)
        found = rule.noise(tf.constant(residual, tf.float32)).numpy().mean()
        assert found == pytest.approx(truth, rel=0.15, abs=0.35 * v0)


def test_noise_that_is_told_is_believed():
    rule, _ = beliefs(noise=0.2)
    np.testing.assert_allclose(rule.noise_of_y(tf.constant([0.0, 9.0])), 0.2)


def test_signals_are_searched_again_where_their_residual_says_so():
    rule, v0 = beliefs()
    belief = rule.first(3, tf.constant(1.0))
    usual, little, much = v0 * M, 1e-3 * v0 * M, 50 * v0 * M
    new, again = rule.revised(belief, tf.constant([usual, little, much], tf.float32))
    np.testing.assert_array_equal(again, [False, True, True])
    np.testing.assert_array_equal(new.exact, [False, True, False])
    before, after = (np.asarray(rule.penalty(each)) for each in (belief, new))
    assert after[0] == before[0]
    assert after[1] < 1e-3 * before[1]
    assert after[2] > 100 * before[2]
    # A signal that was searched exactly is not searched so again.
    assert not rule.revised(new, tf.constant([usual, little, much], tf.float32))[1][1]


def test_a_rule_knows_no_units():
    residual = tf.constant([0.1, 1.0, 10.0]) * M
    (one, v0), (other, _) = beliefs(), beliefs(gain=2.0**20)
    np.testing.assert_allclose(
        other.noise(2.0**20 * v0 * residual), 2.0**20 * one.noise(v0 * residual)
    )


def model_with(**compiled):
    model = gencs.models.GenerativeModel(
        random_generator(K, SHAPE), value_range=(0, 1), representation_error=ERROR
    )
    model.compile(**compiled)
    return model


@pytest.mark.long
def test_signals_in_the_range_are_found_exactly_though_they_might_deviate():
    model = model_with()
    x = model.generate(8, seed=1)
    A = layers.GaussianMeasurement(M, seed=0)
    result = model.recover(A(x), A, **ARGUMENTS)
    assert np.mean((result.x - x) ** 2, axis=(1, 2, 3)).max() < 1e-9
    assert result.noise.max() < 1e-3


@pytest.mark.long
@pytest.mark.filterwarnings("ignore:`x` explains less")
def test_strong_noise_is_as_good_as_told(rng):
    """Of a linear generator, where the best answer is a ridge regression."""
    W = rng.normal(size=(N, K)) / N
    model = gencs.models.GenerativeModel(
        linear_generator(W, SHAPE), representation_error=1e-4
    )
    x = model.generate(40, seed=1)
    A = layers.GaussianMeasurement(M, seed=0, dtype="float64")
    noise = 0.1
    y = A(x).numpy() + noise * rng.normal(size=(40, M))
    errors = {}
    for told in (None, noise):
        model.compile(noise=told)
        result = model.recover(y, A, **ARGUMENTS)
        errors[told] = np.mean((result.x - x) ** 2)
    assert errors[None] < 1.1 * errors[noise]
    model.compile(solver=gencs.solvers.LBFGS(100, 2))  # which learns nothing
    assert np.mean((model.recover(y, A, seed=0, verbose=0) - x) ** 2) > (
        1.5 * errors[noise]
    )


@pytest.mark.long
def test_neighbours_do_not_change_what_is_believed(rng):
    model = model_with()
    x = model.generate(4, seed=1)
    A = layers.GaussianMeasurement(M, seed=0)
    y = A(x).numpy()
    y[2:] += rng.normal(size=(2, M)).astype("float32")
    together = model.recover(y, A, **ARGUMENTS)
    alone = model.recover(y[:2], A, **ARGUMENTS)
    np.testing.assert_allclose(together.x[:2], alone.x, atol=1e-4)
    assert together.noise[2:].min() > 0.5
    assert together.noise[:2].max() < 1e-3
