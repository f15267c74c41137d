"""Random measurements: what their entries are, and that streams never meet."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from tf_gencs import layers

KINDS = [
    layers.GaussianMeasurement,
    layers.RademacherMeasurement,
    layers.HadamardMeasurement,
    layers.CosineMeasurement,
    layers.CirculantMeasurement,
]
FAST = KINDS[2:]
SHAPE = (8, 8, 1)
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)


def dense(kind, m=30, **kwargs):
    A = kind(m, **kwargs)
    A.build((None, *SHAPE))
    return A.to_dense().numpy()


def correlation(a, b):
    return float(np.sum(a * b) / np.sqrt(np.sum(a**2) * np.sum(b**2)))


@every_kind
def test_keeps_lengths_on_average(kind):
    x = np.random.default_rng(1).normal(size=(1, 16, 16, 1))
    ratios = []
    for seed in range(100):
        y = kind(50, seed=seed, dtype="float64")(x)
        ratios.append(float(tf.reduce_sum(y**2)) / np.sum(x**2))
    # One ratio varies by sqrt(2/m) = 0.2, their mean by 0.2 / sqrt(100) = 0.02.
    assert abs(np.mean(ratios) - 1) < 0.06
    assert 0.1 < np.std(ratios) < 0.3


@every_kind
def test_seeds_decide_the_matrix(kind):
    first = dense(kind, seed=5)
    np.testing.assert_array_equal(dense(kind, seed=5), first)
    np.testing.assert_allclose(dense(kind, seed=5, dtype="float64"), first, atol=2e-6)
    drawn = kind(30)
    drawn.build((None, *SHAPE))
    seed = drawn.get_config()["seed"]
    np.testing.assert_array_equal(dense(kind, seed=seed), drawn.to_dense())


@every_kind
def test_neighbouring_seeds_and_rows_are_independent(kind):
    matrices = [dense(kind, seed=seed) for seed in range(12)]
    between_seeds = [correlation(a, b) for a, b in itertools.pairwise(matrices)]
    # Independent entries, 1920 of them, correlate by 0.023 or so; those of a structured
    # matrix, made of 64 signs, by up to 1/8; those of one and the same stream by 1.
    bound = 0.4 if kind in FAST else 0.1
    assert np.max(np.abs(between_seeds)) < bound
    between_rows = [
        correlation(row, other)
        for matrix in matrices
        for row, other in itertools.pairwise(matrix)
    ]
    assert abs(np.mean(between_rows)) < 0.02
    assert np.std(between_rows) < 0.16  # 1/sqrt(64) = 0.125 for independent rows


def test_kinds_with_the_same_seed_are_independent():
    matrices = [dense(kind, seed=0) for kind in KINDS]
    for i, a in enumerate(matrices):
        for b in matrices[:i]:
            assert abs(correlation(a, b)) < 0.15


def test_gaussian_and_rademacher_never_share_random_words():
    gaussian = dense(layers.GaussianMeasurement, 2000, seed=0)
    rademacher = dense(layers.RademacherMeasurement, 2000, seed=0)
    # Of one stream, column 31 would be the highest bit of the word that decides how
    # large the entries of column 0 are.
    size = np.abs(gaussian[:, 0])
    assert abs(np.corrcoef(size, rademacher[:, 31])[0, 1]) < 0.1


def test_signs_rows_and_generator_come_from_streams_of_their_own():
    drawn = {}
    for kind in FAST:
        A = kind(64, seed=7)
        A.build((None, *SHAPE))
        drawn[kind.stem, "signs"] = np.asarray(A.signs, "float64")
        if kind is layers.CirculantMeasurement:
            drawn[kind.stem, "generator"] = np.asarray(A.generator, "float64")
    names = sorted(drawn)
    for i, name in enumerate(names):
        for other in names[:i]:
            # Signs drawn from one stream would be equal: 64 of them correlate by 1.
            assert abs(correlation(drawn[name], drawn[other])) < 0.6
    rows = {
        kind.stem: tuple(np.asarray(layer.rows))
        for kind in FAST
        for layer in [kind(20, seed=7)]
        if layer.build((None, *SHAPE)) is None
    }
    assert len(set(rows.values())) == 3


def test_gaussian_entries_are_standard_normal_over_root_m():
    A = layers.GaussianMeasurement(500, seed=0)
    A.build((None, 28, 28, 1))
    entries = np.sort(A.to_dense().numpy().ravel() * np.sqrt(500))
    assert abs(entries.mean()) < 0.01
    assert abs(entries.std() - 1) < 0.01
    assert abs(np.mean(np.abs(entries) < 1) - 0.6827) < 0.005
    assert abs(np.mean(np.abs(entries) < 2) - 0.9545) < 0.003


@pytest.mark.parametrize(
    "kind",
    [
        layers.RademacherMeasurement,
        layers.HadamardMeasurement,
        layers.CirculantMeasurement,
    ],
)
def test_entries_are_signs_over_root_m(kind):
    np.testing.assert_allclose(np.abs(dense(kind, 16, seed=0)), 1 / 4, atol=1e-6)


@pytest.mark.parametrize("kind", [layers.HadamardMeasurement, layers.CosineMeasurement])
def test_all_rows_of_an_orthogonal_transform_are_orthonormal(kind):
    matrix = dense(kind, 64, seed=0)
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(64), atol=1e-5)


def test_cosine_transforms_image_or_vector():
    from scipy import fft

    x = np.random.default_rng(0).normal(size=(2, 6, 5, 2))
    flat = layers.CosineMeasurement(60, flat=True, seed=0, dtype="float64")
    y = flat(x)
    signed = x.reshape(2, -1) * np.asarray(flat.signs)
    np.testing.assert_allclose(y, fft.dct(signed, norm="ortho"), atol=1e-12)
    image = layers.CosineMeasurement(60, seed=0, dtype="float64")
    y = image(x)
    signed = (x.reshape(2, -1) * np.asarray(image.signs)).reshape(x.shape)
    expected = fft.dctn(signed, axes=(1, 2), norm="ortho")
    np.testing.assert_allclose(y, expected.reshape(2, -1), atol=1e-12)


def test_cosine_takes_true_or_false_for_flat():
    with pytest.raises(ValueError, match="`flat` must be True or False"):
        layers.CosineMeasurement(3, flat="no")


def test_circulant_is_a_circular_convolution():
    A = layers.CirculantMeasurement(60, seed=0, dtype="float64")
    x = np.random.default_rng(0).normal(size=(1, 6, 5, 2))
    y = A(x)
    signed = x.ravel() * np.asarray(A.signs)
    generator = np.asarray(A.generator)
    places = (np.arange(60)[:, None] - np.arange(60)) % 60
    np.testing.assert_allclose(y[0], generator[places] @ signed / 60**0.5, atol=1e-12)


@every_kind
@pytest.mark.parametrize("m", [0, -1, 2.5, "3", None, True])
def test_rejects_a_number_of_measurements_that_is_none(kind, m):
    with pytest.raises(ValueError, match="`measurements` must be an integer of at"):
        kind(m)


@every_kind
@pytest.mark.parametrize("seed", [-1, 1.5, "a", 2**63])
def test_rejects_a_wrong_seed(kind, seed):
    with pytest.raises(ValueError, match="`seed` must be"):
        kind(3, seed=seed)


@pytest.mark.parametrize("kind", FAST, ids=lambda kind: kind.__name__)
def test_fast_transforms_reject_more_measurements_than_values(kind):
    with pytest.raises(ValueError, match="`measurements` must be at most 64"):
        kind(65).build((None, *SHAPE))


def test_gaussian_takes_more_measurements_than_values():
    A = layers.GaussianMeasurement(100, seed=0)
    assert A(tf.ones((1, 4, 4, 1))).shape == (1, 100)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gaussian_storages_are_interchangeable(dtype):
    stored = layers.GaussianMeasurement(30, seed=5, dtype=dtype)
    seeded = layers.GaussianMeasurement(30, storage="seed", seed=5, dtype=dtype)
    x = tf.random.stateless_normal((4, *SHAPE), (0, 0), dtype=dtype)
    atol = 1e-5 if dtype == "float32" else 1e-13
    np.testing.assert_allclose(seeded(x), stored(x), atol=atol)
    np.testing.assert_array_equal(seeded.to_dense(), stored.to_dense())
    assert [w.shape for w in seeded.weights] == [(2,)]
    assert len(stored.weights) == 1


def test_gaussian_rejects_an_unknown_storage():
    with pytest.raises(ValueError, match="`storage` must be one of"):
        layers.GaussianMeasurement(3, storage="disk")


def test_gaussian_rows_do_not_depend_on_their_number():
    few, many = (
        dense(layers.GaussianMeasurement, 10, seed=1),
        dense(layers.GaussianMeasurement, 40, seed=1),
    )
    np.testing.assert_allclose(few, 2 * many[:10], rtol=1e-6)


def test_layers_with_custom_ops_keep_xla_off():
    for kind in KINDS[1:]:
        assert not kind(3).supports_jit
    assert not layers.GaussianMeasurement(3, storage="seed").supports_jit
    assert layers.GaussianMeasurement(3).supports_jit


def test_a_matrix_of_a_config_of_0_1_0_is_nan_until_weights_come():
    clone = layers.MatrixMeasurement.from_config({"matrix_shape": [2, 4]})
    assert np.isnan(clone(tf.ones((1, 2, 2, 1)))).all()


@pytest.mark.parametrize("kind", FAST, ids=lambda kind: kind.__name__)
def test_sums_of_many_values_survive_half_precision(kind):
    x = tf.fill((1, 64, 64, 3), 100.0)
    single = kind(20, seed=0)(x)
    half = kind(20, seed=0, dtype="float16")(tf.cast(x, tf.float16))
    scale = np.abs(single).max()
    np.testing.assert_allclose(tf.cast(half, tf.float32), single, atol=1e-2 * scale)


@pytest.mark.parametrize("kind", KINDS[:2], ids=lambda kind: kind.__name__)
def test_rejects_more_rows_than_can_be_numbered(kind):
    with pytest.raises(ValueError, match="and at most 2147483647"):
        kind(2**31)


def test_a_matrix_that_no_memory_holds_is_refused_with_what_does():
    match = r"`measurements` must leave room .*`HadamardMeasurement`.*3,136 GB"
    with pytest.raises(ValueError, match=match):
        layers.GaussianMeasurement(10**9).build((None, 784))
    with pytest.raises(ValueError, match=match):
        layers.Stack([layers.GaussianMeasurement(10**9)]).build((None, 784))
    for A in (
        layers.HadamardMeasurement(2**19),
        layers.GaussianMeasurement(2**19, storage="seed"),
    ):
        A.build((None, 2**20))
        with pytest.raises(ValueError, match="`to_dense` must leave room"):
            A.to_dense()
    with pytest.raises(ValueError, match="`angles` must leave room"):
        layers.ProjectionMeasurement(100_000).build((None, 2048, 2048, 1))
