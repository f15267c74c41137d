"""Where a defence fails: what attacks without gradients ask it."""

import numpy as np


def failures(defence, x, task):
    """At which images the attacker has what it wants: bool (batch,).

    The defence takes them for something else, and accepts them.

    Args:
        defence: function of images to logits, with `rejects` perhaps.
        x: images (batch, *signal_shape).
        task: `arguments.Task`.
    """
    if not len(x):
        return np.zeros(0, bool)
    found = np.asarray(defence(x)).argmax(axis=1)
    wrong = found != task.labels if task.target is None else found == task.target
    rejects = rejection(defence)
    if rejects is not None and wrong.any():
        wrong[wrong] = ~rejects(x[wrong])
    return wrong


def rejection(defence):
    """How a defence refuses images, `rejects`; None of one that refuses none."""
    if not getattr(defence, "rejecting", True):
        return None
    return getattr(defence, "rejects", None)


def between(images, others, share):
    """Images on the way to others: share (batch,) of it."""
    return images + spread(share, images) * (others - images)


def nearest_on_the_way(defence, task, others, halvings):
    """By bisection, images on the way to others from which on a defence fails.

    Args:
        defence, task: as for `failures`.
        others: images (batch, *signal_shape), at the far ends.
        halvings: of the way.

    Returns:
        Images, and whether each fails: where nothing did, it is the far end.
    """
    at_once, at_end = (failures(defence, x, task) for x in (task.images, others))
    # Where the far end is right, something on the way to it may not be.
    found = at_once | at_end
    low, high = np.zeros(len(others)), np.ones(len(others))
    for _ in range(halvings):
        middle = (low + high) / 2
        failing = failures(defence, between(task.images, others, middle), task)
        high, low = np.where(failing, middle, high), np.where(failing, low, middle)
        found |= failing
    high = np.where(at_once, 0, high)
    return between(task.images, others, high), found


def spread(numbers, images):
    """Numbers (batch,), to be multiplied with images."""
    return numbers.reshape(-1, *[1] * (images.ndim - 1)).astype(images.dtype)
