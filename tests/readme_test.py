"""Every snippet of README and of the pages of rooms runs; a page is one program."""

import pathlib
import re

import keras
import numpy as np
import pytest

import tf_gencs as gencs

ROOT = pathlib.Path(__file__).parents[1]


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


def own_generator():
    layers = [keras.Input((4,)), keras.layers.Dense(784, "sigmoid")]
    return keras.Sequential([*layers, keras.layers.Reshape((28, 28, 1))])


def faces(repeats=1):
    return np.repeat(gencs.datasets.face_avatars_samples()[0][:24], repeats, axis=0)


def digits():
    return gencs.datasets.mnist_samples()[0][:8]


# What snippets take that is the reader's.
READERS_OWN = {
    "README.md": lambda: {
        "my_keras_generator": own_generator(),
        "held_out_signals": digits(),
        "my_matrix": np.random.default_rng(0).normal(size=(30, 784)) / 30**0.5,
    },
    "tf_gencs/models/README.md": lambda: {
        "my_keras_generator": own_generator(),
        "held_out_signals": digits(),
        "images": faces(8),
    },
    "tf_gencs/metrics/README.md": lambda: {
        "test_images": faces(),
        "real": digits() * 2 - 1,
        "generated": digits()[::-1] * 2 - 1,
    },
    "tf_gencs/causal/README.md": lambda: {
        "images": faces(),
        "attributes": gencs.datasets.face_avatars_samples()[1][:24],
    },
}
# Networks of full size learn, or a dozen solvers are traced.
SLOW = tuple(
    f"tf_gencs/{room}/README.md" for room in ("models", "solvers", "causal", "theory")
)
PAGES = [
    "README.md",
    *sorted(
        str(page.relative_to(ROOT)) for page in (ROOT / "tf_gencs").glob("*/README.md")
    ),
]


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=pytest.mark.slow if page in SLOW else ())
        for page in PAGES
    ],
)
def test_every_snippet_runs(page, short, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    snippets = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), re.S)
    names = READERS_OWN.get(page, dict)()
    for snippet in snippets:
        if "import grpc" not in snippet:  # a server must be there
            exec(compile(snippet, snippet, "exec"), names)


def test_pages_have_snippets():
    assert len(PAGES) >= 9
    assert sum("```python" in (ROOT / page).read_text() for page in PAGES) >= 8
