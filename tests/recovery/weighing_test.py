"""W (A x - y) in place of A x - y."""

import numpy as np
import pytest
import tensorflow as tf

from tests.lanes import bound
from tf_gencs import layers, losses
from tf_gencs.recovery import Term
from tf_gencs.recovery.problem import Weighing

SHAPE = (4, 2, 1)


@pytest.mark.parametrize(
    "A", [layers.GaussianMeasurement(5, seed=0), layers.HadamardMeasurement(5, seed=0)]
)
def test_weighed_data_have_the_loss_of_weighed_residuals(A, rng):
    A.build((None, *SHAPE))
    x, y, W = (
        tf.constant(rng.normal(size=shape), tf.float32)
        for shape in ((3, *SHAPE), (3, 5), (5, 5))
    )
    plain = bound({"y": Term(A, losses.SumSquaredError())}, {"y": y})
    weighing = Weighing(plain, lambda measurement, noise: (W, 1.0))
    (product,) = (term.measurement for term in weighing.data.terms.values())
    assert isinstance(product, layers.MatrixMeasurement) == A.stores_matrix
    assert np.isnan(product(x)).all()  # rather than wrong: nobody lent it values

    @tf.function(autograph=False)
    def loss(x, y, values):
        derived = weighing.derive(values, None, False)
        return weighing.bind({"y": {"y": y}}, derived).loss_and_gradient(x)

    value, gradient = loss(x, y, plain.values())
    residual = (A(x) - y) @ tf.transpose(W)
    np.testing.assert_allclose(value, tf.reduce_sum(residual**2, 1), rtol=1e-5)
    np.testing.assert_allclose(gradient, 2 * A.adjoint(residual @ W), atol=1e-4)
