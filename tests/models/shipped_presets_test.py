"""The presets in the package: each recovers held-out images, and tells how it came."""

import json
import pathlib

import numpy as np
import pytest

import tf_gencs as gencs

SHIPPED = pathlib.Path(gencs.__file__).parent / "models" / "shipped"
PRESETS = sorted(path.name for path in SHIPPED.iterdir() if path.is_dir())

each = pytest.mark.parametrize("name", PRESETS)


def test_all_presets_together_stay_small():
    sizes = [path.stat().st_size for path in SHIPPED.rglob("*") if path.is_file()]
    assert sum(sizes) < 40e6


@each
def test_a_preset_recovers_held_out_images(name):
    """From a 24th of the values for faces, and an 8th for digits."""
    model = gencs.models.GenerativeModel.from_preset(name)
    if model.signal_shape == (28, 28, 1):
        x, m = gencs.datasets.mnist_samples()[0][:32], 98
    else:
        x, m = gencs.datasets.face_avatars_samples()[0][:4], 500
    A = gencs.layers.GaussianMeasurement(m, seed=0)
    x_hat = model.recover(A(x), A, seed=0, verbose=0)
    assert np.mean((x_hat - x) ** 2) < 0.25 * np.mean((x - x.mean(axis=0)) ** 2)


@each
def test_a_preset_has_a_record(name):
    record = json.loads((SHIPPED / name / "record.json").read_text())
    assert record["command"].startswith("./scripts/train --family ")
    assert record["seed"] == 0
    assert record["data"] in ("mnist", "face_avatars")
    assert record["metrics"]["representation_error"] > 0
