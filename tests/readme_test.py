"""Every snippet of README runs, in its order, as one program."""

import pathlib
import re

import keras
import numpy as np
import pytest

import tf_gencs as gencs

README = pathlib.Path(__file__).parents[1] / "README.md"


@pytest.fixture
def short(monkeypatch):
    """Training of one small step; data sets that would be drawn or downloaded."""
    fit = keras.Model.fit

    def one_step(self, x=None, y=None, **kwargs):
        kwargs |= {"epochs": 1, "steps_per_epoch": 1, "batch_size": 2, "verbose": 0}
        for callback in kwargs.get("callbacks") or ():
            callback.every = 1
        return fit(self, x, y, **kwargs)

    monkeypatch.setattr(keras.Model, "fit", one_step)
    for name in ("celeb_a", "face_avatars", "fashion_mnist", "image_folder", "mnist"):
        monkeypatch.setattr(gencs.datasets, name, lambda *args, **kwargs: None)


def readers_own():
    """What snippets take that is the reader's, by a word that only they have."""
    faces = gencs.datasets.face_avatars_samples()[0][:24]
    digits = gencs.datasets.mnist_samples()[0][:8]
    layers = [keras.Input((4,)), keras.layers.Dense(784, "sigmoid")]
    generator = keras.Sequential([*layers, keras.layers.Reshape((28, 28, 1))])
    z = np.random.default_rng(0).normal(size=(5, 2, 20)).astype("float32")
    return {
        "my_keras_generator": {
            "images": faces,
            "my_keras_generator": generator,
            "held_out_signals": digits,
        },
        "training_batches": {"images": np.repeat(faces, 8, axis=0)},
        "FrechetDistance": {
            "test_images": faces,
            "real": digits * 2 - 1,
            "generated": digits[::-1] * 2 - 1,
        },
        'save_to_preset("my_preset")': {
            "model": gencs.models.VAE.from_preset("mnist_vae"),
            "images": digits,
            "training_images": digits,
            **dict(zip(("z_from", "z_to", "a", "b", "c"), z, strict=True)),
        },
    }


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
def test_every_snippet_runs(short, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    snippets = re.findall(r"```python\n(.*?)```", README.read_text(), re.S)
    assert len(snippets) >= 9
    names, given = {}, readers_own()
    for snippet in snippets:
        for word, values in given.items():
            if word in snippet:
                names |= values
        exec(compile(snippet, snippet, "exec"), names)
