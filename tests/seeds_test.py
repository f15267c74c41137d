import numpy as np
import pytest
import tensorflow as tf

from tf_gencs import seeds


def test_streams_of_one_seed_are_unrelated():
    draws = [
        tf.random.stateless_normal((2000,), seeds.stream(7, name)).numpy()
        for name in ("starts", "gaussian_measurement", "hadamard_signs", "posterior")
    ]
    correlation = np.corrcoef(draws) - np.eye(len(draws))
    assert np.abs(correlation).max() < 0.1  # sigma is 0.022


def test_steps_of_a_stream_are_unrelated_and_repeat():
    stream = seeds.stream(7, "training")
    at = [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0)]
    draws = [
        tf.random.stateless_normal((2000,), seeds.at_step(stream, *numbers)).numpy()
        for numbers in at
    ]
    correlation = np.corrcoef(draws) - np.eye(len(draws))
    assert np.abs(correlation).max() < 0.1
    again = seeds.at_step(stream, tf.constant(1), tf.constant(0, tf.int64))
    np.testing.assert_array_equal(again, seeds.at_step(stream, 1, 0))


def test_the_same_stream_repeats():
    np.testing.assert_array_equal(seeds.stream(7, "starts"), seeds.stream(7, "starts"))


def test_a_missing_seed_is_drawn():
    assert seeds.resolve(None) != seeds.resolve(None)


def test_takes_integers_of_numpy():
    assert seeds.resolve(np.int64(5)) == 5
    assert seeds.resolve(2**63 - 1) == 2**63 - 1


@pytest.mark.parametrize("seed", [-1, 2**63, 1.0, "1", True, [1]])
def test_rejects_what_is_no_seed(seed):
    with pytest.raises(ValueError, match="`noise_seed` must be None or an integer"):
        seeds.resolve(seed, "noise_seed")
