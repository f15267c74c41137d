"""Sparse matrices of TensorFlow and SciPy, which stay sparse."""

import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs
from tests.generators import random_generator
from tf_gencs.layers import SparseMatrixMeasurement, as_measurement

SHAPE = (4, 4, 1)
RNG = np.random.default_rng(0)
MATRIX = RNG.normal(size=(5, 16)) * (RNG.random((5, 16)) < 0.3)
X = RNG.normal(size=(3, *SHAPE)).astype("float32")


def sparse(matrix, positions=None):
    positions = np.argwhere(matrix) if positions is None else positions
    return tf.SparseTensor(positions, matrix[tuple(positions.T)], matrix.shape)


def test_every_format_measures_like_the_dense_matrix():
    scipy = pytest.importorskip("scipy.sparse")
    kinds = [sparse(MATRIX), scipy.coo_array(MATRIX), scipy.coo_matrix(MATRIX)]
    for name in ("csr", "csc", "lil", "dok", "bsr", "dia"):
        kinds += [scipy.csr_array(MATRIX).asformat(name)]
        kinds += [scipy.csr_matrix(MATRIX).asformat(name)]
    for matrix in kinds:
        A = as_measurement(matrix, SHAPE, dtype="float64")
        assert isinstance(A, SparseMatrixMeasurement)
        assert A.entries.shape == (np.count_nonzero(MATRIX),)
        np.testing.assert_allclose(A.to_dense(), MATRIX)
        np.testing.assert_allclose(A(X), X.reshape(3, 16) @ MATRIX.T, atol=1e-6)


def test_order_and_repetition_of_entries_do_not_matter():
    matrix = tf.SparseTensor([[1, 3], [0, 2], [1, 3]], [2, 5, -4], (5, 16))
    A = as_measurement(matrix, SHAPE)
    expected = np.zeros((5, 16))
    expected[1, 3], expected[0, 2] = -2, 5
    np.testing.assert_array_equal(A.to_dense(), expected)
    np.testing.assert_allclose(A.mean_gain(), 29 / 16)


def test_a_matrix_without_entries_measures_zeros():
    A = as_measurement(sparse(np.zeros((5, 16))), SHAPE)
    np.testing.assert_array_equal(A(X), np.zeros((3, 5)))


def test_knows_its_gain_and_norm():
    A = as_measurement(sparse(MATRIX), SHAPE)
    np.testing.assert_allclose(A.mean_gain(), np.sum(MATRIX**2) / 16, rtol=1e-6)
    np.testing.assert_allclose(A.operator_norm(), np.linalg.norm(MATRIX, 2), rtol=1e-3)


def test_no_graph_holds_the_matrix():
    wide = sparse(RNG.normal(size=(500, 16)))
    A = as_measurement(wide, SHAPE)
    graph = tf.function(A).get_concrete_function(tf.TensorSpec((None, *SHAPE)))
    assert len(graph.graph.as_graph_def().SerializeToString()) < 20_000


@pytest.mark.long
def test_recovers_and_shares_a_program_with_other_entries_and_places():
    model = gencs.models.GenerativeModel(generator=random_generator(signal_shape=SHAPE))
    model.compile(solver=gencs.solvers.Adam(steps=20))
    A, B = sparse(MATRIX), sparse(np.roll(MATRIX, 1, axis=1) * 2)
    assert model.prepare_recovery(A) is model.prepare_recovery(B)
    x = model.generate(2, seed=0)
    for matrix in (A, B):
        dense = tf.sparse.to_dense(matrix).numpy().astype("float32")
        y = x.reshape(2, 16) @ dense.T
        np.testing.assert_allclose(
            model.recover(y, matrix, seed=0, verbose=0),
            model.recover(y, dense, seed=0, verbose=0),
            atol=1e-3,
        )


@pytest.mark.parametrize(
    ("matrix", "error", "message"),
    [
        (sparse(np.ones((5, 17))), ValueError, r"must have 16 columns.*\(5, 17\)"),
        (sparse(np.full((5, 16), np.nan)), ValueError, "finite.*80 entries"),
        (sparse(np.full((5, 16), 1j)), TypeError, "real numbers.*complex128"),
        (sparse(np.ones(16)), ValueError, r"must have shape \(m, n\)"),
        (tf.SparseTensor([[7, 0]], [1.0], (5, 16)), ValueError, "within its shape"),
    ],
)
def test_rejects_what_is_no_matrix_on_signals(matrix, error, message):
    with pytest.raises(error, match=message):
        as_measurement(matrix, SHAPE)


def test_rejects_dense_matrices():
    with pytest.raises(TypeError, match="`MatrixMeasurement` takes dense ones"):
        SparseMatrixMeasurement(MATRIX)
