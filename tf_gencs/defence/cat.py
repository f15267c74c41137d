"""The cat by gradient: moved in pixels, and moved in latents."""

import dataclasses

from tf_gencs import seeds
from tf_gencs.defence.attack import Attack
from tf_gencs.defence.gradient_attacks import pgd
from tf_gencs.defence.in_range import latent_attack
from tf_gencs.models.given import generative


@dataclasses.dataclass(frozen=True)
class Cat:
    """The same images attacked in two ways, within the same distance.

    Attributes:
        pixels: `Attack` that moves every pixel by itself. It leaves G's range.
        latents: `Attack` that moves z. It stays in G's range.

    Example:

    ```python
    found = gencs.defence.cat(model, classifier, images, labels, steps=10, seed=0)
    found.pixels.images, found.latents.images  # two sets of images of the same digits
    ```
    """

    pixels: Attack
    latents: Attack


def cat(
    model,
    classifier,
    images,
    labels,
    *,
    eps=2.5,
    steps=100,
    target=None,
    bounds=None,
    seed=None,
):
    """Makes a classifier see something else: by pixels, and by latents.

    "Follow the gradient of *cat*" turns no image into a cat. Each pixel moves by a
    little, and the classifier is fooled by an image that looks as before. In G's range
    the same distance hardly ever suffices, and what fools the classifier looks like
    what it is taken for.

    Args:
        model: a `gencs.models.GenerativeModel`.
        classifier: Keras model of images in the model's range, to logits.
        images, labels, target, bounds: as for `pgd`.
        eps: the largest L2 distance from the image, for both.
        steps: of gradient ascent over pixels.
        seed: of starts; None draws one.

    Returns:
        `Cat`.

    Raises:
        TypeError, ValueError: naming the argument that is wrong.

    Example:

    ```python
    found = gencs.defence.cat(model, classifier, images, labels, eps=2.5, seed=0)
    found.pixels.accuracy, found.latents.accuracy  # pixels fool it more often
    ```
    """
    generative(model)
    seed = seeds.resolve(seed)
    given = {"target": target, "bounds": bounds, "seed": seed}
    return Cat(
        pgd(classifier, images, labels, eps=eps, steps=steps, **given),
        latent_attack(model, classifier, images, labels, eps=eps, **given),
    )
