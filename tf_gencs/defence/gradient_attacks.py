"""Attacks that follow a gradient: PGD, and BPDA through a defence that has none."""

import tensorflow as tf

from tf_gencs import checks, lookup
from tf_gencs.defence import arguments
from tf_gencs.defence.ascent import ascend
from tf_gencs.defence.purify_and_classify import PurifyAndClassify


def pgd(
    classifier,
    images,
    labels,
    *,
    eps,
    norm="l2",
    steps=40,
    step_size=None,
    restarts=1,
    draws=1,
    target=None,
    bounds=None,
    seed=None,
    stop_early=True,
):
    """Projected gradient descent, at what separates two logits.

    It raises the largest other logit over that of the label, whose gradient does not
    vanish where the classifier is sure, as that of the cross-entropy does.

    Args:
        classifier: function or Keras model, images (batch, ...) -> logits (batch,
            classes).
        images: (batch, ...), within the bounds.
        labels: (batch,), from 0.
        eps: the largest distance, in the norm.
        norm: "l2" or "linf".
        steps: of the ascent.
        step_size: length of a step; None is 2.5 eps / steps.
        restarts: starts, the first at the image itself, others in the ball.
        draws: gradients averaged at each step, for a classifier that is random
            (expectation over transformation). Success is judged by the mean logits.
        target: None, or the label that it should be taken for, one for all or each. An
            image that is taken for it already is a success at distance 0.
        bounds: (low, high) of pixels; None for the classifier's `value_range`, or
            (0, 1).
        seed: of starts; None draws one.
        stop_early: False goes on where the label is wrong already, to the largest gap:
            such images fool other classifiers, too.

    Returns:
        `Attack`.

    Raises:
        TypeError, ValueError: naming the argument that is wrong; a classifier that
            gives probabilities, or arrays of NumPy.

    Example:

    ```python
    attack = gencs.defence.pgd(classifier, images, labels, eps=1.5, restarts=5)
    attack.accuracy, attack.images
    ```

    Sources: Madry et al., "Towards deep learning models resistant to adversarial
    attacks", ICLR 2018; margins: Carlini and Wagner, S&P 2017; draws: Athalye et al.,
    "Synthesizing robust adversarial examples", ICML 2018.
    """
    task = arguments.task(classifier, images, labels, target, bounds)
    if len(task.images):
        arguments.gives_tensors(classifier(tf.constant(task.images[:1])))
    draws = checks.integer(draws, "draws")

    def judged(x):
        return classifier(x), None

    return ascend(
        task,
        _look(judged, task, draws),
        eps=eps,
        norm=norm,
        steps=steps,
        step_size=step_size,
        restarts=restarts,
        seed=seed,
        stop_early=stop_early,
    )


def bpda(
    defence,
    images,
    labels,
    *,
    eps,
    backward="identity",
    norm="l2",
    steps=40,
    step_size=None,
    restarts=5,
    draws=1,
    target=None,
    bounds=None,
    seed=None,
    stop_early=True,
):
    """PGD through a defence that purifies, by a derivative that stands in for its own.

    Forward it is the whole defence. Where the defence rejects, the attacker wants
    images that are accepted, too: while one is taken for something else and rejected,
    it moves towards the nearest G(z).

    Args:
        defence: a `PurifyAndClassify`, such as `InvertAndClassify`.
        backward: what stands in for the derivative of purification, one of
            `defence.backwards`: "identity"; of `InvertAndClassify` also "tangent", the
            projection onto G's tangents at the answer, which is the derivative of an
            exact projection onto a flat range.
        images, labels, eps, norm, steps, step_size, restarts, draws, target, bounds,
            seed, stop_early: as for `pgd`.

    Returns:
        `Attack`.

    Raises:
        TypeError, ValueError: naming the argument that is wrong.

    Example:

    ```python
    attack = gencs.defence.bpda(
        defence, images, labels, eps=2.5, backward="tangent", steps=5, restarts=1
    )
    attack.accuracy  # of the defence, whose purification the attack knows
    ```

    Source: Athalye, Carlini and Wagner, "Obfuscated gradients give a false sense of
    security", ICML 2018.
    """
    if not isinstance(defence, PurifyAndClassify):
        raise TypeError(
            "`defence` must be a `gencs.defence.PurifyAndClassify`; a classifier that "
            f"has a gradient `pgd` attacks. Received: {lookup.received(defence)}"
        )
    backward = checks.choice(backward, "backward", defence.backwards)
    task = arguments.task(defence, images, labels, target, bounds)
    draws = checks.integer(draws, "draws")

    def judged(x):
        purified = defence.differentiable(x, backward)
        return defence.classifier(purified, training=False), defence.excess(x, purified)

    return ascend(
        task,
        _look(judged, task, draws),
        eps=eps,
        norm=norm,
        steps=steps,
        step_size=step_size,
        restarts=restarts,
        seed=seed,
        stop_early=stop_early,
    )


def _look(judged, task, draws):
    """What `ascend` asks at each step, as one graph for every batch size."""

    def look(x, wanted):
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(x)
            seen = [judged(x) for _ in range(draws)]
            logits = tf.add_n([tf.cast(each, "float32") for each, _ in seen]) / draws
            gap = arguments.gaps(logits, wanted, task.target is not None)
            excess = None
            wants = gap
            if seen[0][1] is not None:
                excess = tf.add_n([each for _, each in seen]) / draws
                # What is accepted already goes on to the largest gap.
                wants = tf.where((gap > 0) & (excess > 0), -excess, gap)
        gradient = tape.gradient(wants, x, unconnected_gradients="zero")
        done = gap > 0 if excess is None else (gap > 0) & (excess <= 0)
        return wants, gradient, done

    if not len(task.images):
        return look
    # A concrete one: of the functions TensorFlow warns where attacks follow each other.
    return tf.function(look, autograph=False).get_concrete_function(
        tf.TensorSpec([None, *task.images.shape[1:]], tf.float32),
        tf.TensorSpec([None], tf.int64),
    )
