"""The default under measurements that are not linear."""

import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs

GAUSSIAN = gencs.layers.GaussianMeasurement(100, seed=0)
CASES = {
    "tanh": lambda x: tf.tanh(3 * GAUSSIAN(x)),
    "signs": lambda x: tf.tanh(20 * GAUSSIAN(x)),
    "magnitudes": gencs.layers.MagnitudeMeasurement(
        gencs.layers.GaussianMeasurement(200, seed=1)
    ),
}


@pytest.mark.long
@pytest.mark.parametrize(
    "name",
    [
        "magnitudes",
        *(pytest.param(n, marks=pytest.mark.slow) for n in ("tanh", "signs")),
    ],
)
def test_the_default_is_no_worse_than_many_steps_of_all_restarts(name):
    A, model = CASES[name], gencs.models.VAE.from_preset("mnist_vae")
    x = gencs.datasets.mnist_samples()[0][:20]
    y = np.asarray(A(x))
    errors = {}
    for solver in ("auto", gencs.solvers.LBFGS(100, restarts=10, probes=1000)):
        model.compile(solver=solver)
        x_hat = model.recover(y, A, seed=0, verbose=0)
        errors[str(solver)] = np.mean((x_hat - x) ** 2)
    default, all_steps = errors.values()
    assert default < 1.02 * all_steps
