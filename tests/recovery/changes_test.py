"""Answers stay right when A, the model or their units change."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs
from tests.generators import linear_generator, random_generator
from tf_gencs import layers, solvers
from tf_gencs.recovery import Status

SHAPE = (6, 6, 1)
M = 12
ARGUMENTS = {"seed": 2, "verbose": 0}


def model_with(prior="normal", compiled=None, **known):
    model = gencs.models.GenerativeModel(random_generator(), prior, (0, 1), **known)
    model.compile(**(compiled or {}))
    return model


@pytest.fixture(scope="module")
def x():
    return model_with().generate(5, seed=1)


def matrix(seed, m=M):
    return np.random.default_rng(seed).normal(size=(m, 36)).astype("float32") / m**0.5


KNOWN = {
    "plain": {},
    "sparse": {"representation_error": 0.01, "deviation_basis": "pixel"},
    "gaussian": {
        "representation_error": 0.01,
        "deviation_basis": "dct",
        "deviation_scale": 0.1,
    },
}


@pytest.mark.long
@pytest.mark.parametrize("known", KNOWN)
def test_weights_that_changed_in_place_are_seen(known, x):
    """Norm, gain and whitening follow the matrix, as with a model that is new."""
    A = layers.GaussianMeasurement(20, seed=0)
    model = model_with(**KNOWN[known])
    model.recover(A(x), A, **ARGUMENTS)
    A.set_weights([7 * matrix(3, 20)])
    expected = model_with(**KNOWN[known]).recover(A(x), A, **ARGUMENTS)
    np.testing.assert_array_equal(model.recover(A(x), A, **ARGUMENTS), expected)
    assert np.mean((expected - x) ** 2) < 1e-3


@pytest.mark.long
def test_a_model_that_changed_in_place_is_seen(x):
    class Narrow(gencs.priors.NormalPrior):
        width = 1.0

        def penalty(self, z):
            return super().penalty(z) / self.width**2

        def get_config(self):
            return {"width": self.width}

    A = layers.GaussianMeasurement(20, seed=0)
    known = {**KNOWN["gaussian"], "deviation_scale": np.full(SHAPE, 0.1)}
    model = model_with(Narrow(), **known)
    answers = [model.recover(A(x), A, **ARGUMENTS)]

    def answer_again():
        answers.append(model.recover(A(x), A, **ARGUMENTS))
        assert not np.allclose(answers[-1], answers[-2], atol=1e-4)

    model.latent_prior.width = 0.1
    answer_again()
    model.deviation_scale[:3] = 1.0
    answer_again()
    model.representation_error = 0.1
    answer_again()
    model.generator.set_weights([w + 0.3 for w in model.generator.get_weights()])
    answer_again()


def given_as(kind, array):
    if kind == "array":
        return array
    if kind == "layer":
        return layers.MatrixMeasurement(array)
    if kind == "operator":
        return tf.linalg.LinearOperatorFullMatrix(array)
    if kind == "model":
        dense = keras.layers.Dense(M, use_bias=False)
        model = keras.Sequential([keras.Input(SHAPE), keras.layers.Flatten(), dense])
        model.set_weights([array.T])
        return model
    return lambda x: tf.reshape(x, (-1, 36)) @ array.T


@pytest.mark.parametrize(
    ("kind", "known"),
    [
        ("array", "plain"),
        ("array", "sparse"),
        ("array", "gaussian"),
        ("layer", "plain"),
        ("operator", "plain"),
        ("model", "plain"),
        ("function", "gaussian"),
    ],
)
def test_the_default_knows_no_units_of_y_and_no_kinds_of_a(kind, known, x):
    # Each function is a structure of its own: not to be traced for every c.
    compiled = {"run_eagerly": kind in ("model", "function")}
    model, array = model_with(compiled=compiled, **KNOWN[known]), matrix(0)
    y = x.reshape(-1, 36) @ array.T
    expected = model.recover(y, given_as(kind, array), **ARGUMENTS)
    if kind != "function":  # which is not known to be linear
        of_array = model.recover(y, array, **ARGUMENTS)
        np.testing.assert_allclose(expected, of_array, atol=1e-3)
    for c in (2.0**-10, 2.0**10):  # which float32 multiplies by without rounding
        found = model.recover(c * y, given_as(kind, c * array), **ARGUMENTS)
        # But for the order of sums, which threads decide.
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)
    for c in (1e-3, 1e3):
        found = model.recover(
            np.float32(c) * y, given_as(kind, np.float32(c) * array), **ARGUMENTS
        )
        np.testing.assert_allclose(found, expected, atol=2e-3)


def counting_model(**known):
    """A model, and a function that tells how often its objective was traced."""
    traces = []

    class Counting(gencs.priors.NormalPrior):
        def penalty(self, z):
            traces.append(z)
            return super().penalty(z)

    model = model_with(Counting(), {"latent_penalty": 1e-3}, **known)
    return model, lambda: len(traces)


def box(x):
    return tf.tanh(tf.reshape(x, (-1, 36)))[:, :M]


CHANGING = {
    "arrays": matrix,
    "operators": lambda seed: tf.linalg.LinearOperatorFullMatrix(matrix(seed)),
    "a function": lambda seed: box,
    "seeds": lambda seed: layers.GaussianMeasurement(M, seed=seed),
    "seeds, nothing stored": lambda seed: layers.GaussianMeasurement(
        M, storage="seed", seed=seed
    ),
    "fast": lambda seed: layers.HadamardMeasurement(M, seed=seed),
    "masks": lambda seed: layers.MaskMeasurement(keep=0.5, seed=seed),
    "masks for each": lambda seed: layers.MaskMeasurement(
        keep=0.5, signals=5 - seed, seed=seed
    ),
    "multiples": lambda seed: (1 + seed) * layers.GaussianMeasurement(M, seed=seed),
}


@pytest.mark.parametrize("kind", CHANGING)
def test_one_program_serves_all_measurements_and_batches_of_one_structure(kind, x):
    model, traces = counting_model(**KNOWN["sparse"])
    before = None
    for seed in range(4):
        A = CHANGING[kind](seed)
        seen = x[seed:]
        y = layers.as_measurement(A, SHAPE)(seen)
        found = model.recover(y, A, **ARGUMENTS)
        before = before or traces()
        assert np.mean((found - seen) ** 2) < 1e-4
    assert traces() == before > 0


@pytest.mark.long
def test_a_function_that_changed_is_another_one(x):
    scale = np.ones(1, "float32")
    model = model_with()

    def A(x):
        return tf.reshape(x, (-1, 36)) * scale

    for value in (1.0, 3.0):
        scale[:] = value
        x_hat = model.recover(value * x.reshape(-1, 36), A, **ARGUMENTS)
        assert np.mean((x_hat - x) ** 2) < 1e-6


@pytest.fixture(scope="module")
def outside(x):
    """Signals beside the range."""
    noise = np.random.default_rng(0).normal(0, 0.1, x.shape)
    return np.clip(x + noise, 0, 1).astype("float32")


@pytest.fixture(scope="module")
def nearest(outside):
    return model_with().invert(outside, **ARGUMENTS).measurement_error


@pytest.mark.parametrize(
    "compiled",
    [
        {"loss": "l1", "latent_penalty": 0.3},
        {"loss": {"digit": "sse", "nine": gencs.losses.Maximize()}},
        {"noise": 5.0},
        {"estimate": "mean"},
        {"solver": solvers.SparseDeviation(solvers.LBFGS(60, 4))},
        {"solver": solvers.Langevin(20, restarts=2, warm_up=solvers.LBFGS(60))},
    ],
    ids=["l1", "mixture", "noise", "mean", "refinement", "sampler"],
)
def test_inversions_have_settings_of_their_own(compiled, outside, nearest):
    model = model_with(compiled={**compiled, "run_eagerly": True})
    result = model.invert(outside, **ARGUMENTS)
    np.testing.assert_allclose(result.x, model.generate(z=result.z), atol=1e-5)
    errors = np.sum((result.x - outside) ** 2, axis=(1, 2, 3))
    np.testing.assert_allclose(result.measurement_error, errors, rtol=1e-4)
    np.testing.assert_allclose(errors, nearest, rtol=0.02)
    error = model.measure_representation_error(outside, **ARGUMENTS)
    assert error == pytest.approx(nearest.mean() / 36, rel=0.02)


@pytest.mark.long
def test_whether_residuals_are_weighed_is_for_the_search_to_say(x, rng):
    """A step that was chosen for A itself stays right within two refinements."""
    pgd = solvers.ProjectedGradient(0.5, steps=4, inner=solvers.LBFGS(20))
    refined = solvers.GaussianDeviation(
        solvers.SparseDeviation(pgd), scale=0.1 * rng.uniform(1, 9, SHAPE)
    )
    A = layers.GaussianMeasurement(24, seed=0)
    plain, inner = (
        model_with(compiled={"solver": solver, "run_eagerly": True}).recover(
            A(x), A, return_result=True, **ARGUMENTS
        )
        for solver in (pgd, refined)
    )
    np.testing.assert_allclose(inner.z, plain.z, atol=1e-5)


@pytest.mark.long
@pytest.mark.parametrize(
    "known", ["gaussian", pytest.param("sparse", marks=pytest.mark.slow)]
)
def test_runs_without_graphs_where_keras_is_told_so(known, x):
    A = layers.GaussianMeasurement(M, seed=0)
    traced, eager = (
        model_with(compiled={"run_eagerly": eagerly}, **KNOWN[known]).recover(
            A(x), A, **ARGUMENTS
        )
        for eagerly in (False, True)
    )
    np.testing.assert_allclose(eager, traced, atol=1e-4)


@pytest.mark.long
def test_what_a_signal_gets_is_its_own(x):
    A = layers.GaussianMeasurement(M, seed=0)
    for solver in ("auto", solvers.LBFGS(40, 3)):
        model = model_with(compiled={"solver": solver})
        whole = model.recover(A(x), A, **ARGUMENTS)
        few = model.recover(A(x)[:2], A, **ARGUMENTS)
        cut = model.recover(A(x), A, batch_size=2, **ARGUMENTS)
        np.testing.assert_allclose(few, whole[:2], atol=1e-4)
        np.testing.assert_allclose(cut, whole, atol=1e-4)


def roots(x):
    """Roots of pixels: NaN where the start of a search makes them negative."""
    return tf.sqrt(tf.reshape(x, (-1, 36)) + 0.01)


@pytest.mark.filterwarnings("ignore:`x` explains less")
def test_status_says_why_each_signal_stopped():
    generator = linear_generator(np.eye(36, 4), SHAPE, "float32")
    x = generator(np.eye(4, dtype="float32")).numpy()
    y = x.reshape(4, 36)

    def status(noise=None, y=y, A=layers.IdentityMeasurement, **search):
        model = gencs.models.GenerativeModel(generator)
        model.compile(
            solver=solvers.LBFGS(restarts=1, **search),
            latent_penalty=0,
            noise=noise,
            run_eagerly=True,
        )
        result = model.recover(y, A(), return_result=True, **ARGUMENTS)
        np.testing.assert_array_equal(result.converged, result.status <= 1)
        return Status(np.median(result.status))

    away = y + np.eye(36, dtype="float32")[-1] * 9
    assert status(steps=50, y=away) is Status.CONVERGED
    assert status(steps=50, noise=0.5) is Status.EXPLAINED_BY_NOISE
    assert status(steps=1, tolerance=0) is Status.OUT_OF_STEPS
    assert status(steps=50, tolerance=0, progress=0.5, y=away) is Status.GAINED_LITTLE
    with pytest.warns(RuntimeWarning, match="of 4 signals have no finite"):
        assert status(steps=50, A=lambda: roots) is Status.FAILED


def test_no_generator_is_asked_for_a_batch_of_none(x):
    """Some of TensorFlow's kernels fail there."""

    class Refusing(keras.layers.Layer):
        def call(self, x):
            with tf.control_dependencies([tf.debugging.assert_positive(tf.shape(x))]):
                return tf.identity(x)

    generator = keras.Sequential([Refusing(), random_generator()])
    model = gencs.models.GenerativeModel(generator, latent_dim=4)
    A = layers.GaussianMeasurement(M, seed=0)
    assert model.recover(A(x), A, **ARGUMENTS).shape == x.shape
    nothing = model.recover(A(x)[:0], A, return_result=True, **ARGUMENTS)
    assert nothing.x.shape == (0, *SHAPE)
    assert nothing.z.shape == (0, 4)
    assert nothing.restart_errors.shape[0] == 0
