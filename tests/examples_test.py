"""Every public docstring has an example, and each runs."""

import functools
import inspect
import re
import textwrap
import types

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs
from tests.serving import bulk_files

ROOMS = gencs.__all__
QUICK = {"priors", "bases", "callbacks", "images", "ops", "testing"}
RUNS = [
    pytest.param(room, marks=pytest.mark.long if room in QUICK else pytest.mark.slow)
    for room in ROOMS
]


def public(room):
    """Pairs of a name and a docstring, of the classes and functions of a room."""
    module = getattr(gencs, room)
    names = getattr(module, "__all__", None) or dir(module)
    for name in names:
        thing = getattr(module, name)
        if name[0] != "_" and (inspect.isclass(thing) or inspect.isroutine(thing)):
            # That of a class itself, not of the one that it extends.
            own = thing.__dict__.get("__doc__") if inspect.isclass(thing) else None
            own = thing.__doc__ if inspect.isroutine(thing) else own
            yield name, inspect.cleandoc(own or "")


def examples(docstring):
    """Blocks of Python in a docstring."""
    found = re.findall(r"^( *)```python\n(.*?)^\1```", docstring, re.M | re.S)
    return [textwrap.dedent(code) for _, code in found]


@pytest.fixture(scope="module")
def given():
    """What examples take as given, besides imports: a function that makes it."""
    digits = gencs.datasets.mnist_samples()[0]
    model = gencs.models.VAE.from_preset("mnist_vae")
    A = gencs.layers.GaussianMeasurement(100, seed=0)
    faces, attributes = gencs.datasets.face_avatars_samples()
    people = gencs.causal.DiscreteSCM.from_tables(
        {"Male": ([], [0.6, 0.4]), "Mustache": (["Male"], [[1.0, 0.0], [0.7, 0.3]])}
    )
    small = keras.Sequential([keras.Input((2,)), keras.layers.Dense(6)])
    controller = gencs.causal.CausalController(people.graph, people.states, seed=0)
    labels = people.sample(8, seed=0)
    names = {
        "gencs": gencs,
        "keras": keras,
        "np": np,
        "tf": tf,
        "x": digits[:8],
        "images": digits,
        "A": A,
        "y": A(digits[:8]),
        "model": model,
        "generator": model.generator,
        "my_keras_generator": model.generator,
        "new_compiled_model": lambda: model,
        "vae": model,
        "dcgan": gencs.models.DCGAN((28, 28, 1), latent_dim=4, width=4, seed=0),
        "began": gencs.models.BEGAN((28, 28, 1), latent_dim=4, width=4, seed=0),
        "faces": faces[:8],
        "attributes": attributes[:8],
        "people": people,
        "scm": people,
        "graph": people.graph,
        "networkx_digraph": {"Male": []},  # networkx need not be there
        "controller": controller,
        "labels": labels,
        "samples": labels,
        "male": labels["Male"],
        "mustache": labels["Mustache"],
        "metric": gencs.metrics.SlicedWasserstein(),
        "real": digits[:8],
        "generated": digits[8:16],
        "small": gencs.models.GenerativeModel(small),
        "small_A": np.eye(6)[:4],
        "MyMeasurement": gencs.layers.IdentityMeasurement,
    }
    names |= dict.fromkeys(
        ("smiling_women", "neutral_men", "neutral_women"), np.ones((2, 20), "float32")
    )
    of_rooms = {"models": lambda: {"images": faces[:8]}, "defence": attacked}

    def make(room):
        model.compile()
        return names | of_rooms.get(room, dict)()

    return make


@functools.cache
def attacked():
    """What examples of defences take as given: a few digits, which networks know."""
    images, labels = gencs.datasets.mnist_samples()
    # A model of its own, for training a classifier against it holds its weights.
    model = gencs.models.VAE.from_preset("mnist_vae")
    classifier = gencs.metrics.classifier("mnist")
    return {
        "images": images[:4],
        "labels": labels[:4],
        "model": model,
        "vae_of_zeros": model,
        "vae_of_ones": gencs.models.VAE.from_preset("mnist_vae"),
        "classifier": classifier,
        "defence": gencs.defence.InvertAndClassify(model, classifier),
    }


@pytest.fixture
def short(monkeypatch, tmp_path):
    """Training that does nothing, and data sets that would be downloaded or drawn."""
    monkeypatch.chdir(tmp_path)
    # A VAE of digits stands for the model of any images: it checks none of them.
    for kind in (keras.Model, gencs.models.VAE):
        monkeypatch.setattr(kind, "fit", lambda *args, **kwargs: None)
    faces = np.tile(gencs.datasets.face_avatars_samples()[0][:8], (8, 1, 1, 1))
    for name in ("celeb_a", "face_avatars", "fashion_mnist", "image_folder", "mnist"):
        monkeypatch.setattr(gencs.datasets, name, lambda *args, **kwargs: faces)
    split = "split_image_folder"
    monkeypatch.setattr(gencs.datasets, split, lambda *args, **kwargs: (faces, faces))
    # Apache Beam need not be there: what a pipeline would do is done without one.
    pipeline = types.SimpleNamespace(
        load=lambda path: None, run=lambda plan, left, *how: bulk_files.run(plan, left)
    )
    monkeypatch.setattr("tf_gencs.serving.bulk.run._pipeline", lambda: pipeline)


@pytest.mark.parametrize("room", ROOMS)
def test_every_public_docstring_has_an_example(room):
    assert not [name for name, docstring in public(room) if not examples(docstring)]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("room", RUNS)
def test_every_example_runs(room, given, short, capsys):
    ran, wrong = 0, []
    for name, docstring in public(room):
        for code in examples(docstring):
            try:
                exec(compile(code, f"{room}.{name}", "exec"), given(room))
            except Exception as error:
                wrong.append(f"gencs.{room}.{name}: {error!r}")
            ran += 1
    assert ran
    assert not wrong, "\n".join(wrong)
