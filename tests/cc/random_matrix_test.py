"""Random matrices through the bindings: the words, the entries and the products."""

import os

import numpy as np
import pytest

from tests.cc.isa import run_with_isa

core = pytest.importorskip("tf_gencs.ops._gencs_core")

CUDA = hasattr(core, "cuda_random_matrix") and os.path.exists("/dev/nvidia0")
on_devices = pytest.mark.parametrize("device", ["", "cuda_"] if CUDA else [""])
distributions = pytest.mark.parametrize("distribution", ["gaussian", "rademacher"])
ALL_ONES = 2**64 - 1
SEED = np.array([123456789012345, -987654321], np.int64)


def philox(key, stream, row, block):
    """The definition, word by word, in Python's integers."""
    k0, k1 = key & 0xFFFFFFFF, key >> 32
    counter = [block, row, stream & 0xFFFFFFFF, stream >> 32]
    for _ in range(10):
        p0, p1 = 0xD2511F53 * counter[0], 0xCD9E8D57 * counter[2]
        counter = [
            (p1 >> 32) ^ counter[1] ^ k0,
            p1 & 0xFFFFFFFF,
            (p0 >> 32) ^ counter[3] ^ k1,
            p0 & 0xFFFFFFFF,
        ]
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return counter


def explicit_matrix(seed, m, n, distribution):
    """The formula of the header, entry by entry, in double precision."""
    key, stream = (int(part) % 2**64 for part in seed)
    matrix = np.empty((m, n))
    for i in range(m):
        for j in range(n):
            if distribution == "rademacher":
                word = philox(key, stream, i, j // 128)[j % 128 // 32]
                matrix[i, j] = -1.0 if word >> (j % 32) & 1 else 1.0
                continue
            entry = j % 64 // 16
            words = philox(key, stream, i, 16 * (j // 64) + j % 16)
            a, b = words[entry // 2 * 2 : entry // 2 * 2 + 2]
            radius = np.sqrt(-2 * np.log((2 * (a >> 9) + 1) / 2**24))
            angle = 2 * np.pi * ((2 * (b >> 9) + 1) / 2**24)
            matrix[i, j] = radius * (np.sin(angle) if entry % 2 else np.cos(angle))
    return matrix / np.sqrt(max(m, 1))


@pytest.mark.parametrize(
    ("key", "stream", "row", "block", "words"),
    [
        (0, 0, 0, 0, "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        (
            ALL_ONES,
            ALL_ONES,
            2**32 - 1,
            2**32 - 1,
            "408f276d 41c83b0e a20bc7c6 6d5451fd",
        ),
        (
            *(0x299F31D0A4093822, 0x0370734413198A2E, 0x85A308D3, 0x243F6A88),
            "d16cfe09 94fdcceb 5001e420 24126ea1",
        ),
    ],
)
def test_words_are_the_published_known_answers(key, stream, row, block, words):
    (result,) = core.random_words(key, stream, row, block, 1)
    assert " ".join(f"{word:08x}" for word in result) == words


def test_words_equal_the_definition_in_every_lane():
    key, stream, row = 0xDEADBEEF12345678, 0xCAFEF00D87654321, 0x9ABCDEF0
    result = core.random_words(key, stream, row, 2**32 - 20, 40)
    blocks = [(2**32 - 20 + i) % 2**32 for i in range(40)]
    exact = [philox(key, stream, row, block) for block in blocks]
    np.testing.assert_array_equal(result, exact)


@on_devices
@distributions
@pytest.mark.parametrize("shape", [(1, 1), (3, 65), (9, 130), (33, 40)])
def test_entries_equal_the_formula(shape, distribution, device):
    fill = getattr(core, device + "random_matrix")
    exact = explicit_matrix(SEED, *shape, distribution)
    single = fill(SEED, *shape, distribution)
    double = fill(SEED, *shape, distribution, double_precision=True)
    assert single.dtype == np.float32
    # Relative to 1, or to the entry where it is larger, before the division.
    ulps = np.abs(single - exact) / np.maximum(np.abs(exact), 1 / np.sqrt(shape[0]))
    assert np.max(ulps) < 4 * np.finfo(np.float32).eps
    np.testing.assert_allclose(double, exact, rtol=0, atol=1e-14)


@on_devices
@distributions
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "sizes",
    [(1, 1, 1), (2, 5, 7), (5, 25, 64), (4, 31, 130), (13, 300, 1500), (70, 130, 257)],
)
def test_products_equal_those_of_the_matrix(rng, sizes, dtype, distribution, device):
    batch, m, n = sizes
    matrix = core.random_matrix(SEED, m, n, distribution, double_precision=True)
    x = rng.normal(size=(batch, n)).astype(dtype)
    y = rng.normal(size=(batch, m)).astype(dtype)
    measured = getattr(core, device + "random_matrix_measure")(x, SEED, m, distribution)
    adjoint = getattr(core, device + "random_matrix_adjoint")(y, SEED, n, distribution)
    assert measured.dtype == adjoint.dtype == dtype
    tolerance = 8 * np.finfo(dtype).eps
    scale = np.sqrt(n / m)
    np.testing.assert_allclose(
        measured, x @ matrix.T, rtol=0, atol=tolerance * (5 + scale)
    )
    np.testing.assert_allclose(adjoint, y @ matrix, rtol=0, atol=tolerance * 5)


@pytest.mark.parametrize("isa", ["portable", "avx2"])
def test_lesser_instruction_sets_make_the_same_matrix(rng, isa):
    x = rng.normal(size=(7, 1000)).astype(np.float32)
    code = """
x, seed = data['x'], data['seed']
out['words'] = core.random_words(1, 2, 3, 4, 50)
for name in ('gaussian', 'rademacher'):
    y = core.random_matrix_measure(x, seed, 60, name)
    out[name] = core.random_matrix(seed, 60, 1000, name)
    out[name + '64'] = core.random_matrix(seed, 60, 1000, name, True)
    out[name + '_y'] = y
    out[name + '_x'] = core.random_matrix_adjoint(y, seed, 1000, name)
"""
    out = run_with_isa(core, isa, code, {"x": x, "seed": SEED})
    np.testing.assert_array_equal(out["words"], core.random_words(1, 2, 3, 4, 50))
    for name in ("gaussian", "rademacher"):
        matrix = core.random_matrix(SEED, 60, 1000, name, True)
        np.testing.assert_allclose(out[name + "64"], matrix, rtol=0, atol=1e-15)
        np.testing.assert_allclose(out[name], matrix, rtol=0, atol=1e-6 / np.sqrt(60))
        np.testing.assert_allclose(out[name + "_y"], x @ matrix.T, atol=1e-4)
        np.testing.assert_allclose(
            out[name + "_x"], out[name + "_y"] @ matrix, atol=1e-4
        )


@pytest.fixture(scope="module")
def many():
    """About a million standard normal numbers."""
    return core.random_matrix(SEED, 256, 4096, "gaussian", True) * 16


def test_gaussian_entries_have_the_moments_of_a_normal(many):
    count = many.size
    # Standard errors of the first four moments of N(0, 1): 1, sqrt 2, sqrt 15, sqrt 96.
    for power, exact, deviation in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)):
        error = np.mean(many**power) - exact
        assert abs(error) < 4 * np.sqrt(deviation / count)


def test_gaussian_entries_pass_kolmogorov_smirnov(many):
    stats = pytest.importorskip("scipy.stats")
    assert stats.kstest(many.ravel(), "norm").pvalue > 1e-3
    # Within a pair, the angle and the radius are independent and of known laws.
    pairs = many.reshape(256, -1, 2, 2, 16)
    a, b = pairs[:, :, :, 0], pairs[:, :, :, 1]
    assert stats.kstest((a**2 + b**2).ravel(), "expon", (0, 2)).pvalue > 1e-3
    assert stats.kstest(
        np.arctan2(b, a).ravel(), "uniform", (-np.pi, 2 * np.pi)
    ).pvalue > (1e-3)


@distributions
def test_neighbouring_seeds_streams_rows_and_columns_are_uncorrelated(distribution):
    def standard(key, stream):
        seed = np.array([key, stream], np.int64)
        return core.random_matrix(seed, 64, 4096, distribution, True) * 8

    base = standard(7, 11)
    others = [
        *(standard(8, 11), standard(7, 12), standard(11, 7)),
        *(standard(7 + 2**32, 11), standard(7, 11 + 2**32), standard(-7, 11)),
        *(np.roll(base, 1, axis=0), np.roll(base, 1, axis=1)),
        *(np.roll(base, 16, axis=1), np.roll(base, 64, axis=1)),
    ]
    for other in others:
        assert abs(np.mean(base * other)) < 4.5 / np.sqrt(base.size)
        if distribution == "gaussian":  # squares see a shared radius
            product = (base**2 - 1) * (other**2 - 1)
            assert abs(np.mean(product)) < 4.5 * 2 / np.sqrt(base.size)


def test_rademacher_signs_are_balanced_and_columns_independent():
    signs = core.random_matrix(SEED, 1024, 256, "rademacher", True) * 32
    assert set(np.unique(signs)) == {-1.0, 1.0}
    assert abs(signs.mean()) < 4.5 / np.sqrt(signs.size)
    off_diagonal = signs.T @ signs / 1024 - np.eye(256)
    assert np.max(np.abs(off_diagonal)) < 6 / np.sqrt(1024)


def test_bindings_reject_what_does_not_fit():
    x = np.ones((2, 5))
    with pytest.raises(ValueError, match="`x` must have rank 2"):
        core.random_matrix_measure(x[0], SEED, 3)
    with pytest.raises(ValueError, match="`seed` must have shape"):
        core.random_matrix_measure(x, SEED[:1], 3)
    with pytest.raises(ValueError, match="`distribution` must be"):
        core.random_matrix_adjoint(x, SEED, 3, "uniform")
    for size in (-1, 2**31):
        with pytest.raises(ValueError, match="Sizes must lie in"):
            core.random_matrix_adjoint(x, SEED, size)
    with pytest.raises(TypeError):
        core.random_matrix_measure(np.ones((2, 5), np.int32), SEED, 3)
