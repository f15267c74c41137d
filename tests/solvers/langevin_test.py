"""Posterior samples where the posterior is known."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs
from tests.generators import linear_generator, random_generator
from tests.lanes import bound
from tf_gencs import seeds
from tf_gencs.per_lane import known
from tf_gencs.recovery import Objective, Term
from tf_gencs.solvers import LBFGS, Langevin
from tf_gencs.solvers.lane_random import lane_keys, uniforms

SHAPE, K, M, NOISE = (5, 5, 1), 4, 6, 0.3
RNG = np.random.default_rng(0)
# The posterior's axes differ 20-fold, so that isotropic steps would take long.
W = RNG.normal(size=(25, K)) * np.array([4.0, 1.0, 1.0, 0.1])
MATRIX = RNG.normal(size=(M, 25)) / np.sqrt(M)
Y = RNG.normal(size=(2, M))
CHAINS = 8
SOLVER = Langevin(steps=2200, burn_in=200, thin=4, restarts=CHAINS, noise=NOISE, seed=3)


def known_posterior(prior_variance=1.0):
    AW = MATRIX @ W
    precision = AW.T @ AW / NOISE**2 + np.eye(K) / prior_variance
    covariance = np.linalg.inv(precision)
    return (Y @ AW / NOISE**2) @ covariance, covariance


def model_of(solver, generator=None, prior="normal", dtype="float64", **kwargs):
    generator = generator or linear_generator(W, SHAPE)
    model = gencs.models.GenerativeModel(generator, latent_prior=prior, dtype=dtype)
    model.compile(solver=solver, **kwargs)
    return model


@pytest.fixture(scope="module")
def result():
    # A penalty of the compile's own has no say.
    model = model_of(SOLVER, latent_penalty=5.0)
    return model.recover(Y, MATRIX, seed=1, verbose=0, return_result=True)


@pytest.fixture(scope="module")
def short():
    """A model that draws few samples, and what it draws."""
    model = model_of(Langevin(60, 20, restarts=2, noise=NOISE, seed=7))
    return model, model.recover(Y, MATRIX, **SHORT)


SHORT = {"seed": 1, "verbose": 0, "return_result": True}


def latents(result):
    """The z of the samples, by chain: (2, chains, draws, k)."""
    x = result.samples.reshape(2, -1, 25)
    z = np.linalg.lstsq(W, x.reshape(-1, 25).T, rcond=None)[0].T
    return z.reshape(2, CHAINS, -1, K)


def z_scores(per_chain, expected):
    """How many standard errors the mean over chains is off, by the chains' spread."""
    error = per_chain.std(axis=1, ddof=1) / np.sqrt(CHAINS)
    return (per_chain.mean(axis=1) - expected) / error


@pytest.mark.long
def test_mean_and_covariance_are_those_of_the_known_posterior(result):
    mean, covariance = known_posterior()
    z = latents(result)
    # Student's t with 7 degrees of freedom passes 6 once in 2,000.
    assert np.max(np.abs(z_scores(z.mean(axis=2), mean))) < 6
    centred = z - mean[:, None, None]
    products = np.einsum("scdi,scdj->scij", centred, centred) / z.shape[2]
    assert np.max(np.abs(z_scores(products, covariance))) < 6
    # The samples tell it sharply, too.
    pooled = products.mean(axis=1)
    scale = np.sqrt(np.outer(np.diag(covariance), np.diag(covariance)))
    assert np.max(np.abs(pooled - covariance) / scale) < 0.1
    assert np.max(np.abs(z.mean((1, 2)) - mean) / np.sqrt(np.diag(covariance))) < 0.1


@pytest.mark.long
def test_std_and_x_are_those_of_the_signals(result):
    mean, covariance = known_posterior()
    std = np.sqrt(np.diag(W @ covariance @ W.T)).reshape(SHAPE)
    x = (mean @ W.T).reshape(2, *SHAPE)
    assert result.samples.shape == (2, CHAINS * 500, *SHAPE)
    np.testing.assert_allclose(result.std, np.stack([std, std]), rtol=0.1)
    assert np.max(np.abs(result.x - x) / std) < 0.1
    np.testing.assert_allclose(result.x, result.samples.mean(axis=1), atol=1e-9)
    np.testing.assert_allclose(
        result.std, result.samples.std(axis=1, ddof=1), rtol=1e-9
    )
    residual = result.x.reshape(2, -1) @ MATRIX.T - Y
    np.testing.assert_allclose(
        result.measurement_error, np.sum(residual**2, axis=1), rtol=1e-6
    )
    assert result.converged.all()


def chains(solver, z, prior=None, y=Y[:1]):
    """The final state of chains from starts z, all of the same y."""
    A = gencs.layers.as_measurement(MATRIX, SHAPE, dtype="float64")
    term = Term(A, gencs.losses.SumSquaredError())
    prior = prior or gencs.priors.NormalPrior()
    generator = linear_generator(W, SHAPE)
    data = bound(
        {"y": term}, {"y": tf.repeat(tf.constant(y), len(z), axis=0)}, "float64"
    )
    lanes = Objective(generator, prior, 0.0, data)
    solver.check(lanes)

    @tf.function(autograph=False)
    def run(z):
        return tf.while_loop(
            lambda state: tf.reduce_any(solver.running(state)),
            lambda state: (solver.step(state, lanes),),
            (solver.start(z, lanes),),
        )[0]

    return run(tf.constant(z))


STARTS = np.random.default_rng(5).normal(size=(CHAINS, K))


@pytest.mark.long
def test_burn_in_sets_the_step_size_unless_it_is_given():
    short, long = (
        chains(Langevin(steps, 150, noise=NOISE, seed=3), STARTS)
        for steps in (160, 450)
    )
    np.testing.assert_array_equal(short.log_step, long.log_step)
    assert len(set(long.log_step.numpy())) == CHAINS  # each has its own
    rates = long.accepted.numpy() / 300
    assert rates.min() > 0.3
    assert rates.max() < 0.9
    given = chains(Langevin(14, 4, step_size=0.7, noise=NOISE), STARTS)
    np.testing.assert_allclose(tf.exp(given.log_step), 0.7)


@pytest.fixture(scope="module")
def together():
    """What chains draw beside each other, with a solver of 120 steps."""
    solver = Langevin(120, 20, noise=NOISE)
    return solver.draws(chains(solver, STARTS)).numpy()


@pytest.mark.long
def test_a_chain_does_not_depend_on_its_company(together):
    solver = Langevin(120, 20, noise=NOISE)
    some = solver.draws(chains(solver, STARTS[[5, 2]])).numpy()
    np.testing.assert_allclose(some, together[[5, 2]], atol=1e-6)
    assert len(np.unique(together[:, -1, 0])) == CHAINS


def test_a_poisoned_chain_leaves_the_others_alone(together):
    solver = Langevin(120, 20, noise=NOISE)
    poisoned = STARTS.copy()
    poisoned[3] = np.nan
    state = chains(solver, poisoned)
    draws = solver.draws(state)
    others = np.arange(CHAINS) != 3
    np.testing.assert_array_equal(draws.numpy()[others], together[others])
    assert not known(draws[3]).numpy().any()
    assert not solver.converged(state)[3]


@pytest.mark.long
def test_a_lost_restart_does_not_count_in_the_mean():
    class Poisoned(gencs.priors.NormalPrior):
        def sample(self, shape, seed, stream="latent", dtype="float32"):
            z = super().sample(shape, seed, stream, dtype)
            if stream != "starts":
                return z
            first = tf.equal(seed, seeds.of_signals(1, 1)[0])
            lost = first & (tf.range(shape[0])[:, None] == 1)
            return tf.where(lost, tf.constant(np.nan, z.dtype), z)

    solver = Langevin(120, 20, restarts=3, noise=NOISE)
    with pytest.warns(RuntimeWarning, match="1 of 6 restarts"):
        result = model_of(solver, prior=Poisoned()).recover(
            Y, MATRIX, seed=1, verbose=0, return_result=True
        )
    lost = np.isnan(result.samples).all(axis=(2, 3, 4))
    np.testing.assert_array_equal(lost[0], np.repeat([False, True, False], 10))
    assert not lost[1].any()
    assert np.isfinite(result.x).all()
    assert np.isfinite(result.std).all()


@pytest.mark.long
def test_same_seed_gives_the_same_samples_and_another_seed_others(short):
    model, result = short
    again = model.recover(Y, MATRIX, **SHORT)
    np.testing.assert_array_equal(again.samples, result.samples)
    other = model_of(Langevin(60, 20, restarts=2, noise=NOISE, seed=8))
    samples = other.recover(Y, MATRIX, **SHORT).samples
    assert not np.allclose(samples, result.samples)


@pytest.mark.long
def test_chunks_give_what_one_call_gives(short):
    model, whole = short
    parts = model.recover(Y, MATRIX, batch_size=1, **SHORT)
    np.testing.assert_allclose(parts.samples, whole.samples, atol=1e-6)
    np.testing.assert_allclose(parts.std, whole.std, atol=1e-6)


@pytest.mark.long
def test_a_compiled_noise_is_s_and_ends_no_chain(short):
    model = model_of(Langevin(60, 20, restarts=2, seed=7), noise=NOISE)
    result = model.recover(Y, MATRIX, **SHORT)
    np.testing.assert_array_equal(result.steps, 60)
    _, given = short
    np.testing.assert_allclose(result.samples, given.samples, atol=1e-6)


@pytest.mark.long
def test_stays_within_the_bounds_of_the_prior():
    """One measurement of z in [-1, 1] itself: a truncated normal, mean by formula."""
    solver = Langevin(1700, 200, restarts=4, thin=2, noise=0.5)
    W1, A1 = np.eye(1), np.eye(1)
    model = gencs.models.GenerativeModel(
        linear_generator(W1, (1,)), latent_prior="uniform", dtype="float64"
    )
    model.compile(solver=solver)
    result = model.recover(np.array([[0.8]]), A1, seed=0, verbose=0, return_result=True)
    assert np.abs(result.samples).max() <= 1
    grid = np.linspace(-1, 1, 20001)
    weights = np.exp(-((grid - 0.8) ** 2) / (2 * 0.5**2))
    mean = np.sum(grid * weights) / np.sum(weights)
    std = np.sqrt(np.sum((grid - mean) ** 2 * weights) / np.sum(weights))
    assert abs(result.x.item() - mean) < 0.1 * std
    assert abs(result.std.item() - std) < 0.1 * std


@pytest.mark.long
def test_mean_of_the_samples_beats_the_best_z_where_measurements_are_few():
    generator = random_generator(6, seed=1)
    model = model_of(Langevin(800, 200, noise=0.1), generator, dtype="float32")
    x = model.generate(40, seed=1)
    A = gencs.layers.GaussianMeasurement(3, seed=0)
    y = A(x) + np.random.default_rng(0).normal(0, 0.1, (40, 3)).astype("float32")
    result = model.recover(y, A, seed=0, verbose=0, return_result=True)
    best = model.generate(z=result.z)
    assert np.mean((result.x - x) ** 2) < 0.95 * np.mean((best - x) ** 2)
    # A 95 % interval that holds about as much.
    inside = np.abs(result.x - x) < 1.96 * result.std
    assert 0.85 < inside.mean() < 0.99


def test_an_inversion_is_left_to_the_warm_up():
    model = model_of(Langevin(60, 20, noise=NOISE, warm_up=LBFGS(50)))
    x = model.generate(3, seed=0)
    result = model.invert(x, seed=0, verbose=0)
    assert result.samples is None
    assert result.std is None
    np.testing.assert_allclose(result.x, x, atol=1e-3)


def test_random_numbers_are_uniform_and_belong_to_their_lane():
    z = np.random.default_rng(0).normal(size=(300, K))
    keys = lane_keys(seeds.stream(1, "test"), tf.constant(z))
    count = tf.fill([300], tf.constant(4, tf.int64))
    numbers = uniforms(keys, count, 200).numpy()
    counts, _ = np.histogram(numbers, bins=50, range=(0, 1))
    expected = numbers.size / 50
    assert np.sum((counts - expected) ** 2 / expected) < 100  # 49 expected, sd 10
    assert (
        abs(np.corrcoef(numbers[:, :-1].ravel(), numbers[:, 1:].ravel())[0, 1]) < 0.02
    )
    assert abs(np.corrcoef(numbers[:-1].ravel(), numbers[1:].ravel())[0, 1]) < 0.02
    assert len(np.unique(numbers)) == numbers.size
    later = uniforms(keys, count + 1, 200).numpy()
    assert abs(np.corrcoef(numbers.ravel(), later.ravel())[0, 1]) < 0.02
    other = lane_keys(seeds.stream(2, "test"), tf.constant(z))
    assert not np.intersect1d(keys, other).size


def test_a_third_of_the_steps_is_burn_in_unless_told():
    assert Langevin().burn_in == 500
    assert Langevin(steps=100).burn_in == 33


@pytest.mark.parametrize(
    "kwargs",
    [
        {"steps": 0},
        {"burn_in": -1},
        {"burn_in": 1500},
        {"thin": 0},
        {"thin": 1001},
        {"step_size": 0},
        {"noise": 0.0},
        {"warm_up": ""},
        {"noise": float("inf")},
        {"seed": -1},
    ],
)
def test_rejects_wrong_settings(kwargs):
    with pytest.raises(ValueError, match=f"`{next(iter(kwargs))}`"):
        Langevin(**kwargs)


@pytest.mark.parametrize(
    ("solver", "kwargs", "match"),
    [
        (Langevin(), {}, "`noise` must be given"),
        (Langevin(noise=0.1), {"loss": "l1"}, "needs the loss 'sse'"),
        (Langevin(noise=0.1), {"prior": "spherical"}, "prior with a density"),
    ],
)
def test_refuses_what_has_no_posterior(solver, kwargs, match):
    with pytest.raises(ValueError, match=match):
        model_of(solver, **kwargs).recover(Y, MATRIX, seed=0, verbose=0)


def test_survives_its_config():
    solver = Langevin(99, 9, 3, restarts=2, noise=0.2, warm_up=LBFGS(7), seed=5)
    clone = gencs.solvers.get(keras.saving.serialize_keras_object(solver))
    assert clone.get_config() == solver.get_config()
    assert isinstance(gencs.solvers.get("langevin"), Langevin)
