"""Measurements made of measurements."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs
from tests.layers.cases import signals
from tf_gencs import layers

SHAPE = (6, 5, 3)


SCAN = layers.FourierMeasurement(np.ones((6, 5), bool), complex_signals=True)


def own_masks(signals):
    return layers.MaskMeasurement(keep=0.5, signals=signals)


def gaussian(m=7, seed=0):
    A = layers.GaussianMeasurement(m, seed=seed, dtype="float64")
    A.build((None, *SHAPE))
    return A


def dense(A, shape=SHAPE):
    if not A.built:
        A.build((None, *shape))
    return A.to_dense().numpy()


def test_product_sum_and_multiple_are_those_of_matrices():
    A, B = gaussian(seed=1), gaussian(seed=2)
    C = layers.HadamardMeasurement(4, seed=3, dtype="float64")
    a, b = dense(A), dense(B)
    np.testing.assert_allclose(dense(A + B), a + b, atol=1e-12)
    np.testing.assert_allclose(dense(A - B), a - b, atol=1e-12)
    np.testing.assert_allclose(dense(-A / 2), -a / 2, atol=1e-12)
    np.testing.assert_allclose(dense(np.float64(0.3) * A), 0.3 * a, atol=1e-12)
    product = dense(C @ A)
    np.testing.assert_allclose(product, dense(C, (7,)) @ a, atol=1e-12)
    np.testing.assert_allclose(dense(A.H, (7,)), a.T, atol=1e-12)
    np.testing.assert_allclose(dense(A.H @ A), a.T @ a, atol=1e-12)
    np.testing.assert_allclose(dense(A @ A.H, (7,)), a @ a.T, atol=1e-12)


def test_stack_of_different_lengths_is_the_stacked_matrix():
    A, B = gaussian(7, seed=1), gaussian(3, seed=2)
    gray = layers.GrayscaleMeasurement(dtype="float64")
    stack = layers.Stack([A, gray, B])
    stacked = dense(stack)
    assert stack.measurements == 7 + 30 + 3
    np.testing.assert_allclose(
        stacked, np.concatenate([dense(A), dense(gray), dense(B)]), atol=1e-12
    )


def test_adjoint_of_a_product_is_the_reversed_product_of_adjoints():
    A = gaussian(7)
    B = layers.CosineMeasurement(4, flat=True, seed=1, dtype="float64")
    product = B @ A
    product.build((None, *SHAPE))
    y = tf.random.stateless_normal((2, 4), (0, 0), dtype="float64")
    np.testing.assert_allclose(product.adjoint(y), A.adjoint(B.adjoint(y)))
    assert product.H.H is product


def test_each_part_takes_the_shape_that_the_one_before_measures():
    gray = layers.GrayscaleMeasurement()
    cosine = layers.CosineMeasurement(5, seed=0)
    A = layers.Sequential([gray, cosine])
    A.build((None, *SHAPE))
    assert gray.measurement_shape == cosine.signal_shape == (6, 5, 1)


def test_parts_keep_weights_that_only_files_hold(tmp_path):
    """The same part twice, with a matrix that no config holds."""
    matrix = np.random.default_rng(0).normal(size=(4, 90)).astype("float32")
    A = layers.MatrixMeasurement(matrix)
    A.build((None, *SHAPE))
    model = keras.Sequential([keras.Input(SHAPE), layers.Stack([A.H @ A, A])])
    model.save(tmp_path / "model.keras")
    reloaded = keras.saving.load_model(tmp_path / "model.keras")
    x = np.random.default_rng(1).normal(size=(2, *SHAPE)).astype("float32")
    np.testing.assert_array_equal(reloaded(x), model(x))


@pytest.mark.parametrize("inside", [lambda A: A, lambda A: 2 * A], ids=["A", "2 A"])
def test_norm_and_matrix_follow_weights_that_change(inside):
    A = layers.MatrixMeasurement(np.eye(4, dtype="float32"))
    B = inside(A)
    B.build((None, 2, 2, 1))
    norm = B.operator_norm()
    assert norm == pytest.approx(np.linalg.norm(B.to_dense(), 2))
    A.set_weights([np.diag([5.0, 1, 1, 1])])
    assert B.operator_norm() == pytest.approx(5 * norm, rel=1e-5)
    diagonal = np.diag(B.to_dense())
    np.testing.assert_allclose(diagonal, norm * np.array([5, 1, 1, 1]), rtol=1e-5)


def test_dense_form_is_that_of_the_weights():
    A = layers.GaussianMeasurement(5, seed=0)
    A.build((None, 4, 4, 1))
    A.set_weights([np.ones((5, 16))])
    np.testing.assert_array_equal(A.to_dense(), 1)


def test_builtin_sum_adds_measurements():
    A, B = gaussian(seed=1), gaussian(seed=2)
    np.testing.assert_allclose(dense(sum([A, B])), dense(A) + dense(B))


def test_parts_on_turned_images_do_not_fit():
    A, B = (layers.GaussianMeasurement(2, seed=0) for _ in range(2))
    A.build((None, 4, 2, 1))
    B.build((None, 2, 4, 1))
    with pytest.raises(ValueError, match=r"must measure signals of shape \(4, 2, 1\)"):
        layers.Stack([A, B]).build((None, 4, 2, 1))


def test_composites_take_the_dtype_of_their_parts():
    assert (gaussian() + gaussian(seed=1)).compute_dtype == "float64"
    assert layers.Stack([gaussian()], dtype="float32").compute_dtype == "float32"


@pytest.mark.long
def test_composite_recovers_like_any_measurement():
    model = gencs.models.VAE.from_preset("mnist_vae")
    model.compile(solver=gencs.solvers.LBFGS(steps=5, restarts=2), run_eagerly=True)
    A = layers.Stack(
        [layers.GaussianMeasurement(30, seed=0), layers.GaussianMeasurement(20, seed=1)]
    )
    x = model.generate(2, seed=0)
    assert model.recover(A(x), A, seed=0, verbose=0).shape == x.shape


@pytest.mark.parametrize(
    ("make", "error", "match"),
    [
        (lambda: layers.Stack([]), ValueError, "must hold a measurement"),
        (lambda: layers.Stack([tf.sin]), TypeError, "must be Measurement layers"),
        (lambda: gaussian(3) + gaussian(4), ValueError, "same number of measurements"),
        (
            lambda: gaussian(3) @ gaussian(4),
            ValueError,
            "signals of shape .4,",
        ),
        (lambda: gaussian(3).H @ gaussian(4), ValueError, "vectors of 3 values"),
        (lambda: gaussian(3) * float("nan"), ValueError, "`factor` must be a finite"),
        (lambda: layers.Adjoint([gaussian(3)]), TypeError, "`measurement` must be a"),
        (lambda: gaussian(3) / 0, ValueError, "`divisor` must not be 0"),
        (lambda: gaussian(3) / "a", ValueError, "`divisor` must be a finite number"),
        (lambda: layers.Stack([gaussian(3), SCAN]), ValueError, "`complex_signals`"),
        (
            lambda: layers.Stack([own_masks(2), own_masks(3)]),
            ValueError,
            "must agree in `signals`",
        ),
        (
            lambda: layers.Stack(
                [
                    gaussian(3),
                    layers.HadamardMeasurement(3),
                    layers.GaussianMeasurement(2).H,
                ]
            ),
            ValueError,
            "must be built before",
        ),
    ],
)
def test_rejects_what_does_not_fit(make, error, match):
    with pytest.raises(error, match=match):
        make().build((None, *SHAPE))


def test_operators_between_measurements_and_others_are_type_errors():
    A = gaussian()
    for combine in (
        lambda: A @ 2,
        lambda: A @ [A],
        lambda: np.eye(7) @ A,
        lambda: A + 1,
        lambda: A - 1,
        lambda: A * A,
        lambda: A / A,
    ):
        with pytest.raises(TypeError):
            combine()


def test_a_at_signals_measures_them():
    A = gaussian()
    A.build((None, *SHAPE))
    x = signals(A, 2)
    for given in (x, x.numpy()):
        np.testing.assert_array_equal(A @ given, A(x))
    np.testing.assert_array_equal(A.H @ A(x), A.H(A(x)))
    with pytest.raises(ValueError, match=r"`x` must have shape \(batch, 6"):
        A @ x[0]
