"""Attacks on classifiers whose weak points are known."""

import importlib.util

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.defence.conftest import SHAPE, dense_classifier
from tf_gencs import defence


def nearest_boundary(kernel, images, labels, norm=2):
    """Distance at which the linear classifier errs, (batch,)."""
    logits = (images.reshape(len(images), -1) - 0.5) @ kernel
    gaps = logits[np.arange(len(labels)), labels][:, None] - logits
    slopes = kernel[:, labels].T[:, :, None] - kernel
    dual = {2: 2, np.inf: 1}[norm]
    lengths = np.linalg.norm(slopes, ord=dual, axis=1)
    own = np.eye(kernel.shape[1])[labels] > 0
    return np.where(own, np.inf, gaps / np.where(own, 1, lengths)).min(axis=1)


@pytest.mark.parametrize(("norm", "order"), [("l2", 2), ("linf", np.inf)])
def test_pgd_succeeds_just_beyond_the_boundary_and_never_before(
    norm, order, classifier, kernel, images, labels
):
    far = nearest_boundary(kernel, images, labels, order)
    eps = 1.06 * np.median(far)
    found = defence.pgd(
        classifier, images, labels, eps=eps, norm=norm, restarts=2, seed=0
    )
    assert found.success[far < 0.95 * eps].all()
    assert not found.success[far > eps].any()
    assert 0 < found.accuracy < 1
    assert (found.distance <= eps * (1 + 1e-5)).all()


def test_attacked_images_stay_within_the_bounds(classifier, images, labels):
    found = defence.pgd(classifier, images, labels, eps=9.0, seed=0, bounds=(0.3, 0.7))
    assert found.images.min() >= np.float32(0.3)
    assert found.images.max() <= np.float32(0.7)


def test_a_target_is_what_images_are_taken_for(classifier, images):
    for target in range(3):
        found = defence.pgd(
            classifier, images, np.zeros(8, int), eps=3.0, target=target, seed=0
        )
        seen = np.asarray(classifier(found.images)).argmax(axis=1)
        assert found.success.all()
        np.testing.assert_array_equal(seen, target)


@pytest.mark.long
def test_bpda_of_a_defence_that_does_nothing_is_pgd(
    identity, classifier, kernel, images, labels
):
    eps = float(np.median(nearest_boundary(kernel, images, labels)))
    plain = defence.pgd(classifier, images, labels, eps=eps, restarts=5, seed=0)
    through = defence.bpda(identity, images, labels, eps=eps, seed=0)
    assert 0 < plain.accuracy < 1
    assert abs(plain.accuracy - through.accuracy) <= 0.02


def test_gradients_of_a_random_classifier_are_averaged(kernel, images, labels):
    class Random(keras.layers.Layer):
        def call(self, x):
            return tf.reshape(x, (-1, 12)) @ kernel + 40 * tf.random.normal((1, 3))

    def successes(draws):
        return defence.pgd(
            Random(), images, labels, eps=2.0, draws=draws, steps=20, seed=0
        ).success.sum()

    # One draw of so much noise errs by itself; the mean of many is about the image.
    assert defence.pgd(Random(), images, labels, eps=1e-3, seed=0).success.sum() == 8
    assert successes(1) == 8


def test_a_masked_gradient_is_told(images):
    def steps(x):
        return tf.round(4 * tf.reshape(x, (-1, 12))[:, :2])

    labels = np.asarray(steps(images)).argmax(axis=1)
    found = defence.pgd(steps, images, labels, eps=0.01, seed=0)
    assert found.flat == 1
    assert "no gradient at 100 %" in repr(found)


@pytest.mark.long
def test_hard_labels_find_the_boundary_without_gradients(
    classifier, kernel, images, labels
):
    far = nearest_boundary(kernel, images, labels)
    found = defence.hard_label(classifier, images, labels, queries=400, seed=0)
    assert found.success.all()
    assert np.all(found.distance >= far * (1 - 1e-4))
    start = defence.hard_label(classifier, images, labels, queries=0, seed=0)
    assert np.median(found.distance / far) < 1.5 < np.median(start.distance / far)


@pytest.mark.long
def test_latent_attacks_stay_in_the_range_and_find_the_nearest(
    model, classifier, kernel, images, labels
):
    found = defence.latent_attack(model, classifier, images, labels, seed=0)
    again = model.invert(found.images, seed=0, verbose=0)
    np.testing.assert_allclose(again.x, found.images, atol=1e-2)
    wrong = np.asarray(classifier(found.images)).argmax(axis=1) != labels
    assert (wrong == found.success).all()
    assert found.success.any()
    # The range is flat: the nearest wrong image is known by its latents alone.
    step = model.moves(tf.zeros((1, 3))).numpy().reshape(3, -1)
    z = (images.reshape(8, -1) - 0.5) @ step.T
    seen = step @ kernel
    for i in np.flatnonzero(found.success):
        logits = z[i] @ seen
        own = labels[i]
        others = [j for j in range(3) if j != own]
        along = min(
            max(logits[own] - logits[j], 0) / np.linalg.norm(seen[:, own] - seen[:, j])
            for j in others
        )
        off = np.linalg.norm(images[i].ravel() - 0.5 - z[i] @ step)
        assert found.distance[i] <= 1.1 * np.hypot(along, off) + 0.02


@pytest.mark.long
def test_segments_end_at_images_that_fail_however_long_latents_may_be(
    model, classifier, images, labels
):
    found = defence.segment(classifier, images, labels, model=model, seed=0)
    assert np.isfinite(found.images).all()
    assert found.success.any()
    wrong = np.asarray(classifier(found.images)).argmax(axis=1) != labels
    assert (wrong == found.success).all()


@pytest.mark.long
def test_a_segment_that_fails_before_its_end_fails(model, classifier, images, labels):
    how = {"steps": 100, "seed": 0, "reach": np.inf, "confidence": 1.0}
    wrong = defence.latent_attack(model, classifier, images, labels, **how)
    assert (wrong.distance > 0.1).all()

    # It fails up to .6 of each way, and mends what lies at its end.
    def mends(x):
        rows = np.reshape(x - images[: len(x)], (len(x), -1))
        moved = np.linalg.norm(rows, axis=1)
        fails = (moved > 1e-3) & (moved < 0.6 * wrong.distance[: len(x)])
        return np.where(fails[:, None], -5.0, 5.0) * np.eye(3)[labels[: len(x)]]

    given = {"model": model, "classifier": classifier, **how}
    found = defence.segment(mends, images, labels, **given)
    assert found.success.all()
    assert (found.distance < 0.6 * wrong.distance).all()


def test_what_has_no_gradient_is_named_by_attacks_in_range(model, images, labels):
    def steps(x):
        return tf.round(8 * tf.reshape(x, (-1, 12))[:, :3])

    labels = np.asarray(steps(images)).argmax(axis=1)
    for attack in (
        lambda: defence.latent_attack(model, steps, images, labels),
        lambda: defence.segment(steps, images, labels, model=model),
    ):
        with pytest.raises(ValueError, match="`classifier` must have a gradient"):
            attack()


def test_hard_labels_start_where_images_are_accepted(identity, images, labels):
    class Picky(type(identity)):
        rejecting = True

        def rejects(self, x):
            return np.asarray(x).max(axis=(1, 2, 3)) < 0.9

    found = defence.hard_label(
        Picky(identity.classifier), images, labels, queries=0, seed=0
    )
    assert found.success.any()  # none of the others is accepted, but noise is
    assert not Picky(identity.classifier).rejects(found.images[found.success]).any()


@pytest.mark.long
def test_a_cat_in_pixels_is_nearer_than_one_in_latents(
    model, classifier, images, labels
):
    found = defence.cat(model, classifier, images, labels, eps=2.0, seed=0)
    assert found.pixels.success.mean() >= found.latents.success.mean()
    assert (found.latents.distance[found.latents.success] <= 2.0).all()


@pytest.mark.long
def test_overpowered_pairs_are_close_and_told_apart(model, classifier):
    found = defence.overpowered(model, classifier, eps=0.5, starts=8, steps=200, seed=0)
    assert found.share > 0.5
    first, second = found.first[found.found], found.second[found.found]
    seen = [np.asarray(classifier(x)).argmax(axis=1) for x in (first, second)]
    assert (seen[0] != seen[1]).all()
    assert (np.linalg.norm((first - second).reshape(-1, 12), axis=1) <= 0.5).all()
    assert found.sure(0.5) >= found.sure(0.99)


def test_of_no_images_there_is_no_attack(model, identity, classifier):
    none, no_labels = np.zeros((0, *SHAPE), "float32"), np.zeros(0, int)
    for found in (
        defence.pgd(classifier, none, no_labels, eps=1.0),
        defence.bpda(identity, none, no_labels, eps=1.0),
        defence.hard_label(classifier, none, no_labels),
        defence.segment(identity, none, no_labels, model=model),
        defence.latent_attack(model, classifier, none, no_labels),
    ):
        assert found.images.shape == none.shape
        assert np.isnan(found.accuracy)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": np.full((2, *SHAPE), 200.0)}, "`images` must be in range"),
        ({"images": np.full((2, *SHAPE), np.nan)}, "`images` must be finite"),
        ({"labels": [0, 3]}, "`labels` must be 2 integers from 0 to below 3"),
        ({"labels": [0]}, "`labels` must be 2 integers"),
        ({"labels": [0.5, 1.0]}, "`labels` must be 2 integers"),
        ({"target": 7}, "`target` must be"),
        ({"eps": 0}, "`eps` must be a finite number above 0"),
        ({"norm": "l1"}, "`norm` must be one of"),
        ({"steps": 0}, "`steps` must be"),
        ({"bounds": (1, 0)}, "`bounds` must be"),
    ],
)
def test_what_cannot_be_attacked_is_named(change, message, classifier):
    given = {"images": np.zeros((2, *SHAPE)), "labels": [0, 1], "eps": 1.0} | change
    images, labels = given.pop("images"), given.pop("labels")
    with pytest.raises(ValueError, match=message):
        defence.pgd(classifier, images, labels, **given)


def test_attacks_one_after_the_other_are_quiet(
    classifier, images, labels, logged_by_tensorflow
):
    for _ in range(6):
        defence.pgd(classifier, images, labels, eps=0.1, steps=1)
    assert not logged_by_tensorflow.records


def test_one_image_is_no_batch(model, classifier, images, labels):
    defended = defence.InvertAndClassify(model, classifier)
    with pytest.raises(ValueError, match=r"must have shape \(batch, 4, 3, 1\); one"):
        defence.pgd(defended, images[0], labels[:1], eps=1.0)


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
def test_probabilities_are_detected_and_explained(
    activation, kernel, model, images, labels
):
    probabilities = dense_classifier(kernel, activation=activation)
    for attack in (
        lambda: defence.pgd(probabilities, images, labels, eps=1.0),
        lambda: defence.InvertAndClassify(model, probabilities),
        lambda: defence.overpowered(model, probabilities),
    ):
        with pytest.raises(ValueError, match="gradients vanish behind a softmax"):
            attack()


def test_a_classifier_of_numpy_is_for_attacks_by_labels(kernel, images, labels):
    def classifier(x):
        return np.reshape(x, (len(x), -1)) @ kernel

    with pytest.raises(TypeError, match="hard_label` asks for labels"):
        defence.pgd(classifier, images, labels, eps=1.0)
    defence.hard_label(classifier, images, labels, queries=2, seed=0)
    none = defence.pgd(classifier, images[:0], labels[:0], eps=1.0)  # is not called
    assert none.images.shape == (0, *SHAPE)


def test_bpda_of_a_plain_classifier_points_to_pgd(classifier, images, labels):
    with pytest.raises(TypeError, match="`pgd` attacks"):
        defence.bpda(classifier, images, labels, eps=1.0)


@pytest.mark.skipif(
    importlib.util.find_spec("foolbox") is None, reason="needs foolbox: extra `attacks`"
)
@pytest.mark.filterwarnings("ignore")
@pytest.mark.long
def test_foolbox_attacks_our_models_unchanged(model, classifier, images):
    import foolbox

    defended = defence.InvertAndClassify(model, classifier)
    for attacked in (classifier, defended):
        right = np.asarray(attacked(images)).argmax(axis=1)
        wrapped = foolbox.TensorFlowModel(attacked, bounds=(0, 1))
        attack = foolbox.attacks.L2PGD(steps=10)
        _, clipped, success = attack(
            wrapped, tf.constant(images), tf.constant(right), epsilons=[0.0, 3.0]
        )
        assert not success[0].numpy().any()
        assert success[1].numpy().mean() > 0.5  # the gradient is of use
        assert clipped[1].numpy().min() >= 0
