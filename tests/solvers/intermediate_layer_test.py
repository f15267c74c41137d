"""Search in the activations of a generator's layers."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs
from tests.generators import random_generator
from tf_gencs import seeds
from tf_gencs.datasets import mnist_samples
from tf_gencs.solvers import LBFGS, Adam, IntermediateLayer, Langevin
from tf_gencs.solvers.refinements.l1_ball import project_to_l1_ball
from tf_gencs.solvers.refinements.layer_chain import layer_chain

SHAPE = (6, 6, 1)
SEARCH = LBFGS(steps=100, restarts=4)


def recovered(generator, y, A, solver, z=None, **kwargs):
    model = gencs.models.GenerativeModel(generator)
    model.compile(solver=solver, latent_penalty=0, **kwargs)
    return model.recover(y, A, z=z, seed=1, verbose=0, return_result=True)


def shifted_signals(generator, count=4):
    """Signals whose activations are a sparse shift beside those of z, and z."""
    rng = np.random.default_rng(0)
    hidden, *rest = generator.layers
    z = rng.normal(size=(count, 4)).astype("float32")
    u = hidden(z).numpy()
    shift = np.zeros_like(u)
    for row in shift:
        row[rng.choice(24, 2, replace=False)] = rng.choice([-1.0, 1.0], 2)
    x = tf.constant(u + shift)
    for layer in rest:
        x = layer(x)
    return x.numpy(), z


@pytest.mark.long
def test_recovers_what_the_later_layers_reach_and_a_search_of_z_does_not():
    generator = random_generator()
    x, _ = shifted_signals(generator)
    A = gencs.layers.GaussianMeasurement(30, seed=0)  # 24 activations
    searched = recovered(generator, A(x), A, SEARCH)
    solver = IntermediateLayer(SEARCH, steps=600, learning_rate=0.02)
    result = recovered(generator, A(x), A, solver)
    assert np.mean((searched.x - x) ** 2, axis=(1, 2, 3)).min() > 1e-3
    assert np.mean((result.x - x) ** 2, axis=(1, 2, 3)).max() < 1e-5
    np.testing.assert_array_equal(result.z, searched.z)


@pytest.mark.long
def test_a_radius_recovers_sparse_shifts_from_fewer_measurements_than_activations():
    generator = random_generator()
    x, z = shifted_signals(generator)
    A = gencs.layers.GaussianMeasurement(16, seed=0)  # 24 activations, 2 shifted by 1
    stay = Adam(1e-12, steps=1, restarts=1)
    errors = {}
    for radius in (2.0, None):
        solver = IntermediateLayer(stay, steps=600, learning_rate=0.02, radius=radius)
        result = recovered(generator, A(x), A, solver, z=z)
        errors[radius] = np.mean((result.x - x) ** 2, axis=(1, 2, 3)).max()
    assert errors[2.0] < 1e-5
    assert errors[None] > 1e-3


@pytest.mark.parametrize("radius", [0.01, 0.5])
def test_activations_stay_within_the_radius(radius):
    generator = random_generator()
    x, _ = shifted_signals(generator)
    # The last layer is invertible on its range: the activations can be read off x.
    A = gencs.layers.IdentityMeasurement()
    solver = IntermediateLayer(SEARCH, steps=300, learning_rate=0.01, radius=radius)
    result = recovered(generator, x.reshape(4, -1), A, solver)
    hidden, last, _ = generator.layers
    start = hidden(result.z).numpy()
    logits = np.log(result.x / (1 - result.x)).reshape(4, -1).astype("float64")
    kernel, bias = (np.asarray(w, "float64") for w in last.get_weights())
    u = np.linalg.lstsq(kernel.T, (logits - bias).T, rcond=None)[0].T
    distance = np.abs(u - start).sum(axis=1)
    assert np.max(distance) < radius * 1.01 + 1e-3
    assert np.min(distance) > 0.9 * radius  # it binds


@pytest.mark.long
def test_no_stage_raises_the_measurement_error():
    keras.utils.set_random_seed(0)
    generator = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(8, "softplus", name="a"),
            keras.layers.Dense(12, "tanh", name="b"),
            keras.layers.Dense(36, "sigmoid", name="c"),
            keras.layers.Reshape(SHAPE),
        ]
    )
    x = np.random.default_rng(0).uniform(size=(5, *SHAPE)).astype("float32")
    A = gencs.layers.GaussianMeasurement(30, seed=0)
    # A learning rate that leaps: only the best points count.
    search = LBFGS(steps=20, restarts=2)

    def error(layers, steps, learning_rate):
        solver = IntermediateLayer(search, layers, steps, learning_rate)
        few = steps < 50
        return recovered(generator, A(x), A, solver, run_eagerly=few).measurement_error

    searched = recovered(generator, A(x), A, search, run_eagerly=True)
    one = error(["a"], steps=5, learning_rate=1.0)
    two = error(["a", "b"], steps=5, learning_rate=1.0)
    assert (one <= searched.measurement_error * (1 + 1e-5)).all()
    assert (two <= one * (1 + 1e-5)).all()
    calm = error(["a", "b"], steps=150, learning_rate=0.02)
    assert (calm < 0.6 * searched.measurement_error).all()
    by_position = error([0, 1], steps=5, learning_rate=(1.0, 1.0))
    np.testing.assert_allclose(by_position, two, rtol=1e-4)
    by_default = error(None, steps=5, learning_rate=1.0)
    np.testing.assert_allclose(by_default, two, rtol=1e-4)


@pytest.mark.slow
def test_lowers_the_measurement_error_of_digits():
    model = gencs.models.VAE.from_preset("mnist_vae")
    x = mnist_samples()[0][:10]
    A = gencs.layers.GaussianMeasurement(200, seed=0)
    search = LBFGS(steps=60, restarts=3)
    results = []
    for solver in (search, IntermediateLayer(search)):
        model.compile(solver=solver)
        results.append(model.recover(A(x), A, seed=0, verbose=0, return_result=True))
    searched, result = results
    assert (result.measurement_error < 0.7 * searched.measurement_error).all()
    assert np.mean((result.x - x) ** 2) < np.mean((searched.x - x) ** 2)


@pytest.mark.long
def test_a_lost_signal_leaves_the_others_alone():
    class Poisoned(gencs.priors.NormalPrior):
        def sample(self, shape, seed, stream="latent", dtype="float32"):
            z = super().sample(shape, seed, stream, dtype).numpy()
            if seed == seeds.of_signals(1, 1)[0]:
                z[:] = np.nan
            return tf.constant(z)

    # Of fewer lanes products are rounded otherwise, which float32 would show.
    generator = random_generator(dtype="float64")
    x, _ = shifted_signals(generator)
    A = gencs.layers.GaussianMeasurement(18, seed=0, dtype="float64")
    solver = IntermediateLayer(LBFGS(20, 4), steps=20, radius=2.0)
    model = gencs.models.GenerativeModel(generator, latent_prior=Poisoned())
    model.compile(solver=solver, latent_penalty=0, run_eagerly=True)
    with pytest.warns(RuntimeWarning, match="1 of 4 signals"):
        poisoned = model.recover(A(x), A, seed=1, verbose=0)
    clean = recovered(generator, A(x), A, solver, run_eagerly=True)
    np.testing.assert_allclose(poisoned[1:], clean.x[1:], atol=1e-9)


def test_an_inversion_asks_for_a_z_and_stays_in_the_range():
    model = gencs.models.GenerativeModel(random_generator())
    model.compile(solver=IntermediateLayer(LBFGS(20)), run_eagerly=True)
    x, _ = shifted_signals(model.generator)
    result = model.invert(x, seed=0, verbose=0)
    np.testing.assert_allclose(result.x, model.generate(z=result.z), atol=1e-6)


def functional(branching=False, dtype=None):
    z = keras.Input((4,), name="z")
    h = keras.layers.Dense(24, "softplus", name="one", dtype=dtype)(z)
    h = keras.layers.Dropout(0.5, name="drop")(h)
    x = keras.layers.Dense(36, "sigmoid", name="two", dtype=dtype)(h)
    if branching:
        x = keras.layers.Add()([x, keras.layers.Dense(36)(z)])
    return keras.Model(z, keras.layers.Reshape(SHAPE)(x))


@pytest.mark.long
@pytest.mark.filterwarnings("ignore:`x` explains less")
def test_takes_functional_chains_apart():
    generator = functional()
    names = [layer.name for layer in layer_chain(generator)]
    assert names[:3] == ["one", "drop", "two"]
    # A model that is used elsewhere too is the same chain.
    keras.Sequential([keras.Input((4,)), generator])
    assert [layer.name for layer in layer_chain(generator)] == names
    A = gencs.layers.GaussianMeasurement(12, seed=0)
    y = np.full((2, 12), 0.1, "float32")
    search = LBFGS(steps=20, restarts=2)
    searched, result, idle = (
        recovered(generator, y, A, solver, run_eagerly=True)
        for solver in (
            search,
            IntermediateLayer(search, steps=20),
            IntermediateLayer(search, steps=1, learning_rate=1e-12),
        )
    )
    assert (result.measurement_error < searched.measurement_error).all()
    np.testing.assert_allclose(idle.x, searched.x, atol=1e-6)


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(36)

    def call(self, z, training=None):
        return tf.reshape(self.dense(z), (-1, *SHAPE))


@pytest.mark.parametrize(
    ("generator", "kwargs"),
    [
        (lambda: functional(branching=True), {}),
        (Subclassed, {"latent_dim": 4}),
    ],
)
def test_refuses_a_generator_that_is_no_chain(generator, kwargs):
    model = gencs.models.GenerativeModel(generator(), **kwargs)
    model.compile(solver=IntermediateLayer())
    A = gencs.layers.GaussianMeasurement(12, seed=0)
    with pytest.raises(ValueError, match=r"`generator` must be a `keras\.Sequential`"):
        model.recover(np.ones((2, 12), "float32"), A, verbose=0)


def test_refuses_a_generator_of_one_layer():
    generator = keras.Sequential([keras.Input((4,)), keras.layers.Dense(36)])
    model = gencs.models.GenerativeModel(generator)
    model.compile(solver=IntermediateLayer())
    A = gencs.layers.GaussianMeasurement(12, seed=0)
    with pytest.raises(ValueError, match=r"`generator` must have two.*one layer"):
        model.recover(np.ones((2, 12), "float32"), A, verbose=0)


@pytest.mark.parametrize(
    ("kwargs", "match"),
    [
        ({"layers": ["three"]}, "`layers` must name layers"),
        ({"layers": ["drop", "one"]}, "`layers` must name layers"),
        ({"layers": [3]}, "`layers` must name layers"),
        ({"layers": [-1]}, "`layers` must name layers"),
        ({"layers": ["one"], "radius": [1.0, 2.0]}, "`radius` must be one number"),
        ({"learning_rate": [0.1, 0.1]}, "`learning_rate` must be one number"),
    ],
)
def test_refuses_settings_that_do_not_fit_the_generator(kwargs, match):
    model = gencs.models.GenerativeModel(functional())
    model.compile(solver=IntermediateLayer(**kwargs))
    A = gencs.layers.GaussianMeasurement(12, seed=0)
    with pytest.raises(ValueError, match=match):
        model.recover(np.ones((2, 12), "float32"), A, verbose=0)


@pytest.mark.parametrize(
    ("kwargs", "match"),
    [
        ({"layers": "hidden_0"}, "`layers`"),
        ({"layers": []}, "`layers`"),
        ({"layers": [1.5]}, "`layers`"),
        ({"steps": 0}, "`steps`"),
        ({"learning_rate": 0}, "`learning_rate`"),
        ({"learning_rate": [0.1, -1]}, "`learning_rate`"),
        ({"learning_rate": []}, "`learning_rate`"),
        ({"radius": 0}, "`radius`"),
        ({"solver": Langevin(noise=0.1)}, "`solver` must search for one z"),
    ],
)
def test_rejects_wrong_settings(kwargs, match):
    with pytest.raises(ValueError, match=match):
        IntermediateLayer(**kwargs)


def test_survives_its_config():
    solver = IntermediateLayer(Adam(0.1), ["a", 2], 7, (0.1, 0.2), 3.0)
    clone = gencs.solvers.get(keras.saving.serialize_keras_object(solver))
    assert clone.get_config() == solver.get_config()
    assert isinstance(gencs.solvers.get("intermediate_layer"), IntermediateLayer)


@pytest.mark.parametrize(
    ("v", "radius", "expected"),
    [
        ([3.0, 0.0], 1.0, [1.0, 0.0]),
        ([0.6, -0.9], 1.0, [0.35, -0.65]),
        ([0.2, -0.3], 1.0, [0.2, -0.3]),
        ([0.5, 0.5], 1.0, [0.5, 0.5]),
        ([2.0, 2.0], 0.0, [0.0, 0.0]),
        ([0.0, 0.0], 1.0, [0.0, 0.0]),
        ([1.0, -1.0, 1.0, -1.0], 2.0, [0.5, -0.5, 0.5, -0.5]),
    ],
)
def test_l1_ball_projection_on_cases_by_hand(v, radius, expected):
    np.testing.assert_allclose(
        project_to_l1_ball(tf.constant([v]), radius)[0], expected, atol=1e-6
    )


def test_l1_ball_projection_is_the_nearest_point():
    """By its optimality: v - p is in the normal cone of the ball at p."""
    v = np.random.default_rng(0).standard_cauchy(size=(200, 30))
    p = project_to_l1_ball(v, 5.0).numpy()
    outside = np.abs(v).sum(axis=1) > 5
    assert outside.sum() > 100
    np.testing.assert_array_equal(p[~outside], v[~outside])
    np.testing.assert_allclose(np.abs(p[outside]).sum(axis=1), 5.0, atol=1e-9)
    gap = v - p
    # max over the ball of <gap, q> is radius * ||gap||_inf; p attains it.
    np.testing.assert_allclose(
        np.sum(gap * p, axis=1), 5 * np.abs(gap).max(axis=1) * outside, rtol=1e-8
    )


def test_l1_ball_projection_keeps_nan_in_its_row():
    v = np.array([[3.0, np.nan], [3.0, 0.0]])
    p = project_to_l1_ball(v, 1.0).numpy()
    assert np.isnan(p[0]).any()
    np.testing.assert_array_equal(p[1], [1.0, 0.0])
