"""`recover` from several threads at once."""

import concurrent.futures

import numpy as np
import pytest

import tf_gencs as gencs
from tests.generators import random_generator


@pytest.mark.long
def test_threads_get_the_bits_that_each_gets_alone():
    """More measurements than a runner remembers, in a race from the first trace on."""
    model = gencs.models.GenerativeModel(random_generator())
    model.compile(solver=gencs.solvers.Adam(0.1, steps=10, restarts=2))
    measurements = [gencs.layers.GaussianMeasurement(16, seed=s) for s in range(6)]
    x = model.generate(2, seed=1)
    calls = [(np.asarray(A(x)), A) for A in measurements] * 4

    def recover(call):
        return model.recover(*call, seed=0, verbose=0)

    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        together = list(threads.map(recover, calls))
    for call, found in zip(calls, together, strict=True):
        np.testing.assert_array_equal(found, recover(call))
