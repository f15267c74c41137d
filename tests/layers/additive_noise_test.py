"""Measurement noise from a seed of its own."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_gencs import layers


def test_gaussian_noise_has_the_standard_deviation_asked_for():
    y = tf.ones((200, 500))
    noise = (layers.AdditiveNoise(0.1, seed=0)(y) - y).numpy()
    assert abs(noise.mean()) < 2e-3
    assert noise.std() == pytest.approx(0.1, rel=0.01)
    assert abs(np.corrcoef(noise[0], noise[1])[0, 1]) < 0.2


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_poisson_noise_has_the_mean_and_variance_of_counts(dtype):
    y = tf.constant(np.repeat([[0.0, 0.5, 2.0]], 50_000, axis=0), dtype)
    noisy = layers.AdditiveNoise(photons=20, seed=0, dtype=dtype)(y).numpy()
    np.testing.assert_allclose(noisy.mean(axis=0), [0, 0.5, 2], atol=0.01)
    np.testing.assert_allclose(noisy.var(axis=0), [0, 0.025, 0.1], rtol=0.05)
    np.testing.assert_allclose(noisy * 20, np.round(noisy * 20), atol=1e-4)


@pytest.mark.parametrize("kind", [{"noise": 0.1}, {"photons": 10.0}])
def test_seeds_decide_the_noise(kind):
    y = tf.ones((4, 6))
    noise, twin = (layers.AdditiveNoise(seed=1, **kind) for _ in range(2))
    np.testing.assert_array_equal(noise(y), twin(y))
    assert np.any(noise(y) != noise(y, seed=2))
    np.testing.assert_array_equal(
        noise(y, seed=2), layers.AdditiveNoise(seed=2, **kind)(y)
    )
    drawn = layers.AdditiveNoise(**kind)
    again = layers.AdditiveNoise.from_config(drawn.get_config())
    np.testing.assert_array_equal(drawn(y), again(y))


def test_noise_of_a_row_does_not_depend_on_the_rows_after_it():
    two, five = (
        layers.AdditiveNoise(0.1, seed=1)(tf.ones((rows, 7))) for rows in (2, 5)
    )
    np.testing.assert_array_equal(two, five[:2])


@pytest.mark.parametrize("kind", [{"noise": 0.1}, {"photons": 10.0}])
def test_every_call_and_every_batch_has_noise_of_its_own_that_can_be_made_again(kind):
    def predict():
        model = keras.Sequential(
            [keras.Input((7,)), layers.AdditiveNoise(seed=1, **kind)]
        )
        return model.predict(np.ones((6, 7), "float32"), batch_size=2, verbose=0)

    noisy = predict()
    assert len(np.unique(noisy.reshape(3, -1), axis=0)) == 3
    np.testing.assert_array_equal(noisy, predict())
    mapped = tf.data.Dataset.from_tensors(tf.ones((2, 7))).repeat(3)
    mapped = mapped.map(layers.AdditiveNoise(seed=1, **kind))
    np.testing.assert_allclose(np.concatenate(list(mapped)), noisy, rtol=1e-6)


def test_a_reloaded_model_goes_on_where_it_was_and_files_of_0_1_0_begin(tmp_path):
    model = keras.Sequential([keras.Input((7,)), layers.AdditiveNoise(0.1, seed=3)])
    y = tf.ones((2, 7))
    first = model(y)
    model.save(tmp_path / "model.keras")
    reloaded = keras.saving.load_model(tmp_path / "model.keras")
    second = reloaded(y)
    np.testing.assert_array_equal(second, model(y))
    assert np.any(second != first)
    reloaded.layers[0].load_own_variables({})


def test_noise_inside_of_a_measurement_stands_still_while_it_recovers():
    noise = layers.AdditiveNoise(0.1, seed=0)
    A = layers.as_measurement(lambda x: noise(tf.reshape(x, (-1, 36))), (6, 6, 1))
    A.build((None, 6, 6, 1))
    structure = A.structure
    assert int(noise.calls) == 0
    assert structure == A.structure
    x = tf.ones((1, 6, 6, 1))
    for _ in range(2):
        with A.lend(A.values):  # as every evaluation of an objective does
            still = A(x)
        np.testing.assert_array_equal(still, 1 + noise(tf.zeros((1, 36)), seed=0))
    assert np.any(A(x) != A(x))


@pytest.mark.parametrize("kind", [{"noise": 0.1}, {"photons": 10.0}])
def test_claims_no_xla_where_it_would_draw_other_noise(kind):
    noise = layers.AdditiveNoise(**kind)
    model = keras.Sequential([keras.Input((7,)), noise])
    model.compile(loss="mse", jit_compile="auto")
    assert not noise.supports_jit
    assert not model.jit_compile
    inner = layers.as_measurement(model, (7,))
    assert not inner.supports_jit


def test_noise_does_not_repeat_the_matrix_of_the_same_seed():
    A = layers.GaussianMeasurement(20, seed=0)
    A.build((None, 30, 1, 1))
    noise = layers.AdditiveNoise(1.0, seed=0)(tf.zeros((20, 30))).numpy()
    matrix = A.to_dense().numpy() * np.sqrt(20)
    assert abs(np.corrcoef(noise.ravel(), matrix.ravel())[0, 1]) < 0.15


def test_survives_a_keras_file_and_a_saved_model(tmp_path):
    model = keras.Sequential([keras.Input((7,)), layers.AdditiveNoise(0.1)])
    y = tf.ones((2, 7))
    model.save(tmp_path / "model.keras")
    reloaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(reloaded(y), model(y))
    model.export(tmp_path / "exported", verbose=False)
    exported = tf.saved_model.load(tmp_path / "exported")
    np.testing.assert_allclose(exported.serve(y), model(y), rtol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({}, "Either `noise`"),
        ({"noise": 0.1, "photons": 3}, "Either `noise`"),
        ({"noise": -0.1}, "`noise` must be a finite number at least 0"),
        ({"noise": True}, "`noise` must be a finite"),
        ({"noise": False}, "`noise` must be a finite"),
        ({"noise": ""}, "`noise` must be a finite"),
        ({"photons": 0}, "`photons` must be a finite number above 0"),
        ({"noise": 0.1, "seed": -1}, "`seed` must be"),
    ],
)
def test_rejects(arguments, match):
    with pytest.raises(ValueError, match=match):
        layers.AdditiveNoise(**arguments)


def test_rejects_text():
    with pytest.raises(TypeError, match=r"`y` must hold real numbers.*string"):
        layers.AdditiveNoise(0.1)(tf.fill((2, 3), "a"))


def test_no_noise_changes_nothing():
    np.testing.assert_array_equal(layers.AdditiveNoise(0)(tf.ones((2, 3))), 1)


def test_nan_and_infinity_stay_what_they_are():
    y = tf.constant([[np.nan, np.inf, 1.0]])
    noisy = layers.AdditiveNoise(photons=10, seed=0)(y).numpy()
    assert np.isnan(noisy[0, 0])
    assert np.isinf(noisy[0, 1])
    assert np.isfinite(noisy[0, 2])


def test_half_precision_counts_many_photons():
    y = tf.ones((1, 100), tf.float16)
    noisy = layers.AdditiveNoise(photons=1e5, seed=0, dtype="float16")(y)
    np.testing.assert_allclose(noisy, 1, atol=0.05)


@pytest.mark.parametrize("kind", [{"noise": 0.1}, {"photons": 10.0}])
def test_a_graph_may_draw_new_noise_in_each_step(kind):
    noise = layers.AdditiveNoise(seed=0, **kind)
    y = tf.ones((2, 5))
    graph = tf.function(lambda step: noise(y, seed=step))
    np.testing.assert_allclose(graph(tf.constant(3)), noise(y, seed=3))
    assert np.any(graph(tf.constant(4)) != graph(tf.constant(3)))


@pytest.mark.parametrize("kind", [{"noise": 0.1}, {"photons": 10.0}])
def test_gradient_passes_through(kind):
    y = tf.ones((2, 5))
    with tf.GradientTape() as tape:
        tape.watch(y)
        noisy = layers.AdditiveNoise(seed=0, **kind)(y)
    np.testing.assert_array_equal(tape.gradient(noisy, y), 1)


@pytest.mark.parametrize("seed", [-1, True, 1.5, "a", 2**64])
def test_rejects_a_wrong_seed_in_the_call(seed):
    with pytest.raises(ValueError, match="`seed` must be"):
        layers.AdditiveNoise(0.1)(tf.ones((2, 3)), seed=seed)
