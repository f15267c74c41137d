"""How far A keeps signals of a model apart."""

import numpy as np
import pytest

import tf_gencs as gencs
from tests.generators import random_generator


def measured(model, matrix, **kwargs):
    settings = {"tangents": 5, "starts": 8, "steps": 100, "draws": 32, "seed": 0}
    return gencs.theory.s_rec(model, matrix, **settings | kwargs)


def test_of_a_linear_generator_all_estimates_are_of_singular_values(
    linear_model, directions, rng
):
    matrix = rng.normal(size=(8, 60))
    gain = np.sum(matrix**2) / 60
    exact = np.linalg.svd(matrix @ directions / np.sqrt(gain), compute_uv=False)
    found = measured(linear_model, matrix, steps=400)
    np.testing.assert_allclose(found.tangents, exact[-1], rtol=1e-6)
    assert exact[-1] * 0.999 <= found.adversarial <= exact[-1] * 1.01
    assert found.adversarial <= found.chords
    pair = linear_model.generate(z=found.worst_pair).reshape(2, -1)
    seen = np.linalg.norm(matrix @ (pair[0] - pair[1])) / np.sqrt(gain)
    ratio = seen / np.linalg.norm(pair[0] - pair[1])
    np.testing.assert_allclose(found.adversarial, ratio, rtol=1e-4)


def test_does_not_depend_on_the_units_of_A(linear_model, rng):
    matrix = rng.normal(size=(8, 60))
    one, other = (measured(linear_model, c * matrix) for c in (1.0, 1e4))
    np.testing.assert_allclose(one.adversarial, other.adversarial, rtol=1e-4)
    np.testing.assert_allclose(one.tangents, other.tangents, rtol=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_finds_the_pair_that_a_planted_null_direction_confuses(seed):
    model = gencs.models.GenerativeModel(random_generator())
    z = model.draw_z(2, 100 + seed)
    d = np.subtract(*model.generate(z=z)).ravel()
    matrix = np.random.default_rng(seed).normal(size=(20, d.size))
    matrix -= np.outer(matrix @ d, d) / (d @ d)
    found = measured(model, matrix, seed=seed, starts=32, steps=300)
    assert found.adversarial < 0.01
    assert found.ambiguous
    assert found.chords > 0.1


def test_fewer_rows_than_tangents_leave_nothing_of_some_difference(linear_model, rng):
    found = measured(linear_model, rng.normal(size=(2, 60)))
    assert found.tangent == 0
    assert found.ambiguous
    assert found.tangent_law is None
    assert found.adversarial_law is None


def test_delta_raises_the_curve(linear_model, rng):
    found = measured(linear_model, rng.normal(size=(8, 60)), noise=0.1)
    (_, without), (delta, with_it) = found.curve
    assert delta > 0
    assert with_it > without


def test_laws_and_ratios_are_printed(linear_model, rng):
    text = str(measured(linear_model, rng.normal(size=(8, 60))))
    assert "law 1-sqrt(k/m) 0.388" in text
    assert "flattering" in text


def test_rejects_what_has_no_such_number(linear_model, rng):
    with pytest.raises(TypeError, match="`A` must be linear"):
        measured(linear_model, lambda x: x[:, 0] ** 2)
    with pytest.raises(TypeError, match="`model` must be a"):
        measured(linear_model.generator, rng.normal(size=(8, 60)))
    with pytest.raises(ValueError, match="must measure something"):
        measured(linear_model, np.zeros((8, 60)))
    masks = gencs.layers.MaskMeasurement(keep=0.5, signals=3)
    with pytest.raises(ValueError, match="one measurement for all signals"):
        measured(linear_model, masks)
