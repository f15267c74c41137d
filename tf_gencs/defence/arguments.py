"""What the functions of this room are given, checked alike."""

import dataclasses
import math

import keras
import numpy as np
import tensorflow as tf

from tf_gencs import checks, lookup, pixels, priors
from tf_gencs.models.given import generative

NORMS = ("l2", "linf")


@dataclasses.dataclass(frozen=True)
class Task:
    """Images, their labels, and where an attacker may move.

    Attributes:
        images: float32 (batch, *signal_shape), within `bounds`.
        labels: int64 (batch,).
        target: int64 (batch,) that the attacker wants, or None for any other label.
        bounds: (low, high) of pixels.
        classes: number of logits; None of an empty batch.
    """

    images: np.ndarray
    labels: np.ndarray
    target: np.ndarray | None
    bounds: tuple
    classes: int | None

    @property
    def wanted(self):
        """The labels that gaps are about: those wanted, or the true ones."""
        return self.labels if self.target is None else self.target


def task(classifier, images, labels, target=None, bounds=None):
    """Checks what is attacked.

    Args:
        classifier: function of images (batch, ...) that gives logits.
        images, labels: see `Task`.
        target: None, a label, or one for each image.
        bounds: (low, high) of pixels; None for the classifier's `value_range`, or
            (0, 1).

    Raises:
        TypeError: no function.
        ValueError: naming the argument that is wrong.
    """
    if not callable(classifier):
        raise TypeError(
            "`classifier` must be a function or Keras model from images to logits. "
            f"Received: {lookup.received(classifier)}"
        )
    if bounds is None:
        bounds = getattr(classifier, "value_range", None) or (0.0, 1.0)
    bounds = checks.value_range(bounds, "bounds", required=True)
    images = checks.float_array(images, "images", dtype="float32")
    shape = getattr(getattr(classifier, "model", classifier), "signal_shape", None)
    if images.ndim < 2 or (shape and tuple(shape) != images.shape[1:]):
        each = ", ".join(map(str, shape)) if shape else "..."
        raise ValueError(
            f"`images` must have shape (batch, {each}); one image is `images[None]`. "
            f"Received: {images.shape}"
        )
    if not len(images):
        labels_of(labels, "labels", 0, None)
        return Task(images, np.zeros(0, "int64"), None, bounds, None)
    pixels.judge(images.min(), images.max(), bounds, "`images`", quiet=True)
    # Rounding may have left the bounds; attacks must not.
    images = np.clip(images, *bounds)
    classes = check_logits(classifier, images[:4]).shape[1]
    labels = labels_of(labels, "labels", len(images), classes)
    if target is not None:
        if np.ndim(target) == 0:
            target = np.full(len(images), target)
        target = labels_of(target, "target", len(images), classes)
    return Task(images, labels, target, bounds, classes)


def labels_of(labels, argument, count, classes):
    """Labels as int64 (count,), each below `classes`.

    Raises:
        ValueError: they are something else.
    """
    found = checks.array(labels, argument)
    valid = found.shape == (count,) and (
        not count
        or (
            np.issubdtype(found.dtype, np.integer)
            and found.min() >= 0
            and found.max() < classes
        )
    )
    if not valid:
        raise ValueError(
            f"`{argument}` must be {count} integers from 0 to below {classes}, one for "
            f"each image. Received: {found.dtype} of shape {found.shape}"
            + (f", up to {found.max()}" if found.size else "")
        )
    return found.astype("int64")


def check_logits(classifier, images, argument="classifier"):
    """Logits of some images, (batch, classes); probabilities are refused.

    After a softmax gradients vanish in rounding where the classifier is sure: attacks
    then fail, and look as if a defence had made them fail.

    Raises:
        ValueError: another shape, not finite, or probabilities.
    """
    logits = tf.convert_to_tensor(classifier(tf.constant(images)))
    if logits.shape.rank != 2 or logits.shape[0] != len(images) or logits.shape[1] < 2:
        raise ValueError(
            f"`{argument}` must give logits (batch, classes) of 2 classes or more. "
            f"Received: shape {logits.shape} for {len(images)} images"
        )
    logits = np.asarray(logits, "float64")
    if not np.isfinite(logits).all():
        raise ValueError(f"`{argument}` must give finite logits. Received: NaN or inf")
    sums, found = logits.sum(axis=1), _last_activation(classifier)
    if logits.min() >= 0 and logits.max() <= 1 and np.allclose(sums, 1, atol=1e-3):
        found = "rows that sum to 1"
    if found is not None:
        raise ValueError(
            f"`{argument}` must give logits, of any size and sign: gradients vanish "
            "behind a softmax or sigmoid, and attacks would fail for no merit of a "
            "defence. A Keras model without it ends in `Dense(classes)` without "
            f"activation; the weights are the same. Received: {found}"
        )
    return logits


def _last_activation(classifier):
    """The name of a Keras model's last activation, if that makes probabilities."""
    layers = getattr(classifier, "layers", None) or [None]
    name = getattr(getattr(layers[-1], "activation", None), "__name__", None)
    return name if name in ("sigmoid", "softmax") else None


def differentiable(classifier, images):
    """Refuses a classifier whose logits have no gradient in images.

    Raises:
        TypeError: it gives no tensors.
        ValueError: it has no gradient.
    """
    x = tf.constant(images)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(x)
        logits = classifier(x)
    gives_tensors(logits)
    if tape.gradient(logits, x) is None:
        raise ValueError(
            "`classifier` must have a gradient, which this attack follows: one that "
            "sees images alike will do. Received: logits that no gradient leads from"
        )


def gives_tensors(logits):
    """Refuses what is no tensor, such as arrays of NumPy: no gradient leads there.

    Raises:
        TypeError: it is none.
    """
    if not tf.is_tensor(logits):
        raise TypeError(
            "`classifier` must be made of operations of TensorFlow or `keras.ops`, "
            "whose gradient this attack follows; `gencs.defence.hard_label` asks for "
            f"labels alone. Received: logits as {type(logits).__name__}"
        )


def standard_normal(model, argument="model"):
    """Refuses a model of another prior than N(0, I), which a formula is about.

    Raises:
        ValueError: it has another.
    """
    prior = model.latent_prior
    if not isinstance(prior, priors.NormalPrior) or (prior.stddev, prior.bound) != (
        1,
        None,
    ):
        raise ValueError(
            f"`{argument}` must have latents of the prior N(0, I). Received: {prior!r}"
        )


def fitting(x, model):
    """Refuses images of another shape than a model's.

    Args:
        x: tensor, whose batch may be unknown.

    Raises:
        ValueError: it has another.
    """
    if not tf.TensorShape([None, *model.signal_shape]).is_compatible_with(x.shape):
        shape = ", ".join(map(str, model.signal_shape))
        raise ValueError(f"`x` must have shape (batch, {shape}). Received: {x.shape}")


def pair(model, classifier):
    """Refuses a model and a Keras classifier that do not fit each other.

    Raises:
        TypeError: one is not what it should be.
        ValueError: the classifier takes other images, or gives probabilities.
    """
    generative(model)
    if not isinstance(classifier, keras.Layer):
        raise TypeError(
            "`classifier` must be a Keras model or layer from images to logits. "
            f"Received: {lookup.received(classifier)}"
        )
    given = getattr(classifier, "value_range", None)
    if None not in (given, model.value_range) and given != model.value_range:
        raise ValueError(
            f"`classifier` must take images in the model's `value_range` "
            f"{model.value_range}. Received: one for {given}"
        )
    shown = np.asarray(model.generate(4, seed=0), "float32")
    if model.value_range is not None:
        shown = np.clip(shown, *model.value_range)
    try:
        check_logits(classifier, shown)
    except (tf.errors.InvalidArgumentError, TypeError) as error:
        raise ValueError(
            f"`classifier` must take images (batch, *{model.signal_shape}), as the "
            f"model makes them. Received: {classifier.name}"
        ) from error
    return model, classifier


def distances(images, others, norm="l2"):
    """Lengths of differences of images, (batch,)."""
    rows = (np.asarray(images, "float64") - others).reshape(
        len(images), math.prod(images.shape[1:])
    )
    return np.linalg.norm(rows, ord=2 if norm == "l2" else np.inf, axis=1)


def gaps(logits, wanted, targeted):
    """How far each image is from failing to be what it should, (batch,).

    The largest other logit minus that of the true label; or that of the target minus
    the largest other. Above 0 the attacker has what it wants.
    """
    own = tf.one_hot(wanted, tf.shape(logits)[1], dtype=logits.dtype)
    its = tf.reduce_sum(own * logits, axis=1)
    other = tf.reduce_max(logits - 1e9 * own, axis=1)
    return its - other if targeted else other - its
