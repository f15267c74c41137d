"""Every example runs, in its small form; the figures that it prints are not judged."""

import importlib
import pathlib
import re
import subprocess

import numpy as np
import pytest

import tf_gencs as gencs
from tf_gencs.models import CausalGAN

SCRIPTS = pathlib.Path(__file__).parents[2] / "scripts"
NAMES = sorted(
    path.stem for path in (SCRIPTS / "examples").glob("*.py") if path.stem != "example"
)
# Of faces, which take longest; those that differ from another by a line; those whose
# parts have tests of their own.
SLOW = (
    *("counterfactual", "detector", "mixture"),
    *("deblurring", "denoising", "inpainting", "super_resolution"),
    *("inversion", "invert_and_classify", "nonlinear", "outliers"),
)


@pytest.fixture
def example(monkeypatch):
    """The module that examples share, with less work to do."""
    monkeypatch.syspath_prepend(str(SCRIPTS))
    monkeypatch.syspath_prepend(str(SCRIPTS / "examples"))
    example = importlib.import_module("example")
    for name, smaller in (
        ("tuned_lasso", {"digits": 2}),
        ("digit_classifier", {"copies": 2}),
        ("search_pixels", {"steps": 5}),
    ):
        full = getattr(example, name)
        monkeypatch.setattr(
            example,
            name,
            lambda *a, full=full, less=smaller, **k: full(*a, **{**k, **less}),
        )
    monkeypatch.setattr(gencs.models, "CausalGAN", SmallCausalGAN)
    return example


class SmallCausalGAN:
    """In place of the preset one whose searches are short: it draws no faces."""

    @staticmethod
    def from_preset(name):
        assert name == "causal_gan_face_avatars_64"
        faces = gencs.datasets.FACE_UNSEEN_CAUSAL_MODEL
        graph = gencs.causal.DiscreteSCM.from_tables(faces).graph
        controller = gencs.causal.CausalController(graph, seed=0)
        return CausalGAN(controller, noise_dim=2, width=2, labeler_width=2, seed=0)


@pytest.mark.long
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow if name in SLOW else ())
        for name in NAMES
    ],
)
def test_example_prints_errors_and_draws(name, example, tmp_path, capsys):
    picture = tmp_path / "picture.png"
    main = importlib.import_module(name).main
    main(["--signals", "4", "--picture", str(picture)])
    output = capsys.readouterr().out
    rows = re.findall(r"^(\S.*?) {2,}(\d\.\d{4}) +(-?\d+\.\d) dB", output, re.M)
    methods = [method for method, _, _ in rows]
    assert len(methods) >= 2
    assert any(method.startswith("tf_gencs") for method in methods)
    assert not all(method.startswith("tf_gencs") for method in methods)
    assert all(0 <= float(mse) < 1 for _, mse, _ in rows)
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert 2_000 < picture.stat().st_size < 60_000


def test_every_example_has_a_line_a_picture_and_a_row_in_the_readme():
    listed = subprocess.run(
        [SCRIPTS / "example"], capture_output=True, text=True, check=True
    ).stdout
    readme = (SCRIPTS.parent / "README.md").read_text()
    assert re.findall(r"^  (\w+) ", listed, re.M) == re.findall(
        r"`./scripts/example (\w+)` \|", readme
    )
    for name in NAMES:
        assert f"\n  {name} " in listed
        assert f"scripts/pictures/{name}.png" in readme
        assert (SCRIPTS / "pictures" / f"{name}.png").stat().st_size < 60_000


def test_examples_are_short_enough_to_copy():
    for name in NAMES:
        lines = (SCRIPTS / "examples" / f"{name}.py").read_text().splitlines()
        assert len(lines) < 60, name


def test_unknown_example_is_refused_with_the_list():
    done = subprocess.run([SCRIPTS / "example", "foo"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "no example 'foo'" in done.stderr
    assert "inpainting" in done.stderr


@pytest.mark.parametrize("count", ["0", "301"])
def test_example_rejects_more_digits_than_there_are(count, example, capsys):
    with pytest.raises(SystemExit, match="2"):
        importlib.import_module("inversion").main(["--signals", count])
    expected = f"--signals must be from 1 to 300. Received: {count}"
    assert expected in capsys.readouterr().err


def test_search_over_pixels_finds_the_image_that_it_is_asked_for(monkeypatch, rng):
    monkeypatch.syspath_prepend(str(SCRIPTS))
    monkeypatch.syspath_prepend(str(SCRIPTS / "examples"))
    example = importlib.import_module("example")
    x = rng.uniform(size=(2, 4, 4, 1)).astype("float32")
    found = example.search_pixels(lambda z: (z - x) ** 2, np.full_like(x, 0.5))
    np.testing.assert_allclose(found, x, atol=1e-2)
