"""The one-call report: its numbers tell good generators from bad ones."""

import json

import numpy as np
import pytest

import tf_gencs as gencs
from tests.generators import random_generator


@pytest.fixture(scope="module")
def digits():
    return gencs.datasets.mnist_samples()[0]


def pixels_of_small(images):
    """Few enough features that the Frechet distance has more images than those."""
    return images.reshape(len(images), 7, 4, 7, 4).mean(axis=(2, 4)).reshape(-1, 49)


@pytest.fixture(scope="module")
def halves(digits):
    """What the report is where nothing is amiss."""
    return gencs.metrics.evaluate(digits[:150], digits[150:], pixels_of_small)


def test_is_what_the_metrics_say_one_by_one(digits, halves):
    real, generated = digits[150:], digits[:150]
    frechet = gencs.metrics.FrechetDistance(pixels_of_small)
    kernel = gencs.metrics.KernelDistance(pixels_of_small)
    manifolds = gencs.metrics.PrecisionRecall(pixels_of_small)
    expected = {
        "frechet_distance": frechet(real, generated),
        "kernel_distance": kernel(real, generated),
        "kernel_distance_error": kernel.standard_error(),
        **manifolds(real, generated),
        "sliced_wasserstein": gencs.metrics.SlicedWasserstein()(real, generated),
        "real_images": 150,
        "generated_images": 150,
    }
    for name, value in expected.items():
        np.testing.assert_allclose(halves[name], value, rtol=1e-6, err_msg=name)
    assert json.loads(json.dumps(halves)) == halves


def test_real_digits_pass_for_real(halves):
    assert abs(halves["kernel_distance"]) < 5 * halves["kernel_distance_error"]
    assert min(halves["precision"], halves["recall"]) > 0.6
    assert halves["duplicates"] <= 0.05
    assert 0 < halves["nearest_real"] < halves["nearest_generated"] * 2


def test_noise_does_not(digits, halves, rng):
    noise = rng.uniform(size=(150, 28, 28, 1)).astype("float32")
    report = gencs.metrics.evaluate(noise, digits[150:], pixels_of_small)
    assert report["frechet_distance"] > 5 * halves["frechet_distance"]
    assert report["kernel_distance"] > 10 * report["kernel_distance_error"]
    assert report["sliced_wasserstein"] > 5 * halves["sliced_wasserstein"]
    assert report["precision"] == report["recall"] == 0


def test_a_collapse_shows_as_duplicates_and_lost_recall(digits, rng):
    """Ten digits over and over, hardly changed."""
    copies = np.tile(digits[:10], (15, 1, 1, 1))
    copies = np.clip(copies + 1e-3 * rng.normal(size=copies.shape), 0, 1)
    report = gencs.metrics.evaluate(
        copies.astype("float32"), digits[150:], pixels_of_small
    )
    assert report["duplicates"] == 1
    np.testing.assert_allclose(report["nearest_generated"], 1e-3, rtol=0.5)
    assert report["recall"] < 0.1


def test_models_generate_as_many_and_are_clipped_to_their_range(rng):
    """A report on a model is the report on what it generates, clipped."""
    model = gencs.models.GenerativeModel(random_generator(), value_range=(0.2, 0.8))
    real = rng.uniform(0.2, 0.8, size=(60, 6, 6, 1)).astype("float32")
    generated = model.generate(60, seed=7)
    assert generated.min() < 0.15  # there is something to clip
    report = gencs.metrics.evaluate(model, real, seed=7)
    clipped = np.clip(generated, 0.2, 0.8)
    assert report == gencs.metrics.evaluate(clipped, real, seed=7)
    assert report != gencs.metrics.evaluate(generated, real, seed=7)


def test_compares_equally_many_pair_by_pair(digits):
    """More images have nearer neighbours: numbers must be made equal first."""

    def report(real, **arguments):
        return gencs.metrics.evaluate(digits[:40], real, row_means, **arguments)

    def row_means(images):
        return images.mean(axis=(2, 3))

    more, as_many = report(digits[100:]), report(digits[100:140])
    fewer = report(digits[100:], pairs=2)
    assert more["nearest_real"] == as_many["nearest_real"]
    assert more["nearest_generated"] < fewer["nearest_generated"]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"images": np.ones((19, 4, 4, 1))}, ValueError, "`images` must hold at least"),
        ({"images": np.full((30, 4, 4, 1), "1")}, TypeError, "`images` must hold"),
        (
            {"model": np.ones((30, 3, 4, 1))},
            ValueError,
            "`model` must have shape",
        ),
        ({"model": np.ones((5, 4, 4, 1))}, ValueError, "`model` must hold at least 20"),
        ({"pairs": 1}, ValueError, "`pairs` must be an integer of at least 2"),
        ({"batch_size": 0}, ValueError, "`batch_size` must be"),
        ({"features": 3}, TypeError, "`features` must be None"),
    ],
)
def test_refuses_bad_arguments(arguments, error, message):
    good = {"model": np.ones((30, 4, 4, 1)), "images": np.ones((30, 4, 4, 1))}
    with pytest.raises(error, match=message):
        gencs.metrics.evaluate(**{**good, **arguments})
