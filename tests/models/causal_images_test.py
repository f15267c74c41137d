"""What CausalGAN and CausalBEGAN share: labels by name, do and given, latents."""

from functools import partial

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs
from tests.models.causal_models import (
    CLASSES,
    NAMES,
    SHAPES,
    controller,
    images,
    labels,
    tiny,
)

EAGER = {"run_eagerly": True}
both = pytest.mark.parametrize("family", CLASSES)
CLEAR = np.log(0.7 / 0.3)


@both
def test_do_on_a_root_is_given_on_it_to_the_bit(family):
    model = tiny(family)
    done, given = (
        model.sample(6, **{how: {"Male": 1}}, seed=4) for how in ("do", "given")
    )
    np.testing.assert_array_equal(done[0], given[0])
    for name in NAMES:
        np.testing.assert_array_equal(done[1][name], given[1][name])


@both
def test_what_is_not_caused_stays_under_do(family):
    model = tiny(family)
    plain, seen = model.sample(40, seed=4)
    changed, labelled = model.sample(40, do={"Mustache": 1}, seed=4)
    np.testing.assert_array_equal(seen["Male"], labelled["Male"])
    assert set(labelled["Mustache"]) == {1}
    same = seen["Mustache"] == 1
    assert 0 < same.sum() < 40
    np.testing.assert_array_equal(plain[same], changed[same])
    assert np.all(np.any(plain[~same] != changed[~same], axis=(1, 2, 3)))


@both
def test_generate_draws_what_was_observed(family):
    model = tiny(family)
    x, named = model.sample(5, seed=3)
    np.testing.assert_array_equal(model.generate(5, seed=3), x)
    noise, read = model.split_latents(model.draw_z(5, 3))
    np.testing.assert_array_equal(noise, model.draw_noise(5, 3))
    for name in NAMES:
        assert named[name].dtype == read[name].dtype == "int32"
        np.testing.assert_array_equal(named[name], read[name])


def test_latents_are_noise_and_then_the_logits_of_labels():
    model = tiny("causal_gan")
    noise = np.arange(9.0, dtype="float32").reshape(3, 3)
    z = model.latents(noise, {"Mustache": [0, 1, 0.5], "Male": [1, 0, 0]})
    assert z.dtype == "float32"
    np.testing.assert_array_equal(z[:, :3], noise)
    logits = [[CLEAR, -CLEAR], [-CLEAR, CLEAR], [-CLEAR, 0]]
    np.testing.assert_allclose(z[:, 3:], logits, atol=1e-6)


def test_labels_of_more_states_are_a_column_a_state():
    of = controller({"Male": 2, "Mustache": 3})
    model = tiny("causal_gan", of=of)
    assert model.latent_dim == 3 + 1 + 3
    named = {"Male": np.array([0, 1]), "Mustache": np.array([2, 0])}
    z = model.latents(np.zeros((2, 3)), named)
    expected = CLEAR * np.array([[-1, -1, -1, 1], [1, 1, -1, -1]])
    np.testing.assert_allclose(z[:, 3:], expected, atol=1e-6)
    for name in NAMES:
        np.testing.assert_array_equal(model.split_latents(z)[1][name], named[name])
    x = images("causal_gan", {"Male": named["Male"], "Mustache": named["Male"]})
    model.compile(**EAGER)
    model.fit(x, named, verbose=0)
    with pytest.raises(ValueError, match=r"`y\['Mustache'\]` must be states in 0..2"):
        model.fit(x, {**named, "Mustache": [3, 0]}, verbose=0)


@pytest.mark.long
@both
def test_fixed_labels_leave_a_model_of_the_others(family):
    model = tiny(family)
    fixed = model.with_labels({"Mustache": 1})
    assert fixed.latent_dim == 4
    z = fixed.draw_z(2, 0)
    named = {"Male": [0, 0], "Mustache": [1, 1]}
    whole = model.latents(z[:, :3], named)
    whole[:, 3] = z[:, 3]
    np.testing.assert_array_equal(fixed.generate(z=z), model.generate(z=whole))
    fixed.compile(solver=gencs.solvers.Adam(0.1, steps=3, restarts=1), **EAGER)
    A = gencs.layers.GaussianMeasurement(5, seed=0)
    found = fixed.recover(A(fixed.generate(z=z)), A, seed=0, verbose=0)
    assert found.shape == (2, *SHAPES[family])
    assert model.with_labels(dict.fromkeys(NAMES, 0)).latent_dim == 3
    with pytest.raises(ValueError, match="Mustach"):
        model.with_labels({"Mustach": 1})
    with pytest.raises(ValueError, match=r"`labels\['Male'\]` must be one of"):
        model.with_labels({"Male": 2})
    for wrong in (["Male"], None, "Male"):
        with pytest.raises(TypeError, match="`labels` must be a dict from nodes"):
            model.with_labels(wrong)


@pytest.mark.long
def test_recovers_noise_and_labels_together():
    model = tiny("causal_gan")
    x = model.sample(2, seed=1)[0]
    model.compile(solver=gencs.solvers.Adam(0.1, steps=3, restarts=1), **EAGER)
    result = model.invert(x, seed=0, verbose=0)
    assert result.z.shape == (2, 5)
    noise, named = model.split_latents(result.z)
    assert noise.shape == (2, 3)
    assert set(named) == set(NAMES)


@pytest.mark.long
def test_labels_go_by_name_whatever_holds_them():
    family = "causal_gan"
    named = labels(16)
    x = images(family, named)
    rows = np.stack([named["Mustache"], named["Male"]], axis=1)

    def dataset(y):
        return tf.data.Dataset.from_tensor_slices((x, y)).batch(8)

    backwards = {"Mustache": named["Mustache"], "Other": rows, "Male": named["Male"]}
    order = ("Mustache", "Male")
    trained = []
    for arguments, names in [
        ((x, named), None),
        ((x, backwards), None),
        ((x, rows), order),
        ((dataset(named),), None),
        ((dataset(rows),), order),
    ]:
        model = tiny(family)
        model.compile(**EAGER)
        in_memory = {"batch_size": 8} if len(arguments) == 2 else {}
        model.fit(*arguments, label_names=names, shuffle=False, verbose=0, **in_memory)
        trained.append(model.get_weights())
    found = model.evaluate(dataset(rows), label_names=order, verbose=0)
    assert np.isfinite(found).all()
    for other in trained[1:]:
        for a, b in zip(trained[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.long
@both
def test_refuses_labels_that_are_missing_or_wrong(family):
    model = tiny(family)
    model.compile(**EAGER)
    named = labels(8)
    x = images(family, named)
    rows = np.stack(list(named.values()), axis=1)
    pairs = tf.data.Dataset.from_tensor_slices
    for arguments, message in [
        ((x,), "`y` must be a dict of arrays or a DataFrame.*Received: None"),
        ((x, rows), "by name, never by place"),
        ((pairs(x).batch(8),), "images and dicts of labels"),
        ((pairs((x, rows)).batch(8),), "`label_names` says which column is which"),
        (((pair for pair in [(x, named)]),), "`tf.data.Dataset.from_generator` makes"),
        ((iter(pairs((x, named)).batch(8)),), "a dataset itself"),
        ((None, named), "`x` must be an array of images.*None"),
    ]:
        with pytest.raises(TypeError, match=message):
            model.fit(*arguments, shuffle=False, verbose=0)
    for wrong, message in [
        ({"Male": named["Male"], "Mustach": named["Male"]}, "mean 'Mustach'"),
        ({**named, "Male": named["Male"] + 1}, r"`y\['Male'\]` must be states in 0..1"),
        ({**named, "Male": named["Male"] - 0.5}, r"`y\['Male'\]` must be states"),
    ]:
        with pytest.raises(ValueError, match=message):
            model.fit(x, wrong, verbose=0)
        data = pairs((x, wrong)).batch(8)
        for method in (model.fit_labeler, partial(model.fit, shuffle=False)):
            with pytest.raises(ValueError, match=r"^`labels.*Mal?"):
                method(data, verbose=0)
    with pytest.raises(ValueError, match=r"shape \(n, 3\)"):
        model.fit(x, rows, label_names=("Male", "Mustache", "Bald"), verbose=0)
    with pytest.raises(TypeError, match="`y` must be a dict of labels"):
        model.train_on_batch(x)
    with pytest.raises(ValueError, match=r"^`labels\[Male\]` must hold states.*\[[23]"):
        model.train_on_batch(x, {**named, "Male": named["Male"] + 2})
    assert int(model.training_steps) == 0


@pytest.mark.parametrize(
    ("names", "error", "message"),
    [
        (2, TypeError, "`label_names` must be a list of names. Received: 2"),
        ("Male", TypeError, "`label_names` must be a list of names. Received: 'Male'"),
        (("Male", "Male"), ValueError, r"`label_names` must hold each name once"),
    ],
)
def test_refuses_odd_names_of_columns(names, error, message):
    named, model = labels(8), tiny("causal_gan")
    x, rows = images("causal_gan", named), np.stack(list(named.values()), axis=1)
    data = tf.data.Dataset.from_tensor_slices((x, rows)).batch(4)
    for arguments in ((x, rows), (data,)):
        for method in (model.fit, model.evaluate, model.fit_labeler):
            with pytest.raises(error, match=message):
                method(*arguments, label_names=names, verbose=0)


def test_labels_are_whole_and_as_many_as_images():
    named, model = labels(8), tiny("causal_gan")
    x, rows = images("causal_gan", named), np.stack(list(named.values()), axis=1)
    pairs = tf.data.Dataset.from_tensor_slices
    tuples = pairs((x, tuple(named.values()))).batch(4)
    masked = np.ma.masked_array(rows, rows > 0)
    batches = pairs((x, named)).batch(4)
    for arguments, error, message in [
        ((x, masked), ValueError, "`y` must have no masked values"),
        ((np.ma.masked_array(x, x > 0), named), TypeError, "`x` must have no masked"),
        ((tuples,), TypeError, "dicts of labels by name.*Received: a dataset of"),
        ((x, labels(5)), ValueError, "`y` must hold labels of as many images.*8.*5"),
        ((batches, named), ValueError, "`y` must be None where `x` is a dataset"),
    ]:
        for method in (model.fit, model.evaluate, model.fit_labeler):
            with pytest.raises(error, match=message):
                method(*arguments, label_names=NAMES, verbose=0)
    with pytest.raises(ValueError, match="`validation_data` must hold labels of as"):
        model.fit(x, named, validation_data=(x, labels(5)), verbose=0)
    for method in (model.fit, model.fit_labeler):
        with pytest.raises(ValueError, match="`batch_size` must be an integer of at"):
            method(x, named, batch_size=0, verbose=0)
    with pytest.raises(ValueError, match=r"`labels\['Mustache'\]`.*\(2,\).*\(3,\)"):
        model.latents(np.zeros((2, 3)), {"Male": [0, 1], "Mustache": [0, 1, 1]})


def test_fit_warns_of_a_controller_that_was_never_trained():
    named, of = labels(8), controller()
    of.training_steps.assign(0)
    model = tiny("causal_gan", of=of)
    model.compile(**EAGER)
    with pytest.warns(UserWarning, match="`controller` was never trained") as warned:
        model.fit(images("causal_gan", named), named, epochs=2, verbose=0)
    assert len(warned) == 1


@both
def test_the_controller_stays_as_it_is_and_the_labeler_where_it_is_told(family):
    model = tiny(family)
    named = labels(8)
    before = [part.get_weights() for part in (model.controller, model.labeler)]
    for train in (False, True):
        model.compile(train_labeler=train, **EAGER)
        model.fit(images(family, named), named, batch_size=8, verbose=0)
        for part, weights in zip(
            (model.controller, model.labeler), before, strict=True
        ):
            moved = any(map(np.any, map(np.not_equal, part.get_weights(), weights)))
            assert moved == (train and part is model.labeler)


@pytest.mark.long
@both
def test_files_and_presets_hold_all_that_samples(family, tmp_path):
    model = tiny(family)
    model.controller.compile(run_eagerly=True)
    model.controller.fit(labels(64), epochs=1, steps_per_epoch=1, verbose=0)
    x, named = model.sample(4, do={"Mustache": 1}, seed=2)
    read = model.read_labels(x)
    model.save(tmp_path / "model.keras")
    model.save_to_preset(tmp_path / "preset")
    for loaded in (
        keras.saving.load_model(tmp_path / "model.keras"),
        CLASSES[family].from_preset(tmp_path / "preset"),
    ):
        again, labelled = loaded.sample(4, do={"Mustache": 1}, seed=2)
        np.testing.assert_array_equal(again, x)
        for name in NAMES:
            np.testing.assert_array_equal(labelled[name], named[name])
            np.testing.assert_array_equal(loaded.read_labels(x)[name], read[name])


@pytest.mark.long
@pytest.mark.filterwarnings("ignore:Your input ran out of data")  # how Keras counts one
def test_noise_for_a_labeler_is_new_at_each_step_whatever_the_data(monkeypatch):
    named = labels(64)
    x = images("causal_gan", named)
    data = tf.data.Dataset.from_tensor_slices((x, named)).batch(32)
    sgd = keras.optimizers.SGD
    monkeypatch.setattr(keras.optimizers, "Adam", lambda _: sgd(0.0))  # noise alone
    known, unknown = (
        tiny("causal_gan", labeler_width=4)
        .fit_labeler(of_some_size, noise=0.5, epochs=3, verbose=0)
        .history["loss"]
        for of_some_size in (data, data.filter(lambda *_: True))
    )
    assert len(set(known)) == 3
    np.testing.assert_array_equal(known, unknown)


@pytest.mark.long
def test_a_labeler_learns_to_read_alone():
    named = labels(256)
    model = tiny("causal_gan", labeler_width=4)
    x = images("causal_gan", named)
    model.fit_labeler(x, named, epochs=12, batch_size=16, verbose=0)
    read = model.read_labels(x)
    for name in NAMES:
        assert np.mean(read[name] == named[name]) > 0.97
    data = tf.data.Dataset.from_tensor_slices((x, named)).batch(32)
    found = model.fit_labeler(data, noise=0.1, verbose=0)
    loss = found.history["loss"][0]
    assert loss < 0.3


@both
def test_refuses_what_is_no_controller_of_states(family):
    with pytest.raises(TypeError, match="`controller` must be a `gencs"):
        CLASSES[family]("G1")
    with pytest.raises(TypeError, match=r"`latent_dim` must be left out.*100"):
        CLASSES[family](controller(), latent_dim=100)
    soft = gencs.causal.CausalController([("A", "B")], {"A": None}, outputs="soft")
    with pytest.raises(ValueError, match="`controller` must be of labels with states"):
        CLASSES[family](soft)
    with pytest.raises(ValueError, match="`labels` must have as many rows as `noise`"):
        tiny(family).latents(np.zeros((2, 3)), labels(3))


@pytest.mark.long
@pytest.mark.parametrize("scale", [np.nan, 255.0])
def test_a_labeler_refuses_images_out_of_range(scale):
    named, model = labels(4), tiny("causal_gan")
    before = model.labeler.get_weights()
    with pytest.raises(ValueError, match=r"`x`.*(finite|leave)"):
        model.fit_labeler(scale * images("causal_gan", named), named, verbose=0)
    data = (scale * images("causal_gan", named), named)
    with pytest.raises(ValueError, match=r"`x` must be in range.*\[(-?\d|nan)"):
        model.fit_labeler(tf.data.Dataset.from_tensor_slices(data).batch(2), verbose=0)
    with pytest.raises(ValueError, match=r"`x`.*(finite|leave)"):
        model.read_labels(data[0])
    for one, other in zip(before, model.labeler.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_labels_of_images_in_half_of_the_range_are_read_with_a_warning():
    model = tiny("causal_gan")
    with pytest.warns(UserWarning, match="`x`.*only the upper half"):
        model.read_labels(0.5 + 0.4 * images("causal_gan", labels(4)))
