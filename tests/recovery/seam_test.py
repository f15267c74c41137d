"""Ways to recover that move no z need nothing but a Method and its Program."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs
from tests.generators import linear_generator, random_generator
from tf_gencs.recovery import Method, Program

SHAPE = (6, 6, 1)


class PseudoInverse(Method):
    """x = A^+ y: the shortest signal that explains y."""

    def prepare(self, model, data):
        if not data.linear or len(data.terms) > 1:
            raise ValueError("`PseudoInverse` needs one linear measurement `A`.")
        return _PseudoInverseProgram(self, data)


class _PseudoInverseProgram(Program):
    def derive(self, values):
        ((name, term),) = self.data.terms.items()
        with term.measurement.lend(values[name]):
            matrix = term.measurement.to_dense()
        return {"data": super().derive(values), "inverse": tf.linalg.pinv(matrix)}

    def bind(self, y, values):
        return super().bind(y, values["data"])

    def __call__(self, y, own, shared, values):
        ((name, y),) = self.bind(y, values).y.items()
        x = tf.matmul(y, values["inverse"], transpose_b=True)
        return {
            "x": tf.reshape(x, (-1, *self.data.terms[name].measurement.signal_shape))
        }


class WhiteSamples(Method):
    """Draws from the posterior of x ~ N(0, I) by perturbing prior and y."""

    sampling = True

    def prepare(self, model, data):
        return _WhiteSamplesProgram(self, data)


class _WhiteSamplesProgram(_PseudoInverseProgram):
    DRAWS = 200

    def draw(self, y, seeds, values, start=None):
        shape = (self.DRAWS, *SHAPE)
        return tf.map_fn(
            lambda seed: tf.random.stateless_normal(shape, [seed, 0]),
            seeds,
            fn_output_signature=tf.TensorSpec(shape),
        )

    def __call__(self, y, own, shared, values):
        data = self.bind(y, values)
        ((name, y),) = data.y.items()
        seen = data.measure(tf.reshape(own, (-1, *SHAPE)))[name]
        gap = y[:, None] - tf.reshape(seen, (-1, self.DRAWS, y.shape[1]))
        change = tf.einsum("bdm,nm->bdn", gap, values["inverse"])
        samples = own + tf.reshape(change, tf.shape(own))
        x, variance = tf.nn.moments(samples, axes=[1])
        return {"x": x, "samples": samples, "std": tf.sqrt(variance)}


def model_with(solver, **kwargs):
    model = gencs.models.GenerativeModel(random_generator())
    model.compile(solver=solver, **kwargs)
    return model


def test_a_pseudo_inverse_is_a_method(rng):
    matrix = rng.normal(size=(12, 36)).astype("float32")
    y = rng.normal(size=(5, 12)).astype("float32")
    model = model_with(PseudoInverse())
    for A in (matrix, 3 * matrix, matrix[::-1]):
        result = model.recover(y, A, verbose=0, batch_size=2, return_result=True)
        expected = (y @ np.linalg.pinv(A).T).reshape(-1, *SHAPE)
        np.testing.assert_allclose(result.x, expected, atol=1e-4)
        assert result.measurement_error.max() < 1e-6
        assert result.z is result.status is result.converged is None
        assert isinstance(result.method, PseudoInverse)
    with pytest.raises(ValueError, match="`z` must be None: `PseudoInverse`"):
        model.recover(y, matrix, z=np.zeros((5, 4), "float32"), verbose=0)
    with pytest.raises(ValueError, match="`PseudoInverse` needs one linear"):
        model.recover(y, lambda x: tf.reshape(x, (-1, 36))[:, :12] ** 2, verbose=0)


def test_posterior_samples_are_what_a_method_may_return(rng):
    matrix = rng.normal(size=(12, 36)).astype("float32")
    y = rng.normal(size=(3, 12)).astype("float32")
    model = model_with(WhiteSamples())
    result = model.recover(y, matrix, seed=0, verbose=0, return_result=True)
    assert result.samples.shape == (3, 200, *SHAPE)
    explained = result.samples.reshape(3, 200, 36) @ matrix.T
    np.testing.assert_allclose(explained, np.repeat(y[:, None], 200, 1), atol=1e-3)
    mean = (y @ np.linalg.pinv(matrix).T).reshape(-1, *SHAPE)
    np.testing.assert_allclose(result.x, mean, atol=0.4)
    # 24 of 36 directions stay open.
    np.testing.assert_allclose(np.mean(result.std**2), 24 / 36, atol=0.05)
    cut = model.recover(y, matrix, seed=0, verbose=0, batch_size=1)
    np.testing.assert_allclose(cut, result.x, atol=1e-5)


def test_lasso_is_a_method_that_survives_saving(rng, tmp_path):
    A = gencs.layers.GaussianMeasurement(20, seed=0)
    x = np.zeros((3, *SHAPE), "float32")
    x.reshape(3, -1)[[0, 1, 2], [5, 17, 30]] = 1.0
    lasso = gencs.baselines.Lasso("pixel", penalty=0.01)
    model = model_with(lasso)
    expected = lasso.recover(A(x), A)
    np.testing.assert_allclose(model.recover(A(x), A, verbose=0), expected, atol=1e-5)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again.recover(A(x), A, verbose=0), expected, atol=1e-5)
    with pytest.raises(ValueError, match="`Lasso` needs one linear measurement"):
        model.recover(np.zeros((2, 36), "float32"), lambda x: x**2, verbose=0)


@pytest.mark.long
def test_an_inversion_under_a_method_without_latents_searches_as_auto_does():
    model = model_with(gencs.baselines.Lasso("pixel"))
    x = model.generate(2, seed=0)
    assert model.invert(x, seed=0, verbose=0).measurement_error.max() < 1e-6


def test_a_solver_says_what_it_misses():
    class Denoiser(gencs.models.SignalModel):
        signal_shape = SHAPE

        def call(self, x):
            return x

    model = Denoiser()
    model.compile(solver=gencs.solvers.LBFGS())
    y = np.zeros((1, 36), "float32")
    with pytest.raises(TypeError, match=r"`LBFGS` searches latents.*`Denoiser`"):
        model.recover(y, np.eye(36, dtype="float32"), verbose=0)
    model.compile(solver=PseudoInverse())
    model.recover(y, np.eye(36, dtype="float32"), verbose=0)


def test_refinements_go_on_from_any_method(rng):
    """A deviation from Lasso's answer, which no z stands behind."""
    model = gencs.models.GenerativeModel(
        linear_generator(np.eye(36, 4), SHAPE, "float32")
    )
    A = gencs.layers.GaussianMeasurement(20, seed=0)
    y = A(rng.normal(size=(3, *SHAPE)).astype("float32"))
    lasso = gencs.baselines.Lasso("pixel", penalty=0.1, value_range=None)
    errors = []
    for solver in (lasso, gencs.solvers.SparseDeviation(lasso, penalty=1e-3)):
        model.compile(solver=solver)
        result = model.recover(y, A, seed=0, verbose=0, return_result=True)
        errors.append(result.measurement_error)
    assert (errors[1] < 0.5 * errors[0]).all()
