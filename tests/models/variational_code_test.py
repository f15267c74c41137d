import keras
import numpy as np
import pytest

from tf_gencs.models.variational_code import VariationalCode


def test_passes_codes_as_they_are_without_training():
    code = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
    np.testing.assert_array_equal(VariationalCode(seed=0)(code), code)


def test_noise_has_the_deviation_it_says():
    layer = VariationalCode(mean=0.5, deviation=2.0, seed=0)
    code = np.ones((20_000, 3), "float32")
    layer(code)
    layer.log_deviation.assign([-2.0, -1.0, 0.0])
    noise = layer(code, training=True) - 1.0
    np.testing.assert_allclose(layer.noise_deviation(), 2 * np.exp([-2.0, -1.0, 0.0]))
    np.testing.assert_allclose(
        np.std(noise, axis=0), layer.noise_deviation(), rtol=0.03
    )
    np.testing.assert_allclose(np.mean(noise, axis=0), 0, atol=0.06)


def test_loss_is_the_divergence_from_the_prior():
    """The mean of log q - log p over draws from q."""
    mean, deviation, weight = 0.5, 2.0, 0.1
    layer = VariationalCode(mean, deviation, weight, seed=0)
    code = np.array([[1.0, -0.5]], "float32")
    layer(code)
    layer.log_deviation.assign([-1.0, 0.2])
    layer(code, training=True)
    spread = np.array(layer.noise_deviation())
    z = code + spread * np.random.default_rng(0).normal(size=(200_000, 2))

    def log_density(x, mean, deviation):
        return np.sum(-0.5 * ((x - mean) / deviation) ** 2 - np.log(deviation), axis=-1)

    ratio = log_density(z, code, spread) - log_density(z, mean, np.full(2, deviation))
    assert float(layer.losses[-1]) == pytest.approx(weight * ratio.mean(), rel=0.02)


def test_noise_follows_from_the_seed_and_the_step(tmp_path):
    """Training that goes on from a file draws what it would have drawn."""
    x = keras.Input((3,))
    model = keras.Model(x, VariationalCode(seed=5)(x))
    code = np.zeros((2, 3), "float32")
    first = model(code, training=True)
    model.save(tmp_path / "model.keras")
    second = model(code, training=True)
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again(code, training=True), second)
    assert np.all(first != second)


@pytest.mark.parametrize(
    ("argument", "value"), [("deviation", 0.0), ("weight", -1.0), ("mean", "none")]
)
def test_rejects_wrong_settings(argument, value):
    with pytest.raises(ValueError, match=f"`{argument}` must"):
        VariationalCode(**{argument: value})
