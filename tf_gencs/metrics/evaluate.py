"""One report of all that tells a good generator from a bad one."""

import numpy as np

from tf_gencs import checks, pixels
from tf_gencs.metrics import image_features
from tf_gencs.metrics.frechet_distance import FrechetDistance
from tf_gencs.metrics.kernel_distance import KernelDistance
from tf_gencs.metrics.nearest import neighbour_distances
from tf_gencs.metrics.precision_recall import PrecisionRecall
from tf_gencs.metrics.sliced_wasserstein import SlicedWasserstein


def evaluate(model, images, features=None, *, seed=0, batch_size=256, pairs=1000):
    """Compares what a model generates with real images that it was not trained on.

    Generated images are clipped to the model's range, as they are when shown. As many
    are generated as there are real ones. What the numbers are where nothing is amiss,
    tells the same call for more real images: `evaluate(other_images, images)`.

    Args:
        model: `GenerativeModel`, or an array of generated images, of any number.
        images: real images, (n, *signal_shape), in the model's range.
        features: what Frechet and kernel distance, precision and recall are computed
            in, see `TwoSampleMetric`: the name of a shipped classifier, a Keras model,
            a function, or None for the pixels.
        seed: seed of what is generated, of the directions and of the parts.
        batch_size: images whose features are computed at once.
        pairs: so many images of each set, at most, are compared pair by pair.

    Returns:
        dict of numbers that JSON can hold:

        - "frechet_distance", "kernel_distance", "kernel_distance_error" (standard
          error), "precision", "recall": in the features
        - "sliced_wasserstein": in pixels
        - "nearest_generated": the least root mean square difference per pixel between
          two generated images
        - "nearest_real": the same of real images, but the 1st percentile over images
          of the difference to the nearest other one
        - "duplicates": share of generated images that have another one nearer than
          "nearest_real"; .01 or so where nothing is amiss
        - "real_images", "generated_images": how many there were

    Raises:
        TypeError, ValueError: naming the argument that is wrong.

    Example:

    ```python
    model = gencs.models.DCGAN.from_preset("dcgan_face_avatars_64")
    faces, attributes = gencs.datasets.face_avatars_samples()
    gencs.metrics.evaluate(model, faces, "face_avatars")
    ```
    """
    images = checks.float_array(images, "images")
    batch_size = checks.integer(batch_size, "batch_size")
    pairs = checks.integer(pairs, "pairs", at_least=2)
    if len(images) < 20:
        raise ValueError(f"`images` must hold at least 20. Received: {len(images)}")
    value_range = None
    if hasattr(model, "generate"):
        value_range = model.value_range
        pixels.check(images, value_range, "images")
        generated = model.generate(len(images), seed=seed)
        if value_range is not None:
            generated = np.clip(generated, *value_range)
    else:
        generated = checks.float_array(model, "model", images.shape[1:])
        if len(generated) < 20:
            raise ValueError(
                f"`model` must hold at least 20 images. Received: {len(generated)}"
            )
    # Only a shipped classifier converts images from one range to another.
    features_of = image_features.get(
        features, value_range if isinstance(features, str) else None
    )
    sets = {"images": images, "model": generated}
    rows = [
        image_features.in_batches(features_of, x, name, batch_size)
        for name, x in sets.items()
    ]
    frechet, kernel, manifolds = (
        FrechetDistance(),
        KernelDistance(seed=seed),
        PrecisionRecall(),
    )
    for metric in (frechet, kernel, manifolds):
        metric.update_state(*rows)  # features, computed once for the three
    wasserstein = SlicedWasserstein(seed=seed, batch_size=batch_size)
    wasserstein.update_state(images, generated)
    nearest = [_nearest(x, pairs) for x in _equally_many(images, generated)]
    threshold = float(np.percentile(nearest[0], 1))
    return {
        "frechet_distance": frechet.result(),
        "kernel_distance": kernel.result(),
        "kernel_distance_error": kernel.standard_error(),
        **manifolds.result(),
        "sliced_wasserstein": wasserstein.result(),
        "nearest_generated": float(nearest[1].min()),
        "nearest_real": threshold,
        "duplicates": float(np.mean(nearest[1] < threshold)),
        "real_images": len(images),
        "generated_images": len(generated),
    }


def _equally_many(images, generated):
    """The more images, the nearer the nearest: only equal numbers compare."""
    count = min(len(images), len(generated))
    return images[:count], generated[:count]


def _nearest(images, pairs):
    """Difference of each image to the nearest other, root mean square: (n,)."""
    rows = images[:pairs].reshape(len(images[:pairs]), -1).astype(np.float64)
    return np.sqrt(neighbour_distances(rows) / rows.shape[1])
