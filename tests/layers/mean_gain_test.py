"""||A||_F^2 / n, exact or estimated."""

import numpy as np
import pytest
import tensorflow as tf

from tests.layers.cases import LINEAR, NONLINEAR, built, signals
from tf_gencs import layers


@pytest.mark.parametrize("name", LINEAR)
def test_gain_is_that_of_the_matrix(name):
    A = built(name, dtype="float64")
    dense = A.to_dense().numpy()
    gram = dense @ dense.conj().T
    trace = np.trace(gram).real
    gain = A.mean_gain().numpy()
    # Where A A^H is diagonal, any signs tell it. Else 32 vectors deviate by about this.
    beside = np.linalg.norm(gram - np.diag(np.diag(gram)))
    deviation = beside * np.sqrt(2 / 32)
    exact = trace / A.signal_size
    assert abs(gain - exact) <= (4 * deviation / trace + 1e-6) * exact
    if A.stores_matrix:
        np.testing.assert_allclose(gain, exact, rtol=1e-12)


@pytest.mark.parametrize("name", [*LINEAR, *NONLINEAR])
@pytest.mark.parametrize("dtype", ["float32", "mixed_float16"])
def test_gain_of_a_multiple_is_multiplied_by_the_square(name, dtype):
    A = built(name, dtype=dtype)
    x = signals(A, 4)
    gain = A.mean_gain(x)
    assert gain.dtype == tf.float32
    for c, exact in ((-0.25, True), (3.0, False)):
        scaled = c * A
        scaled.build((None, *A.signal_shape))
        if exact:
            assert scaled.mean_gain(x) == c**2 * gain
        else:
            np.testing.assert_allclose(scaled.mean_gain(x), c**2 * gain, rtol=1e-6)


@pytest.mark.parametrize("c", [2.0**-30, 2.0**30])
def test_gain_of_a_scaled_matrix_is_scaled_exactly(c):
    entries = np.random.default_rng(0).normal(size=(7, 16)).astype("float32")
    A, B = (layers.MatrixMeasurement(k * entries) for k in (1, c))
    together = layers.Sequential([B, layers.HadamardMeasurement(5, seed=0)])
    alone = layers.Sequential([A, layers.HadamardMeasurement(5, seed=0)])
    for layer in (together, alone):
        layer.build((None, 16))
    assert B.mean_gain() == c**2 * A.mean_gain()
    assert together.mean_gain() == c**2 * alone.mean_gain()


def test_gain_of_a_nonlinear_one_is_that_of_its_derivative():
    A = layers.FunctionMeasurement(lambda x: x**3)
    A.build((None, 5))
    x = signals(A, 3)
    expected = tf.reduce_mean((3 * x**2) ** 2)
    np.testing.assert_allclose(A.mean_gain(x), expected, rtol=1e-5)
    with pytest.raises(ValueError, match="`x` must be given"):
        A.mean_gain()
    constant = layers.FunctionMeasurement(lambda x: tf.ones_like(x))
    constant.build((None, 5))
    assert constant.mean_gain(x) == 0


def test_gain_needs_a_built_layer():
    with pytest.raises(ValueError, match="must be built before `mean_gain`"):
        layers.GaussianMeasurement(3).mean_gain()
