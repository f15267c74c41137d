"""The page."""

import numpy as np
import pytest

import tf_gencs as gencs
from tests.generators import random_generator

QUICK = {"noise": 0.02, "effort": 0.1, "seed": 0}


@pytest.fixture
def model():
    model = gencs.models.GenerativeModel(random_generator(), value_range=(0, 1))
    model.representation_error = 1e-4
    return model


@pytest.mark.long
def test_the_page_has_every_line_and_the_fields_behind_it(model, capsys, tmp_path):
    A = gencs.layers.GaussianMeasurement(16, seed=0)
    images = model.generate(24, seed=1)
    found = gencs.theory.diagnose(model, A, images=images, y=A(images[:2]), **QUICK)
    page = capsys.readouterr().out
    assert page == f"{found}\n"
    for words in (
        "m=16 of n=36;  G: GenerativeModel, k=4",
        "1   Can two images share one y?",
        f"2   Expected error (MSE/value)   {found.expected_error.total:.4f}",
        "3   More or fewer measurements",
        "4   Better rows for this G       DFT: n max a^2",
        f"found {found.lipschitz.lower:,.4g}, certified {found.lipschitz.upper:,.4g}",
        f"90 % intervals cover {found.coverage.mean:.3f} of values of 12 other images",
        "y                                residual",
    ):
        assert words in page
    assert found.s_rec.adversarial <= found.s_rec.chords
    assert found.covering[0] < found.covering[1]
    assert sorted(found.more) == [4, 8, 32]
    picture = found.draw(tmp_path / "page.png")
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.long
def test_without_images_the_model_is_believed(model):
    A = gencs.layers.MaskMeasurement(keep=0.5, seed=0)
    found = gencs.theory.diagnose(model, A, verbose=0, **QUICK)
    assert found.expected_error.representation == 1e-4
    assert found.uncertainty is None
    assert "need held-out images" in str(found)
    assert found.basis == "pixels"


@pytest.mark.long
def test_units_of_A_do_not_matter(model):
    A = gencs.layers.GaussianMeasurement(16, seed=0)
    one = gencs.theory.diagnose(model, A, verbose=0, **QUICK)
    louder = {**QUICK, "noise": 100 * QUICK["noise"]}
    other = gencs.theory.diagnose(model, 100 * A, verbose=0, **louder)
    for name in ("total", "measurements"):
        np.testing.assert_allclose(
            getattr(one.expected_error, name),
            getattr(other.expected_error, name),
            rtol=1e-3,
        )
    np.testing.assert_allclose(list(one.more.values()), list(other.more.values()))


@pytest.mark.long
def test_rejects_what_it_cannot_judge(model):
    A = gencs.layers.GaussianMeasurement(16, seed=0)
    with pytest.raises(ValueError, match="`images` must hold at least 20"):
        gencs.theory.diagnose(model, A, images=model.generate(4, seed=0))
    with pytest.raises(TypeError, match="`A` must be linear"):
        gencs.theory.diagnose(model, gencs.layers.MagnitudeMeasurement(A))
    with pytest.raises(ValueError, match=r"`path` must end in \.png"):
        gencs.theory.diagnose(model, A, verbose=0, **QUICK).draw("page.txt")
