"""The classifiers that ship with the package: a config, weights and a record each.

config.json     arguments of `ConvClassifier`
weights.npz     its weights in float16, in order
record.json     command, seed, data and accuracy of its training
"""

import json
import pathlib

import numpy as np
import tensorflow as tf

from tf_gencs import checks, files
from tf_gencs.metrics.conv_classifier import ConvClassifier
from tf_gencs.shipped import CONFIG, Shipped, read_weights, write

shipped = Shipped(
    pathlib.Path(__file__).parent / "shipped", "name", "a folder of a classifier"
)


def classifier_names():
    """Names of the classifiers that ship with the package.

    Example:

    ```python
    gencs.metrics.classifier_names()  # ["face_avatars", ..., "mnist_robust"]
    ```
    """
    return shipped.names()


def classifier(name, value_range=None):
    """Loads a classifier that ships with the package.

    | name | images | logits |
    |---|---|---|
    | `"mnist"` | (28, 28, 1) in [0, 1] | 10 digits: `exclusive`, softmax |
    | `"mnist_robust"` | the same | the same, trained on against attacks |
    | `"face_avatars"` | (64, 64, 3) in [-1, 1] | 8 attributes: each a sigmoid |

    `model.labels` names the logits. How each was trained and how often it is right on
    test images stands in its record, `classifier_record(name)`. What it says of images
    unlike its training data means little. Its features see what its labels ask for,
    hardly noise or blur: look at `SlicedWasserstein` and at the images for those.

    Args:
        name: one of `classifier_names()`, or a folder that `scripts/train_classifier`
            or `scripts/train_robust_classifier` wrote.
        value_range: (low, high) of the images to be given; None for the range above.

    Returns:
        `ConvClassifier`: call it for logits, `.features(images)` for features.

    Raises:
        TypeError, ValueError: naming the argument that is wrong, or a damaged file.

    Example:

    ```python
    digits = gencs.metrics.classifier("mnist", value_range=(-1, 1))
    digits(images), digits.features(images)               # (batch, 10), (batch, 64)
    ```
    """
    folder = shipped.folder(name)
    config = json.loads((folder / CONFIG).read_text())
    if checks.value_range(value_range) is not None:
        config["value_range"] = value_range
    model = ConvClassifier.from_config(config)
    weights = read_weights(folder, "classifier `name`")
    expected = [tuple(w.shape) for w in model.weights]
    if [w.shape for w in weights] != expected:
        raise ValueError(
            f"The weights of classifier `name` do not fit its config: {folder} has "
            f"shapes {[w.shape for w in weights]}, and the network {expected}"
        )
    model.set_weights(weights)
    return model


def classifier_record(name):
    """How a shipped classifier was made and how often it is right: a dict.

    Example:

    ```python
    record = gencs.metrics.classifier_record("mnist")
    ```
    """
    return shipped.record(name)


def save_classifier(model, folder, record):
    """Writes a classifier as a folder that `classifier` loads."""
    write(files.folder_to_write(folder, "folder"), model, record)


def attribute_frequencies(images, classifier_or_name="face_avatars", batch_size=256):
    """How often a classifier sees each of its labels.

    What a generator makes of the world: a mustache that a tenth of the training faces
    have, a tenth of the generated ones should have too.

    ```python
    gencs.metrics.attribute_frequencies(faces)
    # {"Male": 0.51, "Young": 0.68, ...}
    ```

    Args:
        images: (batch, height, width, channels), in the classifier's `value_range`.
        classifier_or_name: `ConvClassifier`, or the name of a shipped one.
        batch_size: images classified at once.

    Returns:
        dict from labels to shares of the images, in [0, 1]. Classes that exclude each
        other sum to 1; attributes need not.

    Raises:
        TypeError, ValueError: naming the argument that is wrong.
    """
    model = classifier_or_name
    if not isinstance(model, ConvClassifier):
        model = classifier(model)
    images = checks.float_array(images, "images", model.signal_shape)
    if not len(images):
        raise ValueError("`images` must hold at least one image. Received: none")
    seen = predicted_labels(model, images, checks.integer(batch_size, "batch_size"))
    return dict(zip(model.labels, seen.mean(axis=0).tolist(), strict=True))


def predicted_labels(model, images, batch_size=256):
    """What a `ConvClassifier` sees: images (n, ...) -> 0 or 1, float (n, labels)."""
    model.check_images(images)
    logits = np.concatenate(
        [
            model(tf.convert_to_tensor(images[i : i + batch_size]), training=False)
            for i in range(0, len(images), batch_size)
        ]
    )
    if model.exclusive:
        return np.eye(len(model.labels))[logits.argmax(axis=1)]
    return (logits > 0).astype(float)
