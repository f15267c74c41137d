"""Projected gradient ascent over pixels, for whatever tells gaps and gradients."""

import numpy as np
import tensorflow as tf

from tf_gencs import checks, seeds
from tf_gencs.defence.arguments import NORMS, distances
from tf_gencs.defence.attack import Attack
from tf_gencs.defence.judging import spread


def ascend(task, look, *, eps, norm, steps, step_size, restarts, seed, stop_early=True):
    """Moves images in a ball around each, up the gradient of a gap.

    With `stop_early` an image that has succeeded is done, and the rest goes on without
    it.

    Args:
        task: `arguments.Task`.
        look: function of (images, wanted labels), tensors, that gives gaps (batch,),
            their gradient (batch, ...), and whether each has succeeded.
        eps, norm, steps, step_size, restarts, seed, stop_early: see `pgd`.

    Returns:
        `Attack`.
    """
    eps = checks.number(eps, "eps", above=0)
    norm = checks.choice(norm, "norm", NORMS)
    steps = checks.integer(steps, "steps")
    restarts = checks.integer(restarts, "restarts")
    if step_size is None:
        step_size = 2.5 * eps / steps
    step_size = checks.number(step_size, "step_size", above=0)
    rng = np.random.default_rng([seeds.resolve(seed), *b"starts of an attack"])

    count, axes = len(task.images), tuple(range(1, task.images.ndim))
    best = task.images.copy()
    best_gap = np.full(count, -np.inf)
    success = np.zeros(count, bool)
    looks = flat = 0
    for restart in range(restarts):
        x = task.images if restart == 0 else _start(task, eps, norm, rng)
        left = np.flatnonzero(~success) if stop_early else np.arange(count)
        x = x[left]
        for step in range(steps + 1):
            if not len(left):
                break
            told = look(tf.constant(x), tf.constant(task.wanted[left]))
            gap, gradient, done = (np.asarray(part) for part in told)
            better = gap > best_gap[left]
            better = np.where(success[left], better & done, better | done)
            best[left[better]] = x[better]
            best_gap[left[better]] = gap[better]
            success[left[done]] = True
            looks += len(left)
            flat += len(x) - np.count_nonzero(np.any(gradient, axis=axes))
            if stop_early:
                left, x, gradient = left[~done], x[~done], gradient[~done]
            if len(left) and step < steps:
                x = x + step_size * _unit(gradient, norm)
                x = _within(x, task.images[left], eps, norm, task.bounds)
    return Attack(
        images=best,
        success=success,
        distance=distances(best, task.images, norm),
        norm=norm,
        flat=flat / max(1, looks),
    )


def in_ball(images, eps, norm, rng):
    """Random moves of length up to eps, evenly in the ball."""
    if norm == "linf":
        return rng.uniform(-eps, eps, images.shape).astype(images.dtype)
    moves = _unit(rng.normal(size=images.shape), norm)
    size = np.prod(images.shape[1:])
    reach = eps * rng.uniform(size=len(images)) ** (1 / size)
    return (moves * spread(reach, images)).astype(images.dtype)


def noisy(x, e, bounds, rng):
    """Images with noise of length e, within the bounds, which take some of it away."""
    move = in_ball(x, e, "l2", rng)
    for _ in range(10):
        moved = np.clip(x + move, *bounds).astype(x.dtype)
        move *= spread(e / np.maximum(distances(moved, x), 1e-12), x)
    return moved


def _start(task, eps, norm, rng):
    return np.clip(task.images + in_ball(task.images, eps, norm, rng), *task.bounds)


def _within(x, centre, eps, norm, bounds):
    """The nearest images in the ball, then within the bounds, which keeps the ball."""
    move = x - centre
    if norm == "linf":
        move = np.clip(move, -eps, eps)
    else:
        length = distances(x, centre)
        move = move * spread(np.minimum(1, eps / np.maximum(length, 1e-12)), x)
    return np.clip(centre + move, *bounds).astype(centre.dtype)


def _unit(gradient, norm):
    if norm == "linf":
        return np.sign(gradient)
    # Tiny gradients are directions too.
    rows = gradient.astype("float64").reshape(-1, np.prod(gradient.shape[1:]))
    largest = np.maximum(np.abs(rows).max(axis=1, keepdims=True, initial=0), 1e-300)
    rows = rows / largest
    rows = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return rows.reshape(gradient.shape)
