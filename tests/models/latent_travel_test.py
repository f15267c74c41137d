import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs
from tf_gencs.models.latent_travel import MODES, draw, path

K = 5


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    generator = keras.Sequential(
        [keras.Input((K,)), keras.layers.Dense(12), keras.layers.Reshape((2, 2, 3))]
    )
    return gencs.models.GenerativeModel(generator)


@pytest.fixture
def ends(rng):
    return rng.normal(size=(2, 4, K)).astype("float32")


def norms(z):
    return np.linalg.norm(z.astype("float64"), axis=-1)


def unit(z):
    return z / np.linalg.norm(z, axis=-1, keepdims=True)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_both_ends_are_exact_and_the_way_back_is_the_same(ends, mode, dtype):
    a, b = ends.astype(dtype)
    z = path(a, b, 7, mode)
    assert z.shape == (4, 7, K)
    assert z.dtype == dtype
    np.testing.assert_array_equal(z[:, 0], a)
    np.testing.assert_array_equal(z[:, -1], b)
    np.testing.assert_allclose(z, path(b, a, 7, mode)[:, ::-1], atol=1e-6)


def test_lerp_goes_straight_at_constant_speed(ends):
    z = path(*ends.astype("float64"), 6, "lerp")
    np.testing.assert_allclose(np.diff(z, 2, axis=1), 0, atol=1e-12)


@pytest.mark.parametrize("mode", ["slerp", "great_circle"])
def test_turns_keep_the_norm_of_ends_that_share_it(ends, mode):
    a, b = 3 * unit(ends.astype("float64"))
    z = path(a, b, 9, mode)
    np.testing.assert_allclose(norms(z), 3, rtol=1e-12)
    cosines = np.sum(unit(z[:, 1:]) * unit(z[:, :-1]), axis=-1)
    np.testing.assert_allclose(cosines, cosines[:, :1] * np.ones(8), rtol=1e-9)
    # In the plane of both ends, and on the short side.
    np.testing.assert_allclose(
        np.arccos(cosines).sum(axis=1), np.arccos(np.sum(a * b, -1) / 9)
    )


def test_slerp_is_the_formula_of_shoemake(ends):
    a, b = ends.astype("float64")
    angle = np.arccos(np.sum(unit(a) * unit(b), axis=-1, keepdims=True))
    expected = (np.sin(0.75 * angle) * a + np.sin(0.25 * angle) * b) / np.sin(angle)
    np.testing.assert_allclose(path(a, b, 5, "slerp")[:, 1], expected, rtol=1e-9)


def test_great_circle_grows_steadily_between_ends_of_unlike_norm(ends):
    a, b = unit(ends.astype("float64"))
    z = path(2 * a, 6 * b, 5, "great_circle")
    np.testing.assert_allclose(norms(z), np.tile([2, 3, 4, 5, 6], (4, 1)), rtol=1e-12)
    np.testing.assert_allclose(unit(z), path(a, b, 5, "slerp"), atol=1e-12)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("other", [1.0, 2.5, 1 + 1e-7])
def test_ends_in_one_direction_are_joined_by_the_straight_line(ends, mode, other):
    a = ends[0].astype("float64")
    z = path(a, other * a, 5, mode)
    np.testing.assert_allclose(z, path(a, other * a, 5, "lerp"), rtol=1e-9)


@pytest.mark.parametrize("mode", MODES)
def test_a_way_from_zero_is_straight(ends, mode):
    a = ends[0]
    np.testing.assert_allclose(path(0 * a, a, 3, mode)[:, 1], a / 2, rtol=1e-6)


@pytest.mark.parametrize("mode", ["slerp", "great_circle"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_opposite_ends_are_joined_by_half_a_circle(ends, mode, dtype):
    a = ends[0].astype(dtype)
    z = path(a, -a, 9, mode)
    np.testing.assert_allclose(norms(z), norms(a)[:, None] * np.ones(9), rtol=1e-5)
    np.testing.assert_allclose(np.sum(z[:, 4] * a, axis=-1), 0, atol=1e-5)
    np.testing.assert_allclose(z, path(-a, a, 9, mode)[:, ::-1], atol=1e-5)


@pytest.mark.parametrize("gap", [1e-3, 1e-6, 1e-9, 1e-12])
@pytest.mark.parametrize("mode", MODES)
def test_nearly_parallel_and_nearly_opposite_ends_stay_finite(ends, gap, mode):
    a = unit(ends[0].astype("float64"))
    for b in (a + gap * ends[1], -a + gap * ends[1]):
        z = path(a, unit(b), 5, mode)
        assert np.isfinite(z).all()
        assert norms(z).max() < 1.01


@pytest.mark.long
def test_interpolate_gives_the_signals_of_the_way(model, ends):
    x, z = model.interpolate(*ends, steps=3, mode="lerp", return_z=True)
    assert x.shape == (4, 3, 2, 2, 3)
    np.testing.assert_allclose(x[:, 1], model.generate(z=z[:, 1]), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(x[:, 0], model.generate(z=ends[0]), rtol=1e-5, atol=1e-6)
    assert model.interpolate(*ends).shape == (4, 8, 2, 2, 3)
    assert model.interpolate(*ends[:, :0]).shape == (0, 8, 2, 2, 3)


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"z_from": np.zeros((4, K + 1))}, "`z_from`"),
        ({"z_to": np.zeros((3, K))}, "`z_to`"),
        ({"z_to": np.full((4, K), np.nan)}, "`z_to`"),
        ({"steps": 1}, "`steps`"),
        ({"mode": "fast"}, "`mode` must be one of .*'fast'"),
    ],
)
def test_interpolate_rejects_wrong_arguments(model, kwargs, message):
    kwargs = {"z_from": np.ones((4, K)), "z_to": np.ones((4, K)), **kwargs}
    with pytest.raises(ValueError, match=message):
        model.interpolate(**kwargs)


def test_truncation_draws_normal_values_anew():
    prior = gencs.priors.NormalPrior(stddev=2.0)
    z = draw(prior, (4000, K), seed=0, truncation=0.5)
    assert np.abs(z).max() <= 1.0
    assert (np.abs(z) < 0.999).mean() > 0.99  # not clipped
    np.testing.assert_allclose(z.std(), 0.5710, atol=0.01)  # N(0, 4) within +-1
    tighter = draw(gencs.priors.NormalPrior(bound=0.1), (100, K), 0, truncation=0.5)
    assert np.abs(tighter).max() <= 0.1


def test_truncation_shrinks_a_box_about_its_centre():
    z = draw(gencs.priors.UniformPrior(2, 4), (4000, K), seed=0, truncation=0.25)
    assert 2.75 <= z.min() < 2.76
    assert 3.24 < z.max() <= 3.25


def test_no_truncation_is_the_prior_itself(model):
    z = model.latent_prior.sample((3, K), 7, "generate").numpy()
    np.testing.assert_array_equal(model.generate(3, seed=7), model.generate(z=z))
    np.testing.assert_array_equal(
        model.generate(3, seed=7, truncation=0.5),
        model.generate(z=draw(model.latent_prior, (3, K), 7, 0.5)),
    )


class Triangular(gencs.priors.LatentPrior):
    """A prior of a user, who says what its likelier part and its shell are."""

    def __init__(self, half=1.0):
        self.half = half

    def _draw(self, shape, seed, dtype):
        parts = tf.random.stateless_uniform((2, *shape), seed, -0.5, 0.5, dtype)
        return self.half * tf.reduce_sum(parts, axis=0)

    def truncated(self, truncation):
        return Triangular(truncation * self.half)

    def to_shell(self, z):
        return np.sign(z) * self.half / 3


def test_a_prior_of_a_user_is_truncated_and_has_its_shell():
    z = draw(Triangular(), (4000, K), seed=0, truncation=0.25)
    assert 0.24 < np.abs(z).max() <= 0.25
    np.testing.assert_allclose(z, draw(Triangular(0.25), (4000, K), seed=0))
    arithmetic = gencs.models.latent_arithmetic
    z = arithmetic(plus=[np.ones(K)], minus=[3 * np.ones(K)], latent_prior=Triangular())
    np.testing.assert_allclose(z, -1 / 3)
    with pytest.raises(ValueError, match=r"`truncation` must be None.*LatentPrior"):
        gencs.priors.LatentPrior().truncated(0.5)


@pytest.mark.parametrize(
    ("prior", "truncation"),
    [("normal", 0), ("normal", -1.0), ("uniform", 1.5), ("spherical", 0.5)],
)
def test_rejects_a_truncation_without_meaning(prior, truncation):
    with pytest.raises(ValueError, match="`truncation`"):
        draw(gencs.priors.get(prior), (2, K), 0, truncation)


def test_rejects_a_truncation_of_given_latents(model):
    with pytest.raises(ValueError, match="`truncation` must come with `n`"):
        model.generate(z=np.zeros((2, K)), truncation=0.5)


def test_arithmetic_adds_and_subtracts_means(rng):
    several, other = rng.normal(size=(6, K)), rng.normal(size=(3, K))
    one = rng.normal(size=K)
    z = gencs.models.latent_arithmetic([several, one], [other])
    np.testing.assert_allclose(z, several.mean(0) + one - other.mean(0))
    single = np.float32(one)
    assert gencs.models.latent_arithmetic([single]).dtype == np.float32
    np.testing.assert_array_equal(gencs.models.latent_arithmetic([single]), single)


def test_arithmetic_comes_back_to_the_prior(rng):
    terms = [rng.normal(size=(20, K)), rng.normal(size=K)]
    bare = gencs.models.latent_arithmetic(terms)
    normal = gencs.models.latent_arithmetic(
        terms, latent_prior=gencs.priors.NormalPrior(2.0)
    )
    sphere = gencs.models.latent_arithmetic(terms, latent_prior="spherical")
    np.testing.assert_allclose(norms(normal), 2 * np.sqrt(K))
    np.testing.assert_allclose(norms(sphere), np.sqrt(K))
    np.testing.assert_allclose(unit(normal), unit(bare))
    np.testing.assert_allclose(unit(sphere), unit(bare))
    box = gencs.models.latent_arithmetic(terms, latent_prior="uniform")
    np.testing.assert_allclose(box, np.clip(bare, -1, 1))


@pytest.mark.parametrize(
    ("plus", "minus", "prior", "argument"),
    [
        ([], [], None, "plus"),
        ([np.ones(K)], [np.ones(K + 1)], None, "minus"),
        ([np.full(K, np.inf)], [], None, "plus"),
        ([np.ones((0, K))], [], None, "plus"),
        ([np.ones(K)], [np.ones(K)], "normal", "plus"),
    ],
)
def test_arithmetic_rejects_wrong_terms(plus, minus, prior, argument):
    with pytest.raises(ValueError, match=f"`{argument}`"):
        gencs.models.latent_arithmetic(plus, minus, prior)
