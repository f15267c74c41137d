"""Features: the numbers in which two sets of images are compared."""

import keras
import numpy as np
import tensorflow as tf

from tf_gencs import lookup
from tf_gencs.metrics.shipped_classifiers import classifier


def get(features, value_range=None):
    """Turns what a metric is given as `features` into a function.

    Args:
        features: None for the images' own values, flattened; the name of a shipped
            classifier, for its features, see `gencs.metrics.classifier`; a Keras model
            or layer, called with training=False; or another function. Each takes a
            batch of images (batch, ...) and gives (batch, d).
        value_range: (low, high) of the images, which a shipped classifier converts to
            what it was trained on; None if that is what they are in.

    Returns:
        Function from an array (batch, ...) to an array (batch, d).

    Raises:
        TypeError: `features` is none of these.
        ValueError: no classifier of that name, or a `value_range` that nothing needs.
    """
    if isinstance(features, str):
        return classifier(features, value_range=value_range).checked_features
    if value_range is not None:
        raise ValueError(
            "`value_range` must be None unless `features` names a shipped classifier: "
            f"nothing else converts images. Received: {value_range!r}"
        )
    if features is None:
        return lambda images: images.reshape(len(images), -1)
    if isinstance(features, keras.Layer):
        return lambda images: features(images, training=False)
    if callable(features) and not isinstance(features, type):
        return features
    raise TypeError(
        "`features` must be None, the name of a shipped classifier, a Keras model or a "
        f"function. Received: {lookup.received(features)}"
    )


def in_batches(function, images, argument, batch_size):
    """Features of images, computed `batch_size` at a time: float64 (n, d).

    Raises:
        ValueError: `function` does not give finite numbers (batch, d).
    """
    parts = [
        _checked(function(images[i : i + batch_size]), images[i : i + batch_size])
        for i in range(0, len(images), batch_size)
    ]
    rows = np.concatenate(parts) if parts else np.zeros((0, 0))
    if not np.isfinite(rows).all():
        raise ValueError(
            f"`features` must give finite numbers. Received: NaN or infinity for "
            f"{np.count_nonzero(~np.isfinite(rows).all(axis=1))} images of `{argument}`"
        )
    return rows


def _checked(rows, images):
    rows = np.asarray(tf.convert_to_tensor(rows), np.float64)
    if rows.ndim != 2 or len(rows) != len(images) or not rows.shape[1]:
        raise ValueError(
            "`features` must map (batch, ...) to (batch, d). Received: shape "
            f"{rows.shape} for images of shape {images.shape}"
        )
    return rows
