import json

import numpy as np
import pytest

import tf_gencs as gencs
from tests.generators import random_generator
from tests.models import causal_models


@pytest.fixture(scope="module")
def mnist_vae():
    return gencs.models.VAE.from_preset("mnist_vae")


@pytest.fixture
def folder(tmp_path):
    vae = gencs.models.VAE(3, (8,), (4, 4, 1), seed=0, representation_error=0.02)
    vae.save_to_preset(tmp_path / "preset", record={"command": "none"})
    return tmp_path / "preset"


def test_mnist_vae_is_the_network_of_the_paper(mnist_vae):
    assert mnist_vae.latent_dim == 20
    assert mnist_vae.signal_shape == (28, 28, 1)
    assert mnist_vae.generator.count_params() == 653_784
    assert mnist_vae.encoder.count_params() == 663_040
    assert 0 < mnist_vae.representation_error < 0.0065


def test_mnist_vae_in_float64_generates_the_same(mnist_vae):
    model = gencs.models.VAE.from_preset("mnist_vae", dtype="float64")
    first, second = mnist_vae.generate(4, seed=0), model.generate(4, seed=0)
    assert second.dtype == np.float64
    np.testing.assert_allclose(first, second, atol=1e-4)


def test_the_base_class_loads_every_family():
    model = gencs.models.GenerativeModel.from_preset("mnist_vae")
    assert isinstance(model, gencs.models.VAE)


def test_saves_and_loads_a_folder(folder):
    model = gencs.models.VAE.from_preset(folder)
    again = gencs.models.VAE.from_preset(str(folder))
    assert model.representation_error == 0.02
    assert model.encoder is not None
    np.testing.assert_array_equal(model.generate(3, seed=0), again.generate(3, seed=0))
    assert json.loads((folder / "record.json").read_text()) == {"command": "none"}


def test_leaves_the_optimizer_out(folder, tmp_path):
    trained = gencs.models.VAE.from_preset(folder)
    trained.compile("adam", run_eagerly=True)
    trained.fit(np.zeros((4, 4, 4, 1), "float32"), verbose=0)
    trained.save_to_preset(tmp_path / "trained")
    size = [
        (path / "model.weights.h5").stat().st_size
        for path in (folder, tmp_path / "trained")
    ]
    assert size[0] == size[1]
    loaded = gencs.models.VAE.from_preset(tmp_path / "trained")
    np.testing.assert_array_equal(
        loaded.generate(2, seed=0), trained.generate(2, seed=0)
    )


def test_saves_and_loads_a_generator_of_the_user(tmp_path):
    model = gencs.models.GenerativeModel(random_generator(), value_range=(0, 1))
    model.save_to_preset(tmp_path)
    loaded = gencs.models.GenerativeModel.from_preset(tmp_path)
    np.testing.assert_array_equal(model.generate(3, seed=0), loaded.generate(3, seed=0))
    assert loaded.value_range == (0, 1)


def test_keeps_what_it_knows_about_deviations(tmp_path, rng):
    scale = rng.random((6, 6, 1))
    model = gencs.models.GenerativeModel(
        random_generator(), deviation_basis="dct", deviation_scale=scale
    )
    model.save_to_preset(tmp_path / "preset")
    loaded = gencs.models.GenerativeModel.from_preset(tmp_path / "preset")
    np.testing.assert_array_equal(loaded.deviation_scale, scale.astype("float32"))
    assert repr(loaded.deviation_basis) == "DCT()"


def test_unknown_preset_lists_the_known_ones():
    with pytest.raises(
        ValueError, match=r"`preset` must be one of \[.*'mnist_vae'.*'mnst'"
    ):
        gencs.models.VAE.from_preset("mnst")


def test_rejects_a_preset_of_another_class(tmp_path):
    gencs.models.GenerativeModel(random_generator()).save_to_preset(tmp_path)
    with pytest.raises(
        ValueError, match=r"must hold a VAE.*holds a tf_gencs>GenerativeModel"
    ):
        gencs.models.VAE.from_preset(tmp_path)


@pytest.mark.parametrize("damage", ["cut", "flip", "remove"])
def test_rejects_damaged_weights(folder, damage):
    weights = folder / "model.weights.h5"
    content = bytearray(weights.read_bytes())
    if damage == "cut":
        weights.write_bytes(content[: len(content) // 2])
    elif damage == "flip":
        content[-100] ^= 1
        weights.write_bytes(content)
    else:
        weights.unlink()
    with pytest.raises(ValueError, match=r"missing or damaged.*model\.weights\.h5"):
        gencs.models.VAE.from_preset(folder)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"model": {}}', '{"model": {"config": null}}']
)
def test_rejects_a_damaged_config(folder, text):
    (folder / "config.json").write_text(text)
    with pytest.raises(ValueError, match="config of `preset` is damaged"):
        gencs.models.VAE.from_preset(folder)


@pytest.mark.parametrize("preset", [None, 3, ["mnist_vae"]])
def test_rejects_what_names_no_preset(preset):
    with pytest.raises(TypeError, match="`preset` must be a name or a path"):
        gencs.models.VAE.from_preset(preset)


@pytest.mark.parametrize("name", ["model.keras", "model.weights.h5"])
def test_a_file_of_keras_is_told_what_loads_it(name, tmp_path):
    with pytest.raises(ValueError, match=r"`keras\.saving\.load_model` reads files of"):
        gencs.models.GenerativeModel.from_preset(tmp_path / name)


def test_rejects_weights_that_do_not_fit(folder):
    with pytest.raises(ValueError, match=r"do not fit its config.*latent_dim"):
        gencs.models.VAE.from_preset(folder, latent_dim=5)


@pytest.mark.parametrize(
    ("family", "change"),
    [
        ("vae", {"value_range": (-1, 1)}),
        ("vae", {"latent_prior": "uniform"}),
        ("wrapped", {"value_range": (-1, 1)}),
        ("wrapped", {"generator": random_generator()}),
        ("dcgan", {"value_range": (0, 1)}),
        ("began", {"latent_prior": gencs.priors.NormalPrior()}),
        ("causal_gan", {"value_range": (0, 1)}),
        ("causal_gan", {"controller": causal_models.controller()}),
    ],
)
def test_what_weights_were_trained_for_stays(family, change, tmp_path):
    models = {
        "vae": lambda: gencs.models.VAE(3, (8,), (4, 4, 1), seed=0),
        "wrapped": lambda: gencs.models.GenerativeModel(
            random_generator(), value_range=(0, 1)
        ),
        "dcgan": lambda: gencs.models.DCGAN((8, 8, 1), 3, 2, seed=0),
        "began": lambda: gencs.models.BEGAN((14, 14, 1), 3, 2, seed=0),
        "causal_gan": lambda: causal_models.tiny("causal_gan"),
    }
    model = models[family]()
    model.save_to_preset(tmp_path)
    load = gencs.models.GenerativeModel.from_preset
    (name,) = change
    with pytest.raises(ValueError, match=f"`{name}` must be as in the preset"):
        load(tmp_path, **change)
    same = load(
        tmp_path,
        value_range=list(model.value_range),
        latent_prior=model.latent_prior,
        representation_error=0.5,
    )
    assert same.representation_error == 0.5
    np.testing.assert_array_equal(same.generate(2, seed=0), model.generate(2, seed=0))


def test_rejects_names_that_the_config_does_not_have(folder):
    with pytest.raises(TypeError, match=r"names of the saved config.*\['widht'\]"):
        gencs.models.VAE.from_preset(folder, widht=3)


def test_rejects_a_class_that_nobody_registered(folder):
    config = (folder / "config.json").read_text()
    (folder / "config.json").write_text(config.replace("tf_gencs>VAE", "theirs>VAE"))
    with pytest.raises(ValueError, match="import 'theirs>VAE' first"):
        gencs.models.VAE.from_preset(folder)


def test_an_interrupted_save_leaves_the_old_preset_whole(folder, monkeypatch):
    before = gencs.models.VAE.from_preset(folder).generate(2, seed=0)

    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    model = gencs.models.VAE(3, (8,), (4, 4, 1), seed=1)
    monkeypatch.setattr(gencs.models.VAE, "save_weights", interrupt)
    with pytest.raises(KeyboardInterrupt):
        model.save_to_preset(folder)
    assert sorted(path.name for path in folder.iterdir()) == [
        "config.json",
        "model.weights.h5",
        "record.json",
    ]
    after = gencs.models.VAE.from_preset(folder).generate(2, seed=0)
    np.testing.assert_array_equal(after, before)
