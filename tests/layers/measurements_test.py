"""One battery over every measurement; `cases.py` lists them."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings, strategies

import tf_gencs as gencs
from tests.layers.cases import (
    ALL,
    LINEAR,
    NONLINEAR,
    built,
    examples,
    measurements,
    signals,
)
from tf_gencs import layers

every_example = pytest.mark.parametrize(("name", "shape"), examples(ALL))
every_linear_example = pytest.mark.parametrize(("name", "shape"), examples(LINEAR))


def dot(a, b):
    return float(tf.reduce_sum(tf.math.real(a * tf.math.conj(b))))


@pytest.mark.parametrize("name", LINEAR)
@given(data=strategies.data())
@settings(max_examples=20, deadline=None, derandomize=True, database=None)
def test_adjoint_passes_the_dot_test_on_random_shapes(name, data):
    A = built(name, data.draw(LINEAR[name].shapes))
    gencs.testing.check_adjoint(A)


@every_linear_example
def test_gradient_is_the_adjoint(name, shape):
    A = built(name, shape, "float64")
    x, y = signals(A, 2), measurements(A, 2)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = tf.reduce_sum(tf.math.real(A(x) * tf.math.conj(y)))
    np.testing.assert_allclose(tape.gradient(value, x), A.adjoint(y), atol=1e-12)


@every_example
def test_gradients_match_finite_differences(name, shape):
    A = built(name, shape, "float64")
    x, direction = signals(A, 2), signals(A, 2, seed=3)
    y = measurements(A, 2)

    def gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            difference = A(x) - y
            value = tf.reduce_sum(tf.math.real(difference * tf.math.conj(difference)))
        return value, tape.gradient(value, x)

    h = 1e-6
    ahead, behind = gradient(x + h * direction), gradient(x - h * direction)
    slope = float(ahead[0] - behind[0]) / (2 * h)
    scale = float(ahead[0]) + 1
    assert abs(dot(gradient(x)[1], direction) - slope) <= 1e-6 * scale
    if A.linear:
        with tf.GradientTape() as tape:
            tape.watch(x)
            inner = tf.reduce_sum(
                tf.math.real(gradient(x)[1] * tf.math.conj(direction))
            )
        curvature = tape.gradient(inner, x)
        difference = (ahead[1] - behind[1]) / (2 * h)
        np.testing.assert_allclose(curvature, difference, atol=1e-6 * scale)


@every_example
def test_squared_error_and_its_gradient(name, shape):
    A = built(name, shape, "float64")
    x, y = signals(A, 2), measurements(A, 2)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch((x, y))
        error = A.squared_error(x, y)
        direct = tf.reduce_sum(tf.abs(A(x) - y) ** 2, axis=-1)
    np.testing.assert_allclose(error, direct, rtol=1e-12)
    for wanted in (x, y):
        np.testing.assert_allclose(
            tape.gradient(error, wanted), tape.gradient(direct, wanted), atol=1e-10
        )


@every_linear_example
def test_linear_operator_and_dense_matrix_are_the_same_map(name, shape):
    A = built(name, shape, "float64")
    operator = A.as_linear_operator()
    x, y = signals(A, 4), measurements(A, 4)
    flat = tf.reshape(x, (4, -1))
    np.testing.assert_allclose(operator.matvec(flat), A(x), atol=1e-12)
    back = tf.reshape(A.adjoint(y), (4, -1))
    np.testing.assert_allclose(operator.matvec(y, adjoint=True), back, atol=1e-12)
    dense = A.to_dense()
    assert dense.shape == (A.measurements, A.signal_size)
    np.testing.assert_allclose(dense, operator.to_dense(), atol=1e-12)
    np.testing.assert_allclose(flat @ tf.transpose(dense), A(x), atol=1e-12)


@every_linear_example
def test_operator_norm_is_the_largest_singular_value(name, shape):
    A = built(name, shape, "float64")
    exact = np.linalg.norm(A.to_dense(), 2)
    norm = A.operator_norm()
    assert isinstance(norm, float)
    assert 0.998 * exact <= norm <= exact * (1 + 1e-9)
    assert A.operator_norm() == norm


@pytest.mark.parametrize(("name", "shape"), examples(LINEAR))
@pytest.mark.parametrize("dtype", ["float32", "mixed_float16"])
def test_operator_norm_survives_low_precision(name, shape, dtype):
    if name == "linear operator":
        pytest.skip("computes in the dtype of the operator")
    norm = built(name, shape, dtype).operator_norm()
    bound = 1e-5 if dtype == "float32" else 2e-2
    assert norm == pytest.approx(built(name, shape, "float64").operator_norm(), bound)


@every_example
def test_runs_under_xla_or_says_that_it_does_not(name, shape):
    A = built(name, shape)
    if not A.supports_jit:
        pytest.skip("has ops that XLA does not know")
    x = signals(A, 2)
    compiled = tf.function(A, jit_compile=True)
    np.testing.assert_allclose(compiled(x), A(x), atol=1e-5 * np.abs(A(x)).max())


@every_example
def test_same_result_in_eager_and_graph_with_unknown_batch(name, shape):
    A = built(name, shape)
    graph = tf.function(
        A, input_signature=[tf.TensorSpec((None, *shape), A.signal_dtype)]
    )
    for batch in (0, 1, 5):
        x = signals(A, batch)
        np.testing.assert_allclose(graph(x), A(x), atol=1e-5)
        assert A(x).shape == (batch, A.measurements)
        assert A(x).dtype == A.signal_dtype
        if A.linear:
            assert A.adjoint(A(x)).shape == (batch, *shape)
            assert A.adjoint(A(x)).dtype == A.signal_dtype


@every_example
def test_takes_any_number_of_batch_dimensions(name, shape):
    A = built(name, shape)
    x = signals(A, (2, 3))
    y = A(x)
    assert y.shape == (2, 3, A.measurements)
    assert A.compute_output_shape(x.shape) == y.shape
    flat = tf.reshape(x, (6, *shape))
    np.testing.assert_allclose(tf.reshape(y, (6, -1)), A(flat), atol=1e-6)
    if A.linear:
        back = A.adjoint(y)
        assert back.shape == x.shape
        np.testing.assert_allclose(
            tf.reshape(back, (6, *shape)), A.adjoint(A(flat)), atol=1e-5
        )
    spec = tf.TensorSpec((None, None, *shape), A.signal_dtype)
    np.testing.assert_allclose(tf.function(A, input_signature=[spec])(x), y, atol=1e-5)


@every_example
def test_output_shape_is_known_before_it_is_computed(name, shape):
    A = ALL[name].make(shape, "float32")
    outputs = A(keras.Input(shape, dtype=A.signal_dtype))
    assert outputs.shape == (None, A.measurements)
    assert outputs.dtype == A.signal_dtype
    assert A.signal_shape == shape
    assert A.compute_output_shape((None, *shape)) == (None, A.measurements)
    assert np.prod(A.measurement_shape) == A.measurements


@pytest.mark.parametrize(
    ("name", "shape"), examples({k: case for k, case in ALL.items() if case.saves})
)
def test_survives_a_keras_file(name, shape, tmp_path):
    A = ALL[name].make(shape, "float32")
    model = keras.Sequential([keras.Input(shape, dtype=A.signal_dtype), A])
    model.save(tmp_path / "model.keras")
    reloaded = keras.saving.load_model(tmp_path / "model.keras")
    x = signals(A, 2)
    np.testing.assert_array_equal(reloaded(x), model(x))
    reloaded_config = reloaded.layers[-1].get_config()
    assert json.dumps(reloaded_config) == json.dumps(A.get_config())


@every_example
def test_survives_a_saved_model(name, shape, tmp_path):
    A = ALL[name].make(shape, "float32")
    model = keras.Sequential([keras.Input(shape, dtype=A.signal_dtype), A])
    model.export(tmp_path / "exported", verbose=False)
    x = signals(A, 2)
    exported = tf.saved_model.load(tmp_path / "exported")
    np.testing.assert_allclose(exported.serve(x), model(x), atol=1e-5)


@every_example
def test_agrees_in_single_and_double_precision(name, shape):
    single, double = built(name, shape, "float32"), built(name, shape, "float64")
    y = double(signals(double, 3))
    scale = np.abs(y).max()
    np.testing.assert_allclose(single(signals(single, 3)), y, atol=1e-5 * scale)


@every_example
def test_works_in_half_precision(name, shape):
    if name == "linear operator":
        pytest.skip("computes in the dtype of the operator")
    A, exact = built(name, shape, "mixed_float16"), built(name, shape, "float64")
    y = tf.cast(A(signals(exact, 3)), exact.signal_dtype)
    bound = 1e-2 * np.abs(exact(signals(exact, 3))).max()
    np.testing.assert_allclose(y, exact(signals(exact, 3)), atol=bound)


@every_example
def test_rejects_signals_of_another_shape(name, shape):
    A = built(name, shape)
    sizes = ", ".join(map(str, shape))
    with pytest.raises(ValueError, match=rf"must have shape \(batch, {sizes}\)"):
        A(tf.zeros((2, *shape[:-1], shape[-1] + 1), A.signal_dtype))
    with pytest.raises(ValueError, match=rf"must have shape \(batch, {sizes}\)"):
        A(tf.zeros(shape, A.signal_dtype))


@every_example
def test_rejects_pixels_as_integers(name, shape):
    A = built(name, shape)
    with pytest.raises(TypeError, match=r"`x` must hold .*uint8"):
        A(np.zeros((2, *shape), "uint8"))
    if A.linear:
        with pytest.raises(TypeError, match=r"`y` must hold .*int32"):
            A.adjoint(np.zeros((2, A.measurements), "int32"))


@every_linear_example
def test_adjoint_rejects_y_of_wrong_length(name, shape):
    A = built(name, shape)
    with pytest.raises(
        ValueError, match=f"`y` must have shape .batch, {A.measurements}"
    ):
        A.adjoint(tf.zeros((2, A.measurements + 1)))
    with pytest.raises(ValueError, match="`y` must have shape"):
        A.adjoint(tf.zeros((A.measurements,)))


@pytest.mark.parametrize("name", NONLINEAR)
def test_nonlinear_measurements_say_that_they_have_no_adjoint(name):
    A = built(name, ALL[name].examples[0])
    for ask in (
        lambda: A.adjoint(measurements(A, 1)),
        A.operator_norm,
        A.to_dense,
        A.as_linear_operator,
        lambda: A.H,
        lambda: gencs.testing.check_adjoint(A),
    ):
        with pytest.raises(TypeError, match="is not linear: it has no"):
            ask()


@pytest.mark.parametrize("name", ["gaussian", "hadamard"])
def test_squared_error_checks_both_sides(name):
    A = built(name, (4, 4, 1))
    x, y = signals(A, 2), measurements(A, 2)
    for wrong_x, wrong_y, match in (
        (x[..., 0], y, "`x` must have shape"),
        (x, y[:, :1], "`y` must have shape"),
        (x, y[0], "`y` must have shape"),
        (x, y[:1], "`y` must be a batch of 2"),
        (x[None], y[None], "`x` must have shape"),
    ):
        with pytest.raises(ValueError, match=match):
            A.squared_error(wrong_x, wrong_y)
    with pytest.raises(TypeError, match="`y` must hold floating-point"):
        A.squared_error(x, tf.cast(y, tf.int32))
    with pytest.raises(ValueError, match="must be built before `squared_error`"):
        layers.HadamardMeasurement(3).squared_error(x, y)


def test_cannot_be_built_on_another_shape():
    A = built("identity", (4, 4, 1))
    with pytest.raises(ValueError, match="is built on signals of shape"):
        A.build((None, 5, 5, 1))


def test_the_first_call_takes_no_second_batch_dimension_for_a_signal():
    with pytest.raises(ValueError, match="once it is built, it takes more batch"):
        layers.GaussianMeasurement(3)(tf.zeros((2, 3, 4, 4, 1)))


def test_norm_is_told_outside_of_graphs():
    A = built("gaussian", (4, 4, 1))
    with pytest.raises(ValueError, match="must be called outside"):
        tf.function(A.operator_norm)()


def test_norm_of_huge_and_tiny_matrices_is_finite():
    for scale in (1e25, 1e-25):
        A = layers.MatrixMeasurement(scale * np.eye(4, dtype="float32"))
        A.build((None, 4))
        assert A.operator_norm() == pytest.approx(scale)


def test_signals_of_unknown_rank_are_refused():
    A = built("gaussian", (4, 4, 1))
    with pytest.raises(ValueError, match="Received: unknown rank"):
        tf.function(A, input_signature=[tf.TensorSpec(None)]).get_concrete_function()


def test_every_public_measurement_goes_through_the_battery():
    covered = set()

    def note(layer):
        covered.add(type(layer).__name__)
        for part in getattr(layer, "parts", ()):
            note(part)

    for case in ALL.values():
        note(case.make(case.examples[0], "float32"))
    public = {
        name
        for name in layers.__all__
        if isinstance(getattr(layers, name), type)
        and issubclass(getattr(layers, name), layers.Measurement)
    }
    assert public - {"Measurement"} <= covered


def test_adjoint_needs_a_built_layer():
    with pytest.raises(ValueError, match="must be built before `adjoint`"):
        layers.GaussianMeasurement(3, seed=0).adjoint(tf.zeros((1, 3)))


def test_rejects_signals_of_unknown_size():
    with pytest.raises(ValueError, match="known shape"):
        layers.GaussianMeasurement(3, seed=0).build((None, None, 28, 1))


def test_rejects_a_dtype_without_fractions():
    with pytest.raises(ValueError, match="`dtype` must be a floating-point type"):
        layers.GaussianMeasurement(5, dtype="int32")
