"""Pairs of images in G's range, close to each other, that a classifier tells apart."""

import dataclasses

import keras
import numpy as np
import tensorflow as tf

from tf_gencs import checks, seeds
from tf_gencs.defence import arguments
from tf_gencs.defence.arguments import distances

# Weight of a pair's excess distance, and of the length of latents.
_TOO_FAR, _LENGTH = 10.0, 1e-4


@dataclasses.dataclass(frozen=True, repr=False)
class Pairs:
    """Pairs that the search ended at, one from each start.

    Attributes:
        first, second: images (starts, *signal_shape), G(z) and G(z').
        first_label, second_label: what they are taken for, (starts,).
        distance: L2 distances of the two, (starts,).
        found: bool (starts,): within `eps`, and taken for two things.
        confidence: probability of the label of that of the two which is less sure of
            its own, (starts,). Near .5 or below, the pair lies beside a boundary, of
            which every classifier has one; near 1 it is sure of both.
        z: latents (starts, 2, k).

    Example:

    ```python
    pairs = gencs.defence.overpowered(model, classifier, starts=5, steps=100, seed=0)
    pairs.first[pairs.found], pairs.second[pairs.found]  # images of the pairs
    pairs.first_label, pairs.second_label  # what they are taken for
    ```
    """

    first: np.ndarray
    second: np.ndarray
    first_label: np.ndarray
    second_label: np.ndarray
    distance: np.ndarray
    found: np.ndarray
    confidence: np.ndarray
    z: np.ndarray

    @property
    def share(self):
        """Share of the starts from which a pair was found."""
        return float(self.found.mean())

    def sure(self, probability=0.9):
        """Share of the starts from which a pair was found of which it is this sure."""
        return float((self.found & (self.confidence >= probability)).mean())

    def __repr__(self):
        return (
            f"Pairs(found from {np.count_nonzero(self.found)} of {len(self.found)} "
            f"starts, sure of both in {100 * self.sure():.0f} %)"
        )


def overpowered(
    model,
    classifier,
    *,
    eps=1.5,
    starts=100,
    steps=600,
    learning_rate=0.05,
    margin=3.0,
    seed=None,
):
    """Two images in G's range, within eps, that a classifier takes for two things.

    Both latents move. No projection onto G's range helps against such pairs: both lie
    in it. They show how sharply the classifier bends there, and
    `ManifoldAdversarialTraining` trains against them.

    Args:
        model: a `gencs.models.GenerativeModel`.
        classifier: Keras model of images in the model's range, to logits.
        eps: the largest L2 distance of the two.
        starts: pairs searched, each from a draw of the prior.
        steps: of Adam.
        learning_rate: in latent units.
        margin: by how much the search wants each logit above that of the other label;
            it goes on as far as that.
        seed: of starts; None draws one.

    Returns:
        `Pairs`.

    Raises:
        TypeError, ValueError: naming the argument that is wrong.

    Example:

    ```python
    pairs = gencs.defence.overpowered(model, classifier, starts=5, steps=200, seed=0)
    pairs.share, pairs.sure(0.9)  # shares of the starts
    ```

    Source: Jalal, Ilyas, Daskalakis and Dimakis, "The robust manifold defense:
    adversarial training using generative models", 2017.
    """
    arguments.pair(model, classifier)
    eps = checks.number(eps, "eps", above=0)
    starts = checks.integer(starts, "starts")
    steps = checks.integer(steps, "steps")
    learning_rate = checks.number(learning_rate, "learning_rate", above=0)
    margin = checks.number(margin, "margin", above=0)
    seed = seeds.resolve(seed)
    first = model.draw_z(starts, seed, "overpowered")
    nearby = np.random.default_rng([seed, *b"overpowered"]).normal(size=first.shape)
    z = tf.Variable(np.concatenate([first, first + 0.1 * nearby]).astype(first.dtype))
    optimizer = keras.optimizers.Adam(learning_rate)
    optimizer.build([z])

    @tf.function(autograph=False)
    def step():
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(z)
            x = shown(model, z)
            logits = tf.cast(classifier(x, training=False), "float32")
            loss = pair_loss(x, logits, z, eps, margin)
        optimizer.apply([tape.gradient(loss, z)], [z])
        z.assign(model.latent_prior.project(z))
        return x, logits

    best = _Best(starts, eps)
    for _ in range(steps + 1):
        before = z.numpy()
        x, logits = (part.numpy() for part in step())
        best.see(x, logits, before)
    return best.pairs()


def shown(model, z):
    """Images of latents, as a classifier is shown them: within the range."""
    x = tf.cast(model(z, training=False), "float32")
    if model.value_range is None:
        return x
    return tf.clip_by_value(x, *model.value_range)


def pair_loss(x, logits, z, eps, margin):
    """What the attacker minimises, summed over pairs.

    Args:
        x, logits, z: of first and second images, one after the other on the first axis.
        eps, margin: see `overpowered`.
    """
    first, second = tf.split(logits, 2)
    classes = tf.shape(logits)[1]
    # Which two labels they are taken for, or are the nearest to.
    apart = first[:, :, None] - first[:, None] + second[:, None] - second[:, :, None]
    apart -= 1e9 * tf.eye(classes)[None]
    flat = tf.argmax(tf.reshape(apart, [-1, classes * classes]), axis=1)
    one, other = (
        flat // tf.cast(classes, flat.dtype),
        flat % tf.cast(classes, flat.dtype),
    )
    short = tf.nn.relu(margin + arguments.gaps(first, one, False))
    short += tf.nn.relu(margin + arguments.gaps(second, other, False))
    axes = list(range(1, x.shape.rank))
    left, right = tf.split(x, 2)
    distance = tf.sqrt(tf.reduce_sum(tf.square(left - right), axes) + 1e-12)
    far = tf.nn.relu(distance - 0.98 * eps)
    length = tf.cast(tf.reduce_sum(tf.square(z), axis=1), "float32")
    return tf.reduce_sum(short + _TOO_FAR * far) + _LENGTH * tf.reduce_sum(length)


class _Best:
    """The best pair so far of each start: found, then sure."""

    def __init__(self, starts, eps):
        self._eps, self._rank = eps, np.full(starts, -np.inf)
        self._kept = None

    def see(self, x, logits, z):
        first, second = np.split(x, 2)
        probability = np.asarray(tf.nn.softmax(logits))
        label = np.split(logits.argmax(axis=1), 2)
        sure = np.minimum(*np.split(probability.max(axis=1), 2))
        distance = distances(first, second)
        found = (label[0] != label[1]) & (distance <= self._eps)
        seen = (first, second, *label, distance, found, sure)
        seen = (*seen, np.stack(np.split(z, 2), axis=1))
        better = np.where(found, 1 + sure, -distance) > self._rank
        self._rank[better] = np.where(found, 1 + sure, -distance)[better]
        if self._kept is None:
            self._kept = [part.copy() for part in seen]
        for kept, new in zip(self._kept, seen, strict=True):
            kept[better] = new[better]

    def pairs(self):
        return Pairs(*self._kept)
