import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs
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


@pytest.mark.long
def test_one_call_of_keras_makes_a_script_reproducible():
    def script():
        keras.utils.set_random_seed(3)
        images = np.random.rand(8, 6, 6, 1).astype("float32")  # noqa: NPY002
        model = gencs.models.VAE(3, hidden=(8,), signal_shape=(6, 6, 1))
        model.compile(run_eagerly=True)
        model.fit(images, batch_size=4, verbose=0)
        A = gencs.layers.RademacherMeasurement(10)
        y = gencs.layers.AdditiveNoise(0.1)(A(images))
        model.compile(solver=gencs.solvers.Adam(steps=3, restarts=2))
        return model.get_weights(), model.generate(2), model.recover(y, A, verbose=0)

    first, second = tf.nest.flatten(script()), tf.nest.flatten(script())
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("family", ["VAE", "DCGAN", "BEGAN"])
def test_the_seed_of_a_model_alone_decides_its_first_weights(family):
    def weights(seed):
        model = getattr(gencs.models, family)
        return model(signal_shape=(14, 14, 1), seed=seed).get_weights()

    first = weights(5)
    keras.utils.set_random_seed(99)
    for one, other in zip(first, weights(5), strict=True):
        np.testing.assert_array_equal(one, other)
    # Zeros and ones, biases and such, are those of every seed; layers of one network
    # and networks of one model share no values.
    drawn = [w.ravel()[:4] for w in first if np.unique(w).size > 4]
    assert len(np.unique(np.concatenate(drawn))) == 4 * len(drawn)
    kernel = next(i for i, w in enumerate(first) if np.unique(w).size > 4)
    assert not np.array_equal(first[kernel], weights(6)[kernel])


def test_takes_integers_of_numpy():
    assert seeds.resolve(np.int64(5)) == 5
    assert seeds.resolve(2**63 - 1) == 2**63 - 1


@pytest.mark.parametrize("seed", [-1, 2**63, 1.0, "1", True, [1]])
def test_rejects_what_is_no_seed(seed):
    with pytest.raises(ValueError, match="`noise_seed` must be None or an integer"):
        seeds.resolve(seed, "noise_seed")


def test_seeds_of_signals_may_begin_anywhere_and_names_have_their_own():
    whole = seeds.of_signals(7, 10)
    np.testing.assert_array_equal(seeds.of_signals(7, 4, first=6), whole[6:])
    named = {seeds.named(seed, name) for seed in (0, 1) for name in ("a", "b")}
    assert len(named) == 4
    assert all(0 <= seed < 2**63 for seed in named)
