"""The kernel distance: unbiased, and right where it can be computed by hand."""

import itertools

import numpy as np
import pytest

import tf_gencs as gencs


def test_is_the_mean_over_pairs_by_hand(rng):
    """Two parts of two rows: which rows share one does not matter to the mean."""
    real, generated = rng.normal(size=(2, 4, 3))
    metric = gencs.metrics.KernelDistance(subsets=2, degree=3, seed=1)
    metric.update_state(real, generated)

    def kernel(a, b):
        return (a @ b / 3 + 1) ** 3

    order = np.random.default_rng(1)
    real_parts = order.permutation(real).reshape(2, 2, 3)
    generated_parts = order.permutation(generated).reshape(2, 2, 3)
    estimates = [
        kernel(*a) + kernel(*b) - 2 * np.mean([kernel(x, y) for x in a for y in b])
        for a, b in zip(real_parts, generated_parts, strict=True)
    ]
    np.testing.assert_allclose(metric.result(), np.mean(estimates), rtol=1e-12)
    error = abs(estimates[0] - estimates[1]) / 2
    np.testing.assert_allclose(metric.standard_error(), error, rtol=1e-12)


def test_is_exactly_zero_on_average_over_all_ways_to_split():
    """Over all splits of one set in two, an unbiased estimate averages its U-statistic.

    For a set with two values, half of each, the mean over draws with replacement of an
    unbiased estimate is exactly 0: enumerated, not sampled.
    """
    values = np.array([[0.0], [1.0]])
    total = 0.0
    for draw in itertools.product(range(2), repeat=8):
        rows = values[list(draw)]
        metric = gencs.metrics.KernelDistance(subsets=2, degree=2)
        total += metric(rows[:4], rows[4:])
    assert abs(total / 2**8) < 1e-12


def test_real_against_real_is_around_zero(rng):
    results, errors = [], []
    for _ in range(100):
        metric = gencs.metrics.KernelDistance(subsets=5)
        results.append(metric(*rng.normal(size=(2, 50, 4))))
        errors.append(metric.standard_error())
    # Below zero about as often as above, and as far as the standard error says.
    assert 20 < np.sum(np.array(results) < 0) < 80
    assert abs(np.mean(results)) < 4 * np.std(results) / 10
    assert 0.6 < np.mean(errors) / np.std(results) < 1.5


def test_linear_kernel_is_the_squared_distance_of_means(rng):
    """With degree 1, the expectation is |m_1 - m_2|^2 / d."""
    shift = np.array([1.0, 2.0, 0.0, 2.0])
    real, generated = rng.normal(size=(2, 5000, 4))
    metric = gencs.metrics.KernelDistance(degree=1, subsets=10)
    result = metric(real, generated + shift)
    assert abs(result - 9 / 4) < 4 * metric.standard_error() < 0.3


def test_takes_images_sorted_by_class(rng):
    """Parts are dealt, not cut: otherwise the standard error would be of classes."""
    rows = np.repeat(np.eye(4), 100, axis=0) + 0.01 * rng.normal(size=(400, 4))
    metric = gencs.metrics.KernelDistance(subsets=4)
    result = metric(rows, rng.permutation(rows))
    assert abs(result) < 0.05


def test_the_seed_repeats_it(rng):
    sets = rng.normal(size=(2, 30, 4))

    def result(seed):
        return gencs.metrics.KernelDistance(subsets=3, seed=seed)(*sets)

    assert result(0) == result(0) != result(1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"degree": 0}, "`degree` must be"),
        ({"degree": 1.5}, "`degree` must be"),
        ({"subsets": 1}, "`subsets` must be an integer of at least 2"),
        ({"seed": -1}, "`seed` must be"),
    ],
)
def test_refuses_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        gencs.metrics.KernelDistance(**arguments)


def test_needs_two_images_in_each_part(rng):
    metric = gencs.metrics.KernelDistance(subsets=10)
    with pytest.raises(ValueError, match=r"at least 20 `real`.*Received: 19 and 30"):
        metric(rng.normal(size=(19, 2)), rng.normal(size=(30, 2)))
