"""What Keras, TensorFlow and users may expect of every measurement of `cases.py`."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs
from tests.layers.cases import (
    ALL,
    LINEAR,
    NONLINEAR,
    built,
    made,
    measurements,
    signals,
)
from tf_gencs import layers

every = pytest.mark.parametrize("name", ALL)
every_linear = pytest.mark.parametrize("name", LINEAR)
COMPILED = [name for name in ALL if made(name).supports_jit]


@pytest.mark.parametrize("name", COMPILED)
def test_runs_under_xla_unless_it_says_that_it_does_not(name):
    A = built(name)
    x = signals(A, 2)
    compiled = tf.function(A, jit_compile=True)
    np.testing.assert_allclose(compiled(x), A(x), atol=1e-5 * np.abs(A(x)).max())


@every
def test_same_result_in_eager_and_graph_with_unknown_batch(name):
    A = built(name)
    shape = A.signal_shape
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


@every
def test_may_be_built_inside_of_a_graph(name):
    A = made(name)
    x = signals(built(name), 2)
    np.testing.assert_allclose(tf.function(A)(x), built(name)(x), atol=1e-5)


@every
def test_takes_any_number_of_batch_dimensions(name):
    A = built(name)
    shape = A.signal_shape
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


@every
def test_output_shape_is_known_before_it_is_computed(name):
    A = made(name)
    shape = ALL[name].examples[0]
    outputs = A(keras.Input(shape, dtype=A.signal_dtype))
    assert outputs.shape == (None, A.measurements)
    assert outputs.dtype == A.signal_dtype
    assert A.signal_shape == shape
    assert A.compute_output_shape((None, *shape)) == (None, A.measurements)
    assert np.prod(A.measurement_shape) == A.measurements


@pytest.mark.parametrize("name", [name for name, case in ALL.items() if case.saves])
def test_survives_a_keras_file(name, tmp_path):
    A = made(name)
    shape = ALL[name].examples[0]
    model = keras.Sequential([keras.Input(shape, dtype=A.signal_dtype), A])
    model.save(tmp_path / "model.keras")
    reloaded = keras.saving.load_model(tmp_path / "model.keras")
    x = signals(A, 2)
    np.testing.assert_array_equal(reloaded(x), model(x))
    reloaded_config = reloaded.layers[-1].get_config()
    assert json.dumps(reloaded_config) == json.dumps(A.get_config())


@pytest.mark.parametrize("name", [name for name, case in ALL.items() if case.exports])
def test_survives_a_saved_model(name, tmp_path):
    A = made(name)
    shape = ALL[name].examples[0]
    model = keras.Sequential([keras.Input(shape, dtype=A.signal_dtype), A])
    model.export(tmp_path / "exported", verbose=False)
    x = signals(A, 2)
    exported = tf.saved_model.load(tmp_path / "exported")
    np.testing.assert_allclose(exported.serve(x), model(x), atol=1e-5)


@pytest.mark.parametrize("name", [name for name in ALL if name != "linear operator"])
def test_works_in_half_precision(name):
    A, exact = built(name, dtype="mixed_float16"), built(name, dtype="float64")
    y = tf.cast(A(signals(exact, 3)), exact.signal_dtype)
    bound = 1e-2 * np.abs(exact(signals(exact, 3))).max()
    np.testing.assert_allclose(y, exact(signals(exact, 3)), atol=bound)


@every
def test_rejects_signals_of_another_shape(name):
    A = built(name)
    shape = A.signal_shape
    sizes = ", ".join(map(str, shape))
    with pytest.raises(ValueError, match=rf"must have shape \(batch, {sizes}\)"):
        A(tf.zeros((2, *shape[:-1], shape[-1] + 1), A.signal_dtype))
    with pytest.raises(ValueError, match=rf"must have shape \(batch, {sizes}\)"):
        A(tf.zeros(shape, A.signal_dtype))


@every
def test_rejects_pixels_as_integers_and_takes_counts(name):
    A = built(name)
    shape = A.signal_shape
    with pytest.raises(TypeError, match=r"`x` must hold .*uint8"):
        A(np.zeros((2, *shape), "uint8"))
    if A.linear:
        y = np.ones((2, A.measurements), "int32")
        np.testing.assert_array_equal(A.adjoint(y), A.adjoint(y.astype("float32")))


@every_linear
def test_adjoint_rejects_y_of_wrong_length(name):
    A = built(name)
    with pytest.raises(
        ValueError, match=f"`y` must have shape .batch, {A.measurements}"
    ):
        A.adjoint(tf.zeros((2, A.measurements + 1)))
    with pytest.raises(ValueError, match="`y` must have shape"):
        A.adjoint(tf.zeros((A.measurements,)))


@pytest.mark.parametrize("name", NONLINEAR)
def test_nonlinear_measurements_say_that_they_have_no_adjoint(name):
    A = built(name)
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
    with pytest.raises(TypeError, match=r"`y` must hold real numbers.*complex64"):
        A.squared_error(x, tf.cast(y, tf.complex64))
    with pytest.raises(ValueError, match="must be built before `squared_error`"):
        layers.HadamardMeasurement(3).squared_error(x, y)


def test_cannot_be_built_on_another_shape():
    A = built("identity", (4, 4, 1))
    with pytest.raises(ValueError, match="is built on signals of shape"):
        A.build((None, 5, 5, 1))


def test_the_first_call_takes_no_batch_dimensions_for_a_signal():
    with pytest.raises(ValueError, match="once it is built, it takes more batch"):
        layers.GaussianMeasurement(3)(tf.zeros((2, 2, 3, 4, 4, 1)))


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

    for name in ALL:
        note(made(name))
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
