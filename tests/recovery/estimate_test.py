"""From lanes to one signal."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs
from tests.lanes import bound
from tf_gencs.recovery import Facts, Objective, Term
from tf_gencs.recovery.search import estimate
from tf_gencs.recovery.search.misfit import Misfit
from tf_gencs.recovery.search.rounds import Found

K = 3


def objective(m=6, variance=0.0):
    """Of a linear generator, whose mean of signals is the signal of the mean."""
    generator = keras.Sequential(
        [keras.Input((K,)), keras.layers.Dense(4, use_bias=False)]
    )
    A = gencs.layers.GaussianMeasurement(m, seed=0)
    A.build((None, 4))
    terms = {"y": Term(A, gencs.losses.SumSquaredError())}
    facts = Facts(representation_error=variance * m / 4 / A.mean_gain())
    data = bound(terms, {"y": tf.zeros((1, m))}, facts=facts)
    return Objective(generator, gencs.priors.NormalPrior(), 0.0, data)


def combine(kind, value, penalty=None, variance=0.0):
    value = tf.constant(value, tf.float32)
    penalty = tf.zeros_like(value) if penalty is None else tf.constant(penalty)
    o = objective(variance=variance)
    lanes = tf.size(value)
    z = tf.random.stateless_normal((lanes, K), (0, 1))
    shape = (*value.shape, K)
    none = tf.zeros(value.shape, tf.int32)
    found = Found(tf.reshape(z, shape), value, penalty, none, none)
    x, best = estimate.combine(kind, o, found, Misfit(o.data, K))
    return best.numpy(), x.numpy(), o.generate(z).numpy()


def test_best_has_the_smallest_loss_whatever_the_penalty_says():
    value, penalty = [[3.0, 2.0], [1.0, 5.0]], [[2.0, 0.5], [0.1, 4.8]]
    best, x, candidates = combine("best", value, penalty)
    np.testing.assert_array_equal(best, [0, 1])
    np.testing.assert_allclose(x, candidates[[0, 3]], rtol=1e-5)


def test_mean_weighs_by_likelihood():
    value, variance = np.array([[3.0, 3.5, 9.0]]), 0.2
    best, x, candidates = combine("mean", value, variance=variance)
    assert best == [0]
    spread = 2 * (K * variance + 3.0) / (K + 6)  # Misfit, tempered by two
    weights = np.exp(-(value[0] - 3.0) / (2 * spread))
    weights /= weights.sum()
    np.testing.assert_allclose(x[0], weights @ candidates, rtol=2e-3, atol=1e-3)


def test_one_lane_that_stands_out_is_the_mean():
    _, x, candidates = combine("mean", [[1e-6, 5.0, 7.0], [9.0, 1e-6, 4.0]])
    np.testing.assert_allclose(x, candidates[[0, 4]], rtol=1e-5)


def test_equal_lanes_count_equally():
    _, x, candidates = combine("mean", [[0.0, 0.0]])
    np.testing.assert_allclose(x[0], candidates.mean(axis=0), rtol=1e-5)


def test_lost_lanes_do_not_count():
    inf = np.inf
    _, x, candidates = combine("mean", [[inf, 2.0, inf], [inf, inf, inf]])
    np.testing.assert_allclose(x, candidates[[1, 3]], rtol=1e-5)


@pytest.mark.long
def test_few_measurements_are_answered_better_by_the_mean():
    """Where several digits explain y, their mean is nearer to the truth on average."""
    images, _ = gencs.datasets.mnist_samples()
    images = images[:60]
    A = gencs.layers.GaussianMeasurement(10, seed=0)
    y = A(images)
    model = gencs.models.VAE.from_preset("mnist_vae")
    errors = {}
    for kind in ("best", "mean"):
        solver = gencs.solvers.LBFGS(steps=30, restarts=8, probes=300)
        model.compile(solver=solver, estimate=kind)
        x_hat = model.recover(y, A, seed=0, verbose=0)
        errors[kind] = np.mean((x_hat - images) ** 2)
    assert errors["mean"] < 0.95 * errors["best"]


def test_rejects_an_unknown_estimate():
    model = gencs.models.VAE()
    with pytest.raises(ValueError, match="`estimate` must be 'auto', 'best' or 'mean'"):
        model.compile(estimate="median")
