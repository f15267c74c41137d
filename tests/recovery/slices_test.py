"""Latents that do not fit in memory at once, one slice after the other."""

import numpy as np
import pytest
import tensorflow as tf

from tf_gencs.recovery.search.slices import in_slices


@pytest.mark.parametrize("bytes_of_one", [1, 2**27, 2**28, 2**40])
def test_slices_answer_as_all_at_once_does(rng, bytes_of_one):
    z = tf.constant(rng.normal(size=(7, 3)))
    sizes = []

    def function(z):
        sizes.append(z.shape[0])
        return {"square": z**2, "sum": tf.reduce_sum(z, axis=1)}

    found = in_slices(function, z, bytes_of_one)
    assert 7 <= sum(sizes) < 7 + sizes[0]  # but for the last slice, each once
    expected = function(z)
    assert found.keys() == expected.keys()
    for name, part in expected.items():
        np.testing.assert_allclose(found[name], part, rtol=1e-12)
