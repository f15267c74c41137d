"""Images in G's range that a classifier takes for something else: the cat in z."""

import keras
import numpy as np
import tensorflow as tf

from tf_gencs import checks, seeds
from tf_gencs.defence import arguments
from tf_gencs.defence.arguments import distances
from tf_gencs.defence.attack import Attack
from tf_gencs.models.given import generative, prior_reach

# By how much the weight of the distance changes at each step: it settles where an
# image is just about taken for something else.
_CHANGE = 1.05
# The longest z that is looked at: clipped to infinity, TensorFlow's z would be NaN.
_FARTHEST = 1e6
# Standard deviations of starts around the latents of an image's inversion.
_SPREADS = (0.0, 0.5, 1.0, 1.0)


def latent_attack(
    model,
    classifier,
    images,
    labels,
    *,
    eps=np.inf,
    target=None,
    confidence=0.0,
    steps=300,
    learning_rate=0.05,
    restarts=4,
    reach=None,
    bounds=None,
    seed=None,
):
    """The nearest image in G's range that a classifier takes for something else.

    Adam moves z from the inversion of an image and from around it, with a weight
    between distance and gap that follows success: up where z fools the classifier,
    down where it does not. Pixels cannot be moved one by one here: what fools the
    classifier looks like it.

    Args:
        model: a `gencs.models.GenerativeModel`.
        classifier: Keras model of images in the model's range, to logits.
        images: (batch, *signal_shape), within the bounds.
        labels: (batch,), from 0.
        eps: the largest L2 distance from the image that is a success.
        target: None, or the label that it should be taken for, one for all or each.
        confidence: by how much one logit must exceed the other.
        steps: of Adam.
        learning_rate: in latent units.
        restarts: starts for each image.
        reach: the largest length of z; None for one that of 1,000 draws of the prior
            one exceeds. Far beyond the prior, G makes signals that it never learned.
        bounds: as for `pgd`.
        seed: of starts; None draws one.

    Returns:
        `Attack`, of images G(z): how far the nearest is from the image, L2.

    Raises:
        TypeError, ValueError: naming the argument that is wrong.

    Example:

    ```python
    attack = gencs.defence.latent_attack(
        model, classifier, images, labels, steps=100, restarts=2, seed=0
    )
    attack.images, attack.distance  # G(z) taken for something else; how far they are
    ```

    Sources: Athalye, Carlini and Wagner, ICML 2018, section 5.4 (Defense-GAN); Stutz,
    Hein and Schiele, "Disentangling adversarial robustness and generalization",
    CVPR 2019.
    """
    generative(model)
    task = arguments.task(classifier, images, labels, target, bounds)
    steps = checks.integer(steps, "steps")
    restarts = checks.integer(restarts, "restarts")
    confidence = checks.number(confidence, "confidence", at_least=0)
    learning_rate = checks.number(learning_rate, "learning_rate", above=0)
    if not eps > 0:
        raise ValueError(f"`eps` must be a number above 0. Received: {eps!r}")
    if task.images.shape[1:] != model.signal_shape:
        raise ValueError(
            f"`images` must have shape (batch, *{model.signal_shape}), as the model "
            f"makes them. Received: {task.images.shape}"
        )
    count = len(task.images)
    if not count:
        return Attack(task.images, np.zeros(0, bool), np.zeros(0))
    arguments.differentiable(classifier, task.images[:1])
    seed = seeds.resolve(seed)
    if reach is None:
        reach = prior_reach(model)
    reach = min(reach, _FARTHEST)
    z = model.invert(task.images, seed=seed, verbose=0).z
    rng = np.random.default_rng([seed, *b"latent attack"])
    spread = [_SPREADS[min(i, len(_SPREADS) - 1)] for i in range(restarts)]
    starts = np.concatenate([z + s * rng.normal(size=z.shape) for s in spread])
    found, gap = _search(
        model,
        classifier,
        starts.astype(z.dtype),
        np.tile(task.images, (restarts, *[1] * (task.images.ndim - 1))),
        np.tile(task.wanted, restarts),
        (target is not None, confidence, steps, learning_rate, reach, task.bounds),
    )
    # The nearest of those that fool it; where none does, that with the largest gap.
    far = distances(found, np.tile(task.images, (restarts, *[1] * (found.ndim - 1))))
    far, gap = far.reshape(restarts, count), gap.reshape(restarts, count)
    rank = np.where(gap > confidence, far - 1e6, -gap)
    best = rank.argmin(axis=0), np.arange(count)
    found = found.reshape(restarts, count, *found.shape[1:])[best]
    distance = far[best]
    return Attack(found, (gap[best] > confidence) & (distance <= eps), distance)


def _search(model, classifier, starts, images, wanted, how):
    """Adam over lanes: the nearest G(z) of each that fools the classifier, its gap."""
    targeted, confidence, steps, learning_rate, reach, bounds = how
    images, wanted = tf.constant(images), tf.constant(wanted)

    def bounded(z):
        return model.latent_prior.project(tf.clip_by_norm(z, reach, axes=[1]))

    z = tf.Variable(bounded(starts))
    optimizer = keras.optimizers.Adam(learning_rate)
    optimizer.build([z])
    axes = list(range(1, images.shape.rank))

    @tf.function(autograph=False)
    def step(weight):
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(z)
            x = tf.clip_by_value(tf.cast(model(z, training=False), "float32"), *bounds)
            logits = tf.cast(classifier(x), "float32")
            gap = arguments.gaps(logits, wanted, targeted)
            square = tf.reduce_sum(tf.square(x - images), axes)
            loss = weight * square + tf.nn.relu(confidence + 0.1 - gap)
        optimizer.apply([tape.gradient(loss, z)], [z])
        z.assign(bounded(z))
        return x, gap, square

    lanes = len(starts)
    best, best_square = images.numpy().copy(), np.full(lanes, np.inf)
    best_gap = np.full(lanes, -np.inf)
    weight = np.ones(lanes, "float32")
    for _ in range(steps + 1):
        x, gap, square = (part.numpy() for part in step(tf.constant(weight)))
        fools = gap > confidence
        better = np.where(
            fools,
            square < best_square,
            np.isinf(best_square) & (gap > best_gap),
        )
        best[better], best_gap[better] = x[better], gap[better]
        best_square[better & fools] = square[better & fools]
        weight *= np.where(fools, _CHANGE, 1 / _CHANGE).astype("float32")
    return best, best_gap
