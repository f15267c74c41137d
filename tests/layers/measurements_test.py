"""One battery over every measurement."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs

SIGNAL_SHAPES = [(28, 28, 1), (4, 4, 3), (5, 3, 2), (1,)]


def _matrix(shape, m=7):
    rng = np.random.default_rng(3)
    return rng.normal(size=(m, int(np.prod(shape)))).astype("float64")


LINEAR = {
    "gaussian": lambda shape, dtype: gencs.layers.GaussianMeasurement(
        7, seed=3, dtype=dtype
    ),
    "hadamard": lambda shape, dtype: gencs.layers.HadamardMeasurement(
        min(7, int(np.prod(shape))), seed=3, dtype=dtype
    ),
    "identity": lambda shape, dtype: gencs.layers.IdentityMeasurement(dtype=dtype),
    "matrix": lambda shape, dtype: gencs.layers.MatrixMeasurement(
        _matrix(shape), dtype=dtype
    ),
    "linear operator": lambda shape, dtype: gencs.layers.LinearOperatorMeasurement(
        tf.linalg.LinearOperatorFullMatrix(_matrix(shape)), dtype=dtype
    ),
}


def built(name, shape, dtype="float32"):
    A = LINEAR[name](shape, dtype)
    A.build((None, *shape))
    return A


def normal(shape, dtype, seed):
    return tf.constant(np.random.default_rng(seed).normal(size=shape), dtype)


@pytest.fixture(params=sorted(LINEAR))
def name(request):
    return request.param


@pytest.fixture(params=SIGNAL_SHAPES, ids=str)
def shape(request):
    return request.param


@pytest.mark.parametrize(("dtype", "bound"), [("float32", 1e-5), ("float64", 1e-12)])
def test_adjoint_passes_the_dot_test(name, shape, dtype, bound):
    A = built(name, shape, dtype)
    x = normal((3, *shape), dtype, 1)
    y = normal((3, A.measurements), dtype, 2)
    forward = tf.reduce_sum(A(x) * y)
    backward = tf.reduce_sum(x * A.adjoint(y))
    scale = tf.norm(A(x)) * tf.norm(y)
    assert abs(forward - backward) <= bound * scale


def test_gradient_is_the_adjoint(name, shape):
    A = built(name, shape, "float64")
    x = normal((2, *shape), "float64", 1)
    y = normal((2, A.measurements), "float64", 2)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = tf.reduce_sum(A(x) * y)
    np.testing.assert_allclose(tape.gradient(value, x), A.adjoint(y), atol=1e-12)


def test_linear_operator_is_the_same_matrix(name, shape):
    A = built(name, shape, "float64")
    operator = A.as_linear_operator()
    x = normal((4, *shape), "float64", 1)
    y = normal((4, A.measurements), "float64", 2)
    flat = tf.reshape(x, (4, -1))
    np.testing.assert_allclose(operator.matvec(flat), A(x), atol=1e-12)
    back = tf.reshape(A.adjoint(y), (4, -1))
    np.testing.assert_allclose(operator.matvec(y, adjoint=True), back, atol=1e-12)
    np.testing.assert_allclose(
        flat @ tf.transpose(operator.to_dense()), A(x), atol=1e-12
    )
    np.testing.assert_allclose(
        operator.adjoint().to_dense(), tf.transpose(operator.to_dense()), atol=1e-12
    )


def test_same_result_in_eager_and_graph_with_unknown_batch(name, shape):
    A = built(name, shape)
    graph = tf.function(A, input_signature=[tf.TensorSpec((None, *shape))])
    for batch in (0, 1, 5):
        x = normal((batch, *shape), "float32", 1)
        np.testing.assert_allclose(graph(x), A(x), atol=1e-6)
        assert A(x).shape == (batch, A.measurements)
        assert A.adjoint(A(x)).shape == (batch, *shape)


def test_output_shape_is_known_before_it_is_computed(name, shape):
    A = LINEAR[name](shape, "float32")
    inputs = keras.Input(shape)
    outputs = A(inputs)
    assert outputs.shape == (None, A.measurements)
    assert A.signal_shape == shape
    assert A.compute_output_shape((None, *shape)) == (None, A.measurements)


@pytest.mark.parametrize("name", sorted(set(LINEAR) - {"linear operator"}))
def test_survives_a_keras_file(name, shape, tmp_path):
    model = keras.Sequential([keras.Input(shape), LINEAR[name](shape, "float32")])
    model.save(tmp_path / "model.keras")
    reloaded = keras.saving.load_model(tmp_path / "model.keras")
    x = normal((2, *shape), "float32", 1)
    np.testing.assert_array_equal(reloaded(x), model(x))
    assert reloaded.layers[-1].get_config() == model.layers[-1].get_config()


def test_survives_a_saved_model(name, shape, tmp_path):
    model = keras.Sequential([keras.Input(shape), LINEAR[name](shape, "float32")])
    model.export(tmp_path / "exported", verbose=False)
    x = normal((2, *shape), "float32", 1)
    exported = tf.saved_model.load(tmp_path / "exported")
    np.testing.assert_allclose(exported.serve(x), model(x), atol=1e-6)


@pytest.mark.parametrize("kind", ["GaussianMeasurement", "HadamardMeasurement"])
def test_random_measurements_keep_lengths_on_average(kind):
    x = normal((1, 16, 16, 1), "float64", 1)
    ratios = []
    for seed in range(200):
        A = getattr(gencs.layers, kind)(50, seed=seed, dtype="float64")
        ratios.append(float(tf.reduce_sum(A(x) ** 2) / tf.reduce_sum(x**2)))
    # One ratio varies by sqrt(2/m) = 0.2, their mean by 0.2 / sqrt(200) = 0.014.
    assert abs(np.mean(ratios) - 1) < 0.06
    assert 0.1 < np.std(ratios) < 0.3


@pytest.mark.parametrize("kind", ["GaussianMeasurement", "HadamardMeasurement"])
def test_seeds_decide_the_matrix(kind):
    def dense(**kwargs):
        A = getattr(gencs.layers, kind)(30, **kwargs)
        A.build((None, 8, 8, 1))
        return A.as_linear_operator().to_dense().numpy(), A

    first, _ = dense(seed=5)
    np.testing.assert_array_equal(dense(seed=5)[0], first)
    np.testing.assert_allclose(dense(seed=5, dtype="float64")[0], first, rtol=1e-6)
    other = dense(seed=6)[0]
    correlation = np.sum(first * other) / np.sqrt(np.sum(first**2) * np.sum(other**2))
    assert abs(correlation) < 0.1  # 1920 independent entries: sigma is 0.023
    drawn, A = dense()
    np.testing.assert_array_equal(dense(seed=A.get_config()["seed"])[0], drawn)


def test_gaussian_entries_are_standard_normal_over_root_m():
    A = gencs.layers.GaussianMeasurement(500, seed=0)
    A.build((None, 28, 28, 1))
    entries = np.sort(np.asarray(A.matrix).ravel() * np.sqrt(500))
    assert abs(entries.mean()) < 0.01
    assert abs(entries.std() - 1) < 0.01
    assert abs(np.mean(np.abs(entries) < 1) - 0.6827) < 0.005
    assert abs(np.mean(np.abs(entries) < 2) - 0.9545) < 0.003


def test_hadamard_entries_are_signs_over_root_m_and_rows_are_orthogonal():
    A = gencs.layers.HadamardMeasurement(64, seed=0)
    A.build((None, 8, 8, 1))
    dense = A.as_linear_operator().to_dense().numpy()
    np.testing.assert_allclose(np.abs(dense), 1 / 8, atol=1e-6)
    np.testing.assert_allclose(dense @ dense.T, np.eye(64), atol=1e-5)


def test_layers_with_custom_ops_keep_xla_off():
    assert not gencs.layers.HadamardMeasurement(3).supports_jit


@pytest.mark.parametrize("kind", ["GaussianMeasurement", "HadamardMeasurement"])
@pytest.mark.parametrize("m", [0, -1, 2.5, "3", None, True])
def test_rejects_a_number_of_measurements_that_is_none(kind, m):
    with pytest.raises(ValueError, match="`measurements` must be an integer of at"):
        getattr(gencs.layers, kind)(m)


@pytest.mark.parametrize("seed", [-1, 1.5, "a", 2**63])
def test_rejects_a_wrong_seed(seed):
    with pytest.raises(ValueError, match="`seed` must be"):
        gencs.layers.GaussianMeasurement(3, seed=seed)


def test_hadamard_rejects_more_measurements_than_values():
    with pytest.raises(ValueError, match="`measurements` must be at most 64"):
        gencs.layers.HadamardMeasurement(65).build((None, 8, 8, 1))


def test_gaussian_takes_more_measurements_than_values():
    A = gencs.layers.GaussianMeasurement(100, seed=0)
    assert A(tf.ones((1, 4, 4, 1))).shape == (1, 100)


def test_rejects_signals_of_another_shape(name):
    A = built(name, (4, 4, 3))
    with pytest.raises(ValueError, match=r"must have shape \(batch, 4, 4, 3\)"):
        A(tf.zeros((2, 4, 4, 1)))


def test_rejects_pixels_as_integers(name):
    A = built(name, (4, 4, 3))
    with pytest.raises(TypeError, match=r"`x` must hold floating-point.*uint8"):
        A(np.zeros((2, 4, 4, 3), "uint8"))
    if A.measurements:
        with pytest.raises(TypeError, match=r"`y` must hold floating-point.*int32"):
            A.adjoint(np.zeros((2, A.measurements), "int32"))


def test_rejects_a_dtype_without_fractions():
    with pytest.raises(ValueError, match="`dtype` must be a floating-point type"):
        gencs.layers.GaussianMeasurement(5, dtype="int32")


def test_adjoint_rejects_y_of_wrong_length(name):
    A = built(name, (4, 4, 3))
    with pytest.raises(
        ValueError, match=f"`y` must have shape .batch, {A.measurements}"
    ):
        A.adjoint(tf.zeros((2, A.measurements + 1)))


def test_adjoint_needs_a_built_layer():
    with pytest.raises(ValueError, match="must be built before `adjoint`"):
        gencs.layers.GaussianMeasurement(3, seed=0).adjoint(tf.zeros((1, 3)))


def test_rejects_signals_of_unknown_size():
    with pytest.raises(ValueError, match="known shape"):
        gencs.layers.GaussianMeasurement(3, seed=0).build((None, None, 28, 1))


def test_a_matrix_without_its_weights_measures_nan_rather_than_nonsense():
    A = gencs.layers.MatrixMeasurement(np.ones((2, 4)))
    clone = gencs.layers.MatrixMeasurement.from_config(A.get_config())
    assert np.isnan(clone(tf.ones((1, 2, 2, 1)))).all()
