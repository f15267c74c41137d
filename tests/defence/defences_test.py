"""Defences: what they answer, keep and refuse."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs
from tests.defence.conftest import SHAPE, Identity, dense_classifier, flat_model
from tf_gencs import defence


@pytest.fixture(scope="module")
def defended(model, classifier):
    return defence.InvertAndClassify(model, classifier)


def projected(model, images):
    """The nearest G(z), which is known: the range is flat."""
    step = model.moves(tf.zeros((1, 3))).numpy().reshape(3, -1)
    rows = images.reshape(len(images), -1) - 0.5
    return (0.5 + rows @ step.T @ step).reshape(images.shape)


def test_invert_and_classify_classifies_the_projection(
    defended, model, classifier, images
):
    x = projected(model, images)
    np.testing.assert_allclose(defended.purify(images), x, atol=5e-3)
    np.testing.assert_allclose(defended(images), classifier(x), atol=5e-2)
    np.testing.assert_array_equal(defended(images), defended(images))
    assert defended(images[:0]).shape == (0, 3)


@pytest.mark.long
def test_it_is_a_keras_model_that_predicts_and_is_saved(defended, images, tmp_path):
    logits = np.asarray(defended(images))
    np.testing.assert_allclose(defended.predict(images, verbose=0), logits, atol=1e-4)
    defended.save(tmp_path / "defended.keras")
    again = keras.saving.load_model(tmp_path / "defended.keras")
    np.testing.assert_allclose(again(images), logits, atol=1e-4)


@pytest.mark.long
def test_its_gradient_stands_in_for_that_of_the_projection(
    defended, model, kernel, images
):
    step = model.moves(tf.zeros((1, 3))).numpy().reshape(3, -1)
    expected = {"identity": kernel[:, 0], "tangent": kernel[:, 0] @ step.T @ step}
    for backward, gradient in expected.items():
        x = tf.constant(images)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(x)
            logit = defended.classifier(defended.differentiable(x, backward))[:, 0]
        found = tape.gradient(logit, x).numpy().reshape(8, -1)
        np.testing.assert_allclose(found, np.tile(gradient, (8, 1)), atol=1e-2)
    # The search itself has no gradient, though a tape watches all there is.
    watched = [x, *(w.value for w in defended.model.generator.trainable_weights)]
    with tf.GradientTape() as tape:
        tape.watch(watched)
        found = defended.invert(x)
    assert tape.gradient(found["x"], watched) == [None] * len(watched)


@pytest.mark.long
def test_it_refuses_as_many_clean_images_as_was_said(model, classifier, rng):
    def clean(count):
        far = rng.normal(scale=0.02, size=(count, *SHAPE))
        return np.clip(0.5 + far, 0, 1).astype("float32")

    defended = defence.InvertAndClassify(
        model, classifier, reject=0.2, images=clean(200)
    )
    assert 0.1 < defended.rejects(clean(200)).mean() < 0.3
    assert defended.rejects(rng.uniform(size=(8, *SHAPE)).astype("float32")).all()
    again = defence.InvertAndClassify.from_config(defended.get_config())
    assert again.threshold == defended.threshold


@pytest.mark.long
def test_an_attack_on_a_defence_that_refuses_is_accepted_or_none(
    model, classifier, images, labels
):
    defended = defence.InvertAndClassify(model, classifier, reject=0.5, threshold=0.004)
    found = defence.bpda(
        defended, images, labels, eps=1.0, steps=15, restarts=1, seed=0
    )
    assert not defended.rejects(found.images[found.success]).any()
    assert found.flat == 0  # what is accepted already has somewhere to go, too


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"reject": 0.05}, "`images` must be clean images"),
        ({"reject": 0.05, "images": np.zeros((3, *SHAPE))}, "at least 20 clean images"),
        ({"reject": 1.5, "threshold": 1}, "`reject` must be a finite number"),
        ({"images": np.zeros((30, *SHAPE))}, "`images` must be None where `reject` is"),
        ({"seed": -1}, "`seed` must be"),
    ],
)
def test_what_cannot_be_calibrated_is_refused(change, message, model, classifier):
    with pytest.raises(ValueError, match=message):
        defence.InvertAndClassify(model, classifier, **change)


def test_a_model_and_a_classifier_of_other_images_are_refused(model, classifier):
    with pytest.raises(TypeError, match="`model` must be"):
        defence.InvertAndClassify(classifier, classifier)
    with pytest.raises(TypeError, match="`classifier` must be a Keras model"):
        defence.InvertAndClassify(model, lambda x: x)
    with pytest.raises(ValueError, match="`solver` must search latents"):
        defence.InvertAndClassify(model, classifier, gencs.baselines.Lasso("dct"))
    defended = defence.InvertAndClassify(model, classifier)
    with pytest.raises(ValueError, match="must have shape"):
        defended.purify(np.zeros((2, 9, 9, 1), "float32"))


@pytest.fixture
def generative(model, rng):
    """Two classes: a flat range around grey, and the same around lighter grey."""
    return defence.GenerativeClassifier([model, flat_model(rng, 0.8)], noise=0.1)


def test_the_class_that_explains_best_has_the_largest_logit(generative, rng):
    grey = (0.5 + 0.02 * rng.normal(size=(4, *SHAPE))).astype("float32")
    logits = np.asarray(generative(np.concatenate([grey, grey + 0.3])))
    np.testing.assert_array_equal(logits.argmax(axis=1), [0] * 4 + [1] * 4)


@pytest.mark.long
def test_logits_are_those_of_the_best_latents_and_so_is_their_gradient(
    generative, model, images
):
    x = tf.constant(images)
    with tf.GradientTape() as tape:
        tape.watch(x)
        logits = generative(x)[:, 0]
    # Of a flat range all is known: a ridge regression.
    step = model.moves(tf.zeros((1, 3))).numpy().reshape(3, -1)
    z = (images.reshape(8, -1) - 0.5) @ step.T / (1 + 0.1**2)
    missed = images.reshape(8, -1) - 0.5 - z @ step
    cost = np.sum(missed**2, axis=1) / (2 * 0.1**2) + np.sum(z**2, axis=1) / 2
    np.testing.assert_allclose(logits, -cost, rtol=2e-2)
    gradient = tape.gradient(logits, x).numpy().reshape(8, -1)
    np.testing.assert_allclose(gradient, -missed / 0.1**2, atol=0.8)


@pytest.mark.long
def test_a_generative_classifier_comes_back_from_its_folder(
    generative, images, tmp_path
):
    generative.save_to_preset(tmp_path / "two", {"made": "here"})
    again = defence.GenerativeClassifier.from_preset(tmp_path / "two")
    np.testing.assert_allclose(again(images), generative(images), rtol=1e-2)
    weights = tmp_path / "two" / "weights.npz"
    for torn in (weights.read_bytes()[:200], b"torn"):
        weights.write_bytes(torn)
        with pytest.raises(ValueError, match="`preset` is damaged"):
            defence.GenerativeClassifier.from_preset(tmp_path / "two")


def test_models_that_do_not_belong_together_are_refused(model):
    for models, message in (
        ([model], "two classes or more"),
        ({0: model, 2: model}, "without gaps"),
    ):
        with pytest.raises(ValueError, match=message):
            defence.GenerativeClassifier(models)
    wide = gencs.models.GenerativeModel(model.generator, latent_prior="uniform")
    with pytest.raises(ValueError, match=r"of the prior N\(0, I\)"):
        defence.GenerativeClassifier([model, wide], noise=0.1)
    both = defence.GenerativeClassifier([model, model], noise=0.1)
    with pytest.raises(ValueError, match=r"`x` must have shape \(batch, 4, 3, 1\)"):
        both(np.zeros((2, *SHAPE[:2])))


@pytest.mark.long
def test_training_makes_pairs_fewer_and_keeps_the_model(model, kernel, bias, rng):
    classifier = dense_classifier(10 * kernel, 10 * bias)
    x = rng.uniform(0.2, 0.8, size=(256, *SHAPE)).astype("float32")
    y = np.asarray(classifier(x)).argmax(axis=1)
    given = {"eps": 0.3, "starts": 20, "steps": 200, "seed": 0}
    before = defence.overpowered(model, classifier, **given)
    kept = [w.copy() for w in model.get_weights()]
    training = defence.ManifoldAdversarialTraining(
        model, classifier, eps=0.3, weight=5.0, seed=0
    )
    training.compile(
        keras.optimizers.Adam(0.3),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    training.fit(x, y, batch_size=64, epochs=10, verbose=0)
    with pytest.raises(ValueError, match="`sample_weight` and `class_weight` must be"):
        training.fit(x, y, sample_weight=np.ones(256), verbose=0)
    after = defence.overpowered(model, classifier, **given)
    assert after.confidence.mean() < before.confidence.mean() - 0.05
    for old, new in zip(kept, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_a_report_puts_adaptive_accuracy_first_and_never_a_blind_one_alone(
    identity, model, images, labels
):
    for alone in (("blind",), ("noise", "blind"), "hard_label"):
        with pytest.raises(ValueError, match="at least one of"):
            defence.robustness_report(identity, images, labels, attacks=alone)
    with pytest.raises(ValueError, match="`model` must be given, for segments"):
        defence.robustness_report(
            identity, images, labels, attacks=("segment", "blind")
        )
    with pytest.raises(ValueError, match="`eps` must hold at least one"):
        defence.robustness_report(identity, images, labels, eps=())
    report = defence.robustness_report(
        identity,
        images,
        labels,
        eps=(0.05, 0.3),
        attacks=("gradient", "blind", "noise"),
        restarts=1,
        seed=0,
        verbose=0,
    )
    lines = str(report).splitlines()
    assert lines[1].startswith("adaptive")
    assert report.clean == 1
    # What does nothing has the accuracy of PGD on what it defends.
    for eps in report.eps:
        assert abs(report.accuracy("bpda, identity")[eps] - report.blind[eps]) <= 0.02
        assert report.adaptive[eps] <= report.blind[eps]
        assert report.accuracy("noise")[eps] >= report.adaptive[eps]
    assert report.adaptive[0.3] < 1


def test_a_report_says_why_to_doubt_it(images):
    def steps(x):
        return tf.round(8 * tf.reshape(tf.cast(x, "float32"), (-1, 12))[:, :2])

    labels = np.asarray(steps(images)).argmax(axis=1)
    report = defence.robustness_report(
        steps,
        images,
        labels,
        eps=(0.01,),
        attacks=("gradient",),
        restarts=1,
        seed=0,
        verbose=0,
    )
    assert any("masked" in doubt for doubt in report.doubts)
    assert any("too weak" in doubt for doubt in report.doubts)
    assert not any("without an attack" in doubt for doubt in report.doubts)
    with pytest.raises(ValueError, match="at least one image"):
        defence.robustness_report(steps, images[:0], labels[:0])
    few = {"eps": (0.01,), "attacks": "gradient", "steps": 1, "restarts": 1}
    wrong = defence.robustness_report(steps, images, 1 - labels, **few, verbose=0)
    assert any("only 0.00 of the images" in doubt for doubt in wrong.doubts)


@pytest.mark.long
def test_of_a_box_without_gradient_segments_follow_a_guide(
    model, classifier, images, labels
):
    def box(x):
        return np.asarray(classifier(x))

    given = {"eps": (0.5, 50.0), "attacks": "segment", "seed": 0, "verbose": 0}
    report = defence.robustness_report(
        box, images, labels, model=model, guide=classifier, **given
    )
    found = defence.segment(classifier, images, labels, model=model, seed=0)
    assert report.adaptive[50.0] == pytest.approx(found.accuracy)
    assert report.adaptive[0.5] == pytest.approx(1 - found.within(0.5).mean())


def test_a_random_defence_is_told_from_a_fixed_one(classifier, images, labels):
    class Noise(Identity):
        def purify(self, x):
            return x + 0.01 * tf.random.normal(tf.shape(x))

    report = defence.robustness_report(
        Noise(classifier),
        images,
        labels,
        eps=(0.3,),
        attacks=("gradient",),
        restarts=1,
        seed=0,
        verbose=0,
    )
    assert not report.deterministic
    assert "the defence is random" in str(report)
