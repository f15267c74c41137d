"""Abduction and counterfactuals of images, where the truth is drawn."""

from functools import partial

import keras
import numpy as np
import pytest

import tf_gencs as gencs
from tests.models.drawing import SIDE, Drawing, controller, patches


@pytest.fixture(scope="module")
def model():
    return Drawing(controller(Male=3))


@pytest.fixture(scope="module")
def people(model):
    """Images, and the noise and labels that they are made of."""
    noise = model.draw_noise(12, seed=1)
    labels = model.controller.sample(12, seed=1)
    return model.generate(z=model.latents(noise, labels)), noise, labels


@pytest.fixture(scope="module")
def explained(model, people):
    return model.abduct(people[0], seed=0, verbose=0)


@pytest.mark.long
def test_abduct_finds_the_noise_and_labels_that_made_images(explained, people):
    x, noise, labels = people
    np.testing.assert_allclose(explained.noise, noise, atol=1e-4)
    assert list(explained.labels) == list(labels)
    for name, states in labels.items():
        np.testing.assert_array_equal(explained.labels[name], states)
    np.testing.assert_allclose(explained.generated, x, atol=1e-4)
    assert explained.measurement_error.max() < 1e-6


def test_counterfactual_draws_the_same_noise_after_the_intervention(
    model, explained, people
):
    x, noise, labels = people
    found = model.counterfactual(explained, {"Male": 2})
    assert (found.labels["Male"] == 2).all()
    np.testing.assert_array_equal(found.labels["Young"], labels["Young"])
    caused = model.controller.counterfactual(labels, {"Male": 2}, seed=0)
    for name, states in caused.items():
        np.testing.assert_array_equal(found.labels[name], states)
    assert any((caused[name] != labels[name]).any() for name in ("Mustache", "Bald"))
    truth = model.generate(z=model.latents(noise, caused))
    np.testing.assert_allclose(found.x, truth, atol=1e-3)
    assert np.abs(found.x - x).max() > 0.1


def test_effects_have_no_say_in_their_causes(model, explained, people):
    """Given a mustache there would be more men; done, everybody stays who they were."""
    _, _, labels = people
    found = model.counterfactual(explained, {"Mustache": 1 - labels["Mustache"]})
    for name in ("Male", "Young", "Bald"):
        np.testing.assert_array_equal(found.labels[name], labels[name])
    read = model.read_labels(found.x)
    np.testing.assert_array_equal(read["Mustache"], 1 - labels["Mustache"])


def test_nothing_done_leaves_images_as_they_were(model, explained, people):
    found = model.counterfactual(explained, {})
    np.testing.assert_allclose(found.x, people[0], atol=1e-5)
    assert repr(found) == (
        "Counterfactual(x: (12, 8, 8, 1), "
        "labels: ['Male', 'Mustache', 'Bald', 'Young'])"
    )


def test_an_abduction_serves_in_place_of_its_images(model, explained, people):
    at_once = model.counterfactual(people[0], {"Male": 0}, seed=0, verbose=0)
    later = model.counterfactual(explained, {"Male": 0})
    np.testing.assert_array_equal(at_once.x, later.x)
    assert "measurement_error" not in repr(explained)


def test_what_is_told_wins_and_wrong_labels_explain_nothing(model, people):
    """The negative control: labels of others, and noise cannot make up for them."""
    x, _, labels = people
    others = {name: np.roll(states, 1) for name, states in labels.items()}
    wrong = model.abduct(x, others, seed=0, verbose=0)
    different = np.any([others[name] != labels[name] for name in labels], axis=0)
    assert different.any()
    assert (wrong.measurement_error > 1)[different].all()
    part = model.abduct(x, {"Bald": others["Bald"]}, seed=0, verbose=0)
    np.testing.assert_array_equal(part.labels["Bald"], others["Bald"])
    np.testing.assert_array_equal(part.labels["Male"], labels["Male"])


@pytest.mark.parametrize("deviation", [True, False])
def test_what_no_noise_explains_stays_or_goes(model, people, deviation):
    x, noise, labels = people
    beyond = patches(SIDE**2)[-1].reshape(SIDE, SIDE, 1)
    pictures = patches(model.latent_dim).reshape(-1, SIDE**2)
    beyond = beyond.ravel() - pictures.T @ (pictures @ beyond.ravel())
    beyond = beyond.reshape(1, SIDE, SIDE, 1)
    do = {"Young": 1}
    found = model.counterfactual(x + beyond, do, seed=0, deviation=deviation, verbose=0)
    caused = model.controller.counterfactual(labels, do, seed=0)
    truth = model.generate(z=model.latents(noise, caused)) + deviation * beyond
    np.testing.assert_allclose(found.x, truth, atol=1e-3)


@pytest.mark.long
def test_a_compiled_penalty_keeps_noise_likely(people):
    model = Drawing(controller(Male=3))
    model.compile(latent_penalty=1.0)
    x, noise, labels = people
    found = model.abduct(x, labels, seed=0, verbose=0)
    # ||noise||^2 + ||noise - truth||^2 is least half way.
    np.testing.assert_allclose(found.noise, noise / 2, atol=1e-2)


def test_searches_are_traced_once(model, people, monkeypatch):
    """For any number of images, whatever their labels."""
    searched = model._noise_search._of_noise
    monkeypatch.setattr(searched, "prepare_search", None)
    model.abduct(people[0][:3], seed=1, verbose=0)


def test_answers_for_no_images(model):
    none = np.zeros((0, SIDE, SIDE, 1), "float32")
    found = model.counterfactual(none, {"Male": 1}, seed=0, verbose=0)
    assert found.x.shape == none.shape
    assert {
        name: len(states) for name, states in found.labels.items()
    } == dict.fromkeys(("Male", "Mustache", "Bald", "Young"), 0)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            {"do": {"Beard": 1}},
            ValueError,
            r"`do` must .*'Beard'",
        ),
        ({"do": {"Male": 3}}, ValueError, r"`do\['Male'\]` must be one of the states"),
        ({"do": {"Male": [1, 2]}}, ValueError, r"`do\['Male'\]` must be .*\(12,\)"),
        ({"do": 1}, TypeError, "`do` must be a dict"),
        ({"x": np.zeros((2, 3, 3, 1))}, ValueError, r"`x` must have shape"),
        ({"x": np.full((2, SIDE, SIDE, 1), 255.0)}, ValueError, "`x` must be in range"),
        ({"labels": [1]}, TypeError, "`labels` must be a dict"),
        ({"labels": {"Beard": [1] * 12}}, ValueError, r"`labels` must .*'Beard'"),
        ({"labels": {"Bald": [1]}}, ValueError, r"`labels\['Bald'\]` must be states"),
        ({"deviation": 1}, ValueError, "`deviation` must be"),
        ({"batch_size": -3}, ValueError, "`batch_size` must be an integer"),
        ({"verbose": 7}, ValueError, "`verbose` must be 'auto', 0, 1 or 2"),
    ],
)
def test_refuses_before_any_search(
    model, people, arguments, error, message, monkeypatch
):
    monkeypatch.setattr(model, "_noise_of", None)
    with pytest.raises(error, match=message):
        model.counterfactual(**{"x": people[0], "do": {"Male": 1}, **arguments})


def test_an_abduction_has_its_own_labels_and_seed(model, explained):
    for name, value in (("seed", 1), ("labels", {}), ("batch_size", -3)):
        with pytest.raises(ValueError, match=f"`{name}` must be None where `x` is"):
            model.counterfactual(explained, {"Male": 1}, **{name: value})


def test_what_was_found_before_is_no_image(model, explained):
    found = model.counterfactual(explained, {"Male": 1})
    for method in (model.abduct, partial(model.counterfactual, do={"Male": 1})):
        with pytest.raises(
            TypeError, match=r"`x` must be images.*`x` and its `factual`"
        ):
            method(found)
    with pytest.raises(TypeError, match=r"`x` must be images.*whose `x` may"):
        model.abduct(explained)


@pytest.mark.slow
def test_a_causal_gan_answers_and_is_saved_as_if_nobody_had_asked(tmp_path):
    cause = controller()
    model = gencs.models.CausalGAN(
        cause, (16, 16, 1), noise_dim=2, width=2, labeler_width=2, seed=0
    )
    x, labels = model.sample(3, seed=0)
    do = {"Bald": 1}
    found = model.counterfactual(x, do, labels, seed=0, verbose=0)
    assert (found.labels["Bald"] == 1).all()
    assert found.x.shape == x.shape
    assert found.factual.measurement_error.max() < 1e-3 * np.sum(x**2, (1, 2, 3)).max()
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    again = loaded.counterfactual(x, do, labels, seed=0, verbose=0)
    np.testing.assert_array_equal(again.x, found.x)
