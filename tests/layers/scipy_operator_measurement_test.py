"""Operators of SciPy's kind, and what PyLops adds to them."""

import copy

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs
from tests.generators import random_generator
from tests.layers.cases import PythonOperator
from tf_gencs.layers import ScipyOperatorMeasurement, as_measurement

SHAPE = (4, 4, 1)
MATRIX = np.random.default_rng(0).normal(size=(5, 16))
X = np.random.default_rng(1).normal(size=(3, *SHAPE)).astype("float32")


class Counted(PythonOperator):
    """One that takes batches too, and counts its calls."""

    calls = 0
    dtype = np.dtype("float64")

    def matmat(self, x):
        self.calls += 1
        assert x.dtype == self.dtype
        return self.matrix @ x

    def rmatmat(self, y):
        return self.matrix.T @ y


def operators():
    linalg = pytest.importorskip("scipy.sparse.linalg")
    plain = linalg.LinearOperator(
        MATRIX.shape, matvec=lambda x: MATRIX @ x, rmatvec=lambda y: MATRIX.T @ y
    )
    return [
        linalg.aslinearoperator(MATRIX),
        plain,
        plain @ linalg.aslinearoperator(np.eye(16)),
        2 * linalg.aslinearoperator(MATRIX / 2),
        linalg.aslinearoperator(MATRIX.T).T,
    ]


def test_scipys_operators_measure_like_their_matrix():
    for operator in operators():
        A = as_measurement(operator, SHAPE)
        assert isinstance(A, ScipyOperatorMeasurement)
        expected = X.reshape(3, 16) @ MATRIX.T
        np.testing.assert_allclose(A(X), expected, rtol=1e-5, atol=1e-5)
        gencs.testing.check_adjoint(A)


def test_a_batch_is_one_call():
    operator = Counted(MATRIX)
    A = as_measurement(operator, SHAPE)
    operator.calls = 0
    np.testing.assert_allclose(A(X), X.reshape(3, 16) @ MATRIX.T, rtol=1e-5, atol=1e-5)
    assert operator.calls == 1


def test_gradients_of_both_orders_flow_by_the_adjoint():
    A = as_measurement(PythonOperator(MATRIX), SHAPE, dtype="float64")
    x = tf.constant(X, "float64")
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            error = tf.reduce_sum(A(x) ** 4)
        gradient = tape.gradient(error, x)
    y = x.numpy().reshape(3, 16) @ MATRIX.T
    np.testing.assert_allclose(tf.reshape(gradient, (3, 16)), 4 * y**3 @ MATRIX)
    second = outer.gradient(gradient, x, tf.ones_like(x))
    expected = 12 * y**2 * (np.ones((3, 16)) @ MATRIX.T) @ MATRIX
    np.testing.assert_allclose(tf.reshape(second, (3, 16)), expected)


@pytest.mark.long
@pytest.mark.parametrize("solver", ["auto", gencs.solvers.Adam(steps=5)])
def test_recovers_as_with_the_matrix_and_operators_share_a_program(solver):
    model = gencs.models.GenerativeModel(generator=random_generator(signal_shape=SHAPE))
    model.compile(solver=solver)
    A, B = (PythonOperator(matrix) for matrix in (MATRIX, 2 * MATRIX))
    y = model.generate(2, seed=0).reshape(2, 16) @ MATRIX.T.astype("float32")
    x = model.recover(y, A, seed=0, verbose=0)
    by_matrix = model.recover(y, MATRIX, seed=0, verbose=0)
    np.testing.assert_allclose(x, by_matrix, atol=1e-2)
    assert model.prepare_recovery(A) is model.prepare_recovery(B)
    other = model.recover(2 * y, B, seed=0, verbose=0)
    np.testing.assert_allclose(other, x, atol=1e-2)


def test_can_be_copied_but_not_saved():
    A = as_measurement(PythonOperator(MATRIX), SHAPE)
    assert copy.copy(A).operator is A.operator
    with pytest.raises(NotImplementedError, match="cannot be saved"):
        keras.saving.serialize_keras_object(A)


def other(**changes):
    operator = PythonOperator(MATRIX)
    for name, value in changes.items():
        setattr(operator, name, value)
    return operator


@pytest.mark.parametrize(
    ("operator", "error", "message"),
    [
        (other(rmatvec=lambda y: 2 * MATRIX.T @ y), ValueError, "that is the adjoint"),
        (other(rmatvec=lambda y: -MATRIX.T @ y), ValueError, "that is the adjoint"),
        (
            other(rmatvec=lambda y: MATRIX[:, ::-1].T @ y),
            ValueError,
            "that is the adjoint",
        ),
        (other(rmatvec=None), ValueError, "must have a `rmatvec`, by which gradients"),
        (other(matvec=lambda x: 1 / 0), ValueError, "`matvec`.*ZeroDivisionError"),
        (other(matvec=lambda x: x), ValueError, r"it returned shape \(16, 2\)"),
        (other(matvec=lambda x: MATRIX @ x * np.nan), ValueError, "must be finite"),
        (other(matvec=lambda x: MATRIX @ x * 1j), ValueError, "no real numbers"),
        (other(dtype=np.dtype("complex128")), TypeError, "real numbers.*complex128"),
        (other(shape=(5,)), ValueError, r"must have shape \(m, n\)"),
        (other(shape=(0, 16)), ValueError, r"must have shape \(m, n\)"),
        (PythonOperator(np.ones((5, 17))), ValueError, "`A` must have 16 columns"),
    ],
)
def test_rejects_what_is_no_operator_on_signals(operator, error, message):
    with pytest.raises(error, match=message):
        as_measurement(operator, SHAPE)


def test_an_operator_of_scipy_without_rmatvec_is_refused():
    linalg = pytest.importorskip("scipy.sparse.linalg")
    operator = linalg.LinearOperator(MATRIX.shape, matvec=lambda x: MATRIX @ x)
    with pytest.raises(ValueError, match="must have a `rmatvec`, by which gradients"):
        as_measurement(operator, SHAPE)
    with pytest.raises(TypeError, match="must have `shape`, `matvec` and `rmatvec`"):
        ScipyOperatorMeasurement(MATRIX)
