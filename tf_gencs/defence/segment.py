"""The segment attack: from an image towards a wrong one in G's range."""

import numpy as np

from tf_gencs import checks
from tf_gencs.defence import arguments
from tf_gencs.defence.arguments import distances
from tf_gencs.defence.attack import Attack
from tf_gencs.defence.in_range import latent_attack
from tf_gencs.defence.judging import nearest_on_the_way
from tf_gencs.models.given import generative


def segment(
    defence,
    images,
    labels,
    *,
    model=None,
    classifier=None,
    halvings=8,
    confidence=1.0,
    target=None,
    bounds=None,
    seed=None,
    **search,
):
    """Moves images straight to wrong ones in G's range, until the defence gives in.

    An image G(z') that the classifier takes for something else is one that no
    projection onto G's range can mend. The way there is as long as it must be: where
    on the segment the defence begins to fail, bisection finds. It needs no gradient of
    the defence, but one of the classifier.

    Args:
        defence: function or Keras model, images -> logits.
        images, labels, target, bounds: as for `pgd`.
        model: `gencs.models.GenerativeModel`; None for `defence.model`.
        classifier: that G(z') must fool, with a gradient; None for
            `defence.classifier`, or `defence`.
        halvings: of the segment.
        confidence: by how much G(z') must fool the classifier, in logits: what a
            defence makes of G(z') is not quite the same.
        seed: of starts; None draws one.
        **search: `steps`, `restarts`, `learning_rate`, `reach`, as for
            `latent_attack`, but of any length of z.

    Returns:
        `Attack`: the nearest failures on the segments, in L2. `within(eps)` tells who
        fails at which distance.

    Raises:
        TypeError, ValueError: naming the argument that is wrong.

    Example:

    ```python
    attack = gencs.defence.segment(defence, images, labels, steps=100, seed=0)
    attack.distance, attack.within(2.5)  # how far each must move; which need no more
    ```

    Source: Athalye, Carlini and Wagner, ICML 2018, which shows that such images exist.
    """
    halvings = checks.integer(halvings, "halvings")
    model = model if model is not None else getattr(defence, "model", None)
    if model is None:
        raise ValueError(
            "`model` must be given where the defence has no `model` of its own. "
            "Received: None"
        )
    generative(model)
    task = arguments.task(defence, images, labels, target, bounds)
    if not len(task.images):
        return Attack(task.images, np.zeros(0, bool), np.zeros(0))
    if classifier is None:
        classifier = getattr(defence, "classifier", defence)
    wrong = latent_attack(
        model,
        classifier,
        task.images,
        task.labels,
        target=target,
        confidence=confidence,
        bounds=task.bounds,
        seed=seed,
        **{"reach": np.inf, **search},
    )

    x, success = nearest_on_the_way(defence, task, wrong.images, halvings)
    return Attack(x, success, distances(x, task.images))
