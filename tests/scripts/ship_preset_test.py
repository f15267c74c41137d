"""What a preset ships with: float16, its record with figures of its own, a picture."""

import json

import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs


@pytest.fixture
def ship(script, monkeypatch):
    def faces(split, *, labels=False, data_dir=None, value_range=(-1, 1)):
        found = gencs.datasets.face_avatars_samples(split)
        return tf.data.Dataset.from_tensor_slices(found if labels else found[0])

    monkeypatch.setattr(gencs.datasets, "face_avatars", faces)
    return script("ship_preset").main


@pytest.mark.slow
def test_judges_what_it_writes(ship, tmp_path, capsys):
    model = gencs.models.DCGAN(latent_dim=3, width=2, seed=0)
    model.measure_representation_error(
        gencs.datasets.face_avatars_samples("train")[0][:4], seed=0, verbose=0
    )
    trained, out = tmp_path / "run", tmp_path / "shipped"
    record = {"family": "dcgan", "data": "face_avatars", "seed": 0, "size": None}
    model.save_to_preset(trained, record)
    arguments = [trained, "--name", "faces", "--images", 100, "--inverted", 3]
    arguments += ["--out", out, "--pictures", tmp_path]
    ship(list(map(str, arguments)))

    record = json.loads((out / "faces" / "record.json").read_text())
    assert record["seed"] == 0
    test = record["test"]
    assert json.loads(capsys.readouterr().out.partition("Preset:")[0]) == test
    shipped = gencs.models.DCGAN.from_preset(out / "faces")
    weights = [w.size for w in shipped.generator.get_weights()]
    assert (out / "faces" / "model.weights.h5").stat().st_size < 3 * sum(weights) + 1e5
    # What the training run measured stays, and the figures are of the shipped weights.
    assert shipped.representation_error == model.representation_error
    images = gencs.datasets.face_avatars_samples("test")[0]
    shipped.compile(latent_penalty=0.0)
    x = shipped.invert(images[:3], seed=0, verbose=0).x
    error = np.mean((x - images[:3]) ** 2)
    assert test["representation_error"] == pytest.approx(error, rel=1e-3)
    assert test["generated"]["real_images"] == 100
    assert test["training_images"]["recall"] > test["generated"]["recall"]
    samples = shipped.generate(64, seed=0).reshape(64, -1)
    apart = [
        np.sqrt(np.mean((one - other) ** 2))
        for i, one in enumerate(samples)
        for other in samples[:i]
    ]
    assert test["nearest_samples"] == pytest.approx(min(apart), rel=1e-3)
    labels = gencs.datasets.face_avatars_samples("train")[1]
    for i, name in enumerate(gencs.datasets.FACE_ATTRIBUTES):
        share = test["attributes"][name]["training"]
        assert share == pytest.approx(labels[:, i].mean())
    grid = tf.io.decode_png((tmp_path / "samples_faces.png").read_bytes())
    assert grid.shape == (512, 512, 3)
