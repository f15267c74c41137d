"""What holds of every preset that ships."""

import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs
from tf_gencs.models.presets import shipped

# Held-out images, how many to try, and their lowest value; the highest is 1.
SAMPLES = {
    "mnist": (gencs.datasets.mnist_samples, 8, 0),
    "face_avatars": (gencs.datasets.face_avatars_samples, 3, -1),
}


@pytest.mark.parametrize("name", shipped.names())
def test_comes_with_its_record(name):
    record = shipped.record(name)
    assert record["command"].startswith(f"./scripts/train --family {record['family']} ")
    assert {"seed", "splits", "versions", "metrics"} <= set(record)
    model = gencs.models.GenerativeModel.from_preset(name)
    assert record["metrics"]["representation_error"] == model.representation_error


QUICK = ("mnist_vae", "dcgan_mnist")  # faces take longer


@pytest.mark.long
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name in QUICK else pytest.mark.slow)
        for name in shipped.names()
    ],
)
def test_recovers_held_out_signals(name):
    """A tenth of the measurements come about as near as any G(z) could."""
    model = gencs.models.GenerativeModel.from_preset(name)
    samples, count, lowest = SAMPLES[shipped.record(name)["data"]]
    low, high = model.value_range
    x = tf.image.resize(samples()[0][:count], model.signal_shape[:2], "area").numpy()
    x = low + (high - low) * (x - lowest) / (1 - lowest)
    m = x[0].size // 10
    A = gencs.layers.GaussianMeasurement(m, seed=0)
    noise = np.random.default_rng(0).normal(size=(len(x), m)).astype("float32")
    x_hat = model.recover(A(x) + 0.01 / np.sqrt(m) * noise, A, seed=0, verbose=0)
    assert np.mean((x_hat - x) ** 2) < 1.5 * model.representation_error


def test_stay_small_together():
    files = shipped.root.rglob("*")
    assert sum(path.stat().st_size for path in files) < 40e6
