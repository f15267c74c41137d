"""One battery for all priors, and what is special to each."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_gencs import priors

CASES = {
    "normal": priors.NormalPrior(),
    "normal, wide": priors.NormalPrior(stddev=3.0),
    "normal, bounded": priors.NormalPrior(stddev=2.0, bound=1.5),
    "uniform": priors.UniformPrior(),
    "uniform, shifted": priors.UniformPrior(0.0, 3.0),
    "spherical": priors.SphericalPrior(),
    "spherical, radius": priors.SphericalPrior(radius=2.5),
}
SEED = (3, 4)


def gradient(prior, z):
    z = tf.constant(z)
    with tf.GradientTape() as tape:
        tape.watch(z)
        penalty = prior.penalty(z)
    return tape.gradient(penalty, z).numpy()


@pytest.fixture(params=CASES)
def prior(request):
    return CASES[request.param]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_samples_are_in_the_support_and_repeatable(prior, dtype):
    z = prior.sample((50, 3, 8), seed=1, dtype=dtype)
    assert z.shape == (50, 3, 8)
    assert z.dtype == dtype
    np.testing.assert_array_equal(z, prior.sample((50, 3, 8), seed=1, dtype=dtype))
    assert np.abs(z - prior.sample((50, 3, 8), seed=2, dtype=dtype)).max() > 0.1
    other = prior.sample((50, 3, 8), seed=1, stream="other", dtype=dtype)
    assert np.abs(z - other).max() > 0.1
    np.testing.assert_allclose(prior.project(z), z, rtol=1e-6)
    assert prior.sample((0, 8), seed=1, dtype=dtype).shape == (0, 8)


def test_every_dtype_starts_from_the_same_latents(prior):
    narrow, wide = (
        prior.sample((9, 8), seed=5, dtype=d) for d in ("float32", "float64")
    )
    np.testing.assert_allclose(narrow, wide, rtol=1e-5, atol=1e-6)


def test_seeds_may_be_tensors(prior):
    graph = tf.function(lambda seed: prior.sample((4, 8), seed))
    np.testing.assert_allclose(
        graph(tf.constant(7)), prior.sample((4, 8), 7), rtol=1e-6
    )


def test_penalty_is_one_number_per_lane_with_the_gradient_of_differences(prior, rng):
    z = 2.0 * rng.normal(size=(6, 8))
    assert prior.penalty(z).shape == (6,)
    assert (prior.penalty(z).numpy() >= 0).all()
    slopes = gradient(prior, z)
    for column in range(8):
        step = 1e-6 * np.eye(8)[column]
        difference = prior.penalty(z + step) - prior.penalty(z - step)
        np.testing.assert_allclose(slopes[:, column], difference / 2e-6, atol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_zero_and_huge_latents_are_handled(prior, dtype):
    for size in (0.0, 1e-30, 1e15):
        z = np.full((2, 8), size, dtype)
        assert np.isfinite(prior.penalty(z)).all()
        assert np.isfinite(gradient(prior, z)).all()
        assert np.isfinite(prior.project(tf.constant(z))).all()
        assert np.isfinite(prior.resample(tf.constant(z), SEED)).all()


def test_projection_is_the_nearest_point_and_stays(prior, rng):
    z = tf.constant(3.0 * rng.normal(size=(20, 8)))
    there = prior.project(z)
    np.testing.assert_allclose(prior.project(there), there, rtol=1e-12)
    distance = np.linalg.norm(z - there, axis=1)
    for seed in range(20):
        other = prior.project(prior.sample((20, 8), seed, dtype="float64"))
        assert (np.linalg.norm(z - other, axis=1) >= distance - 1e-9).all()


def test_resampling_brings_back_what_left_and_nothing_else(prior, rng):
    z = prior.sample((200, 8), 1, dtype="float64").numpy()
    np.testing.assert_allclose(prior.resample(tf.constant(z), SEED), z, rtol=1e-12)
    z[::2, 3] = 50.0
    z[1, 5] = -60.0
    back = prior.resample(tf.constant(z), SEED).numpy()
    if prior.get_config().get("bound", 0) is None:  # all of R^k is its support
        np.testing.assert_array_equal(back, z)
        return
    np.testing.assert_allclose(prior.project(back), back, rtol=1e-12)
    if isinstance(prior, priors.SphericalPrior):
        np.testing.assert_allclose(back, prior.project(z), rtol=1e-12)
        return
    inside = (z != 50.0) & (z != -60.0)
    np.testing.assert_array_equal(back[inside], z[inside])
    redrawn = back[::2, 3]
    assert len(np.unique(redrawn)) == 100  # each a number of its own
    fresh = prior.sample((10_000, 1), 2).numpy()
    assert abs(redrawn.mean() - fresh.mean()) < 4 * fresh.std() / np.sqrt(100)
    assert 0.8 < redrawn.std() / fresh.std() < 1.2


def test_resampling_works_in_a_loop_with_a_seed_of_every_step(prior):
    @tf.function
    def search(z):
        def step(i, z):
            z = prior.resample(z + 1.0, tf.stack([tf.constant(9), i]))
            return i + 1, z

        return tf.while_loop(lambda i, z: i < 5, step, (0, z))[1]

    z = prior.sample((3, 8), 1)
    expected = z
    for i in range(5):
        expected = prior.resample(expected + 1.0, (9, i))
    np.testing.assert_allclose(search(z), expected, rtol=1e-5)


def test_nan_stays_nan(prior):
    z = tf.constant([[np.nan, 0.5, 0.5], [0.5, 0.5, 0.5]])
    for moved in (prior.project(z), prior.resample(z, SEED)):
        assert np.isnan(moved[0, 0])
        assert np.isfinite(moved[1]).all()
    assert np.isnan(prior.penalty(z)[0])


def test_flip_negates_where_that_is_as_likely(prior, rng):
    z = rng.normal(size=(3, 8))
    symmetric = prior is not CASES["uniform, shifted"]
    assert prior.symmetric == symmetric
    np.testing.assert_array_equal(prior.flip(z), -z if symmetric else z)


def test_config_keeps_everything(prior):
    again = priors.get(keras.saving.serialize_keras_object(prior))
    assert type(again) is type(prior)
    assert again.get_config() == prior.get_config()
    np.testing.assert_array_equal(again.sample((2, 3), 1), prior.sample((2, 3), 1))


def test_normal_penalty_is_the_squared_norm_in_standard_deviations(rng):
    z = rng.normal(size=(4, 5))
    expected = np.sum(z**2, axis=1) / 9
    np.testing.assert_allclose(priors.NormalPrior(3.0).penalty(z), expected)


@pytest.mark.parametrize(("bound", "variance"), [(1.0, 0.291125), (3.0, 0.973337)])
def test_bounded_normal_samples_have_the_variance_of_the_truncated_normal(
    bound, variance
):
    z = priors.NormalPrior(2.0, bound).sample((200_000,), 0).numpy()
    assert np.abs(z).max() <= 2 * bound
    np.testing.assert_allclose(np.var(z) / 4, variance, rtol=0.02)
    assert abs(z.mean()) < 0.02


@pytest.mark.parametrize("bound", [1e-6, 50.0])
def test_extreme_bounds_give_finite_samples(bound):
    z = priors.NormalPrior(1.0, bound).sample((1000,), 0).numpy()
    assert np.isfinite(z).all()
    assert np.abs(z).max() <= np.float32(bound)


def test_uniform_penalty_is_the_squared_distance_to_the_box():
    z = np.array([[0.5, -1.0, 1.0], [2.0, -4.0, 0.0]])
    np.testing.assert_allclose(priors.UniformPrior().penalty(z), [0, 1 + 9])
    np.testing.assert_allclose(
        gradient(priors.UniformPrior(), z), [[0, 0, 0], [2, -6, 0]]
    )


def test_uniform_samples_fill_the_box():
    z = priors.UniformPrior(-2, 6).sample((100_000,), 0).numpy()
    np.testing.assert_allclose(np.histogram(z, 8, (-2, 6))[0] / 12_500, 1, atol=0.05)


def test_spherical_penalty_is_the_squared_distance_to_the_sphere(rng):
    z = rng.normal(size=(4, 9))
    norms = np.linalg.norm(z, axis=1)
    np.testing.assert_allclose(priors.SphericalPrior().penalty(z), (norms - 3) ** 2)
    zero = np.zeros((1, 9))
    np.testing.assert_allclose(priors.SphericalPrior().penalty(zero), [9])
    np.testing.assert_allclose(
        priors.SphericalPrior(6).project(tf.constant(zero)), np.full((1, 9), 2)
    )


def test_spherical_samples_prefer_no_direction():
    z = priors.SphericalPrior(1.0).sample((50_000, 3), 0).numpy()
    np.testing.assert_allclose(z.T @ z / 50_000, np.eye(3) / 3, atol=0.01)
    np.testing.assert_allclose(z.mean(axis=0), 0, atol=0.02)


def test_names_give_priors():
    expected = {
        "normal": priors.NormalPrior,
        "spherical": priors.SphericalPrior,
        "uniform": priors.UniformPrior,
    }
    assert {name: type(priors.get(name)) for name in priors.names} == expected


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: priors.get("cauchy"), ValueError, "`latent_prior` must be one of"),
        (lambda: priors.get(3), TypeError, r"`latent_prior` must be one of.*: 3"),
        (lambda: priors.NormalPrior(0), ValueError, "`stddev` must be .* above 0"),
        (lambda: priors.NormalPrior(1, 0), ValueError, "`bound` must be .* above 0"),
        (
            lambda: priors.UniformPrior(1.5),
            ValueError,
            "`low` .*`high`.*low=1.5, high=1",
        ),
        (lambda: priors.UniformPrior("a"), ValueError, "`low` must be"),
        (lambda: priors.SphericalPrior(-1), ValueError, "`radius` must be .* above 0"),
        (lambda: priors.UniformPrior().sample((2,), -1), ValueError, "`seed` must be"),
    ],
)
def test_refuses_bad_settings(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_priors_print_their_settings():
    assert repr(priors.UniformPrior(0, 3)) == "UniformPrior(low=0.0, high=3.0)"
