"""An attack that sees nothing but labels."""

import numpy as np

from tf_gencs import checks, seeds
from tf_gencs.defence import arguments
from tf_gencs.defence.arguments import distances
from tf_gencs.defence.attack import Attack
from tf_gencs.defence.judging import failures, nearest_on_the_way, rejection, spread

_HALVINGS = 8
_DRAWS = 10  # of noise, for images that no other one helps


def hard_label(
    classifier, images, labels, *, queries=200, target=None, bounds=None, seed=None
):
    """The boundary attack: a walk along the boundary, towards each image.

    It starts from the nearest of the other images that is taken for something else, on
    the straight way there. A step that keeps fooling the classifier is kept. It asks
    for labels alone: where it does better than attacks by gradients, those are broken
    or the gradient is masked.

    Args:
        classifier: function or Keras model, images -> logits; `rejects` of a defence
            is heard, too.
        images, labels, target, bounds: as for `pgd`.
        queries: calls on all images, two a step.
        seed: of the walk; None draws one.

    Returns:
        `Attack`, in L2. `within(eps)` tells who fails at which distance.

    Raises:
        TypeError, ValueError: naming the argument that is wrong.

    Example:

    ```python
    attack = gencs.defence.hard_label(classifier, images, labels, queries=50, seed=0)
    attack.success, attack.within(2.5)  # all True; which are within 2.5
    ```

    Source: Brendel, Rauber and Bethge, "Decision-based adversarial attacks", ICLR 2018.
    """
    task = arguments.task(classifier, images, labels, target, bounds)
    queries = checks.integer(queries, "queries", at_least=0)
    rng = np.random.default_rng([seeds.resolve(seed), *b"hard label"])
    x0 = task.images
    if not len(x0):
        return Attack(x0, np.zeros(0, bool), np.zeros(0))
    others = _nearest_others(classifier, task, rng)
    x, success = nearest_on_the_way(classifier, task, others, _HALVINGS)
    aside, ahead = np.full(len(x), 0.1), np.full(len(x), 0.1)
    for _ in range(queries // 2):
        length = distances(x, x0)
        move = _across(rng.normal(size=x.shape), x0 - x).astype(x.dtype)
        beside = _at_length(x + move * spread(aside * length, x), task, length)
        on = success & failures(classifier, beside, task)
        x = np.where(spread(on, x) > 0, beside, x)
        inwards = _at_length(x, task, length * (1 - ahead))
        nearer = success & failures(classifier, inwards, task)
        x = np.where(spread(nearer, x) > 0, inwards, x)
        # Longer where half of them succeed, shorter where fewer do.
        aside = np.minimum(aside * np.where(on, 1.1, 0.9), 1)
        ahead = np.minimum(ahead * np.where(nearer, 1.1, 0.9), 0.5)
    return Attack(x, success, distances(x, x0))


def _nearest_others(classifier, task, rng):
    """For each image the nearest of all that fools the classifier, or noise that does.

    Where neither is found, it is noise.
    """
    x = task.images
    seen = np.asarray(classifier(x)).argmax(axis=1)
    rejects = rejection(classifier)
    rows = x.reshape(len(x), -1).astype("float64")
    squares = np.sum(rows**2, axis=1)
    far = squares[:, None] + squares[None] - 2 * rows @ rows.T
    if task.target is None:
        usable = seen[None] != task.labels[:, None]
    else:
        usable = seen[None] == task.target[:, None]
    if rejects is not None:
        usable &= ~rejects(x)[None]
    np.fill_diagonal(usable, False)
    others = x[np.where(usable, far, np.inf).argmin(axis=1)]
    without = ~usable.any(axis=1)
    for _ in range(_DRAWS):
        if not without.any():
            break
        noise = rng.uniform(*task.bounds, x.shape).astype(x.dtype)
        others = np.where(spread(without, x) > 0, noise, others)
        without &= ~failures(classifier, others, task)
    return others


def _at_length(x, task, length):
    """Images on the way to others, at a distance from the own ones, within bounds."""
    away = x - task.images
    share = length / np.maximum(distances(x, task.images), 1e-12)
    return np.clip(task.images + away * spread(share, x), *task.bounds)


def _across(noise, way):
    """Noise of unit length, at right angles to a way."""
    rows, ahead = (part.reshape(len(part), -1) for part in (noise, way))
    unit = ahead / np.maximum(np.linalg.norm(ahead, axis=1, keepdims=True), 1e-12)
    rows = rows - np.sum(rows * unit, axis=1, keepdims=True) * unit
    rows = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return rows.reshape(noise.shape)
