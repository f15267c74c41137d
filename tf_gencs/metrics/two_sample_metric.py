"""What all metrics of real against generated images share."""

import keras
import numpy as np
import tensorflow as tf

from tf_gencs import checks
from tf_gencs.metrics import image_features


class TwoSampleMetric(keras.metrics.Metric):
    """Base of metrics that compare two sets of images: real ones and generated ones.

    The sets need not be of one size and may come in any number of pieces:

    ```python
    metric.update_state(real, generated)
    metric.update_state(real)                    # more real images
    metric.update_state(generated=generated)     # more generated ones
    metric.result()
    metric.reset_state()                         # "generated" keeps the real ones
    ```

    These metrics work on arrays, outside of graphs, in float64.

    Args:
        features: what the images are compared in, see `image_features.get`: the name
            of a shipped classifier, a Keras model or layer, a function from images
            (batch, ...) to (batch, d), or None for the images' own values.
        value_range: (low, high) of the images, for a shipped classifier alone, which
            converts them; None if they are in its own range.
        batch_size: images whose features are computed at once.
        name, dtype: as for `keras.metrics.Metric`.

    Subclasses say what they keep of rows of features in `_start(d)` and
    `_add(side, rows)`, and forget it in `_forget(side)`; side is "real" or "generated".
    """

    SIDES = ("real", "generated")

    def __init__(
        self, features=None, value_range=None, batch_size=256, name=None, dtype=None
    ):
        checks.float_policy(dtype)
        super().__init__(name=name, dtype=dtype)
        self.features = features
        self.value_range = checks.value_range(value_range)
        self.batch_size = checks.integer(batch_size, "batch_size")
        self._features_of = image_features.get(features, self.value_range)
        self._width = None
        self.counts = dict.fromkeys(self.SIDES, 0)

    def update_state(self, real=None, generated=None):
        """Adds images.

        Args:
            real: images (batch, ...), finite, or None.
            generated: the same; another number of them, if wanted.

        Raises:
            TypeError: images that are no arrays of real numbers.
            ValueError: neither is given, the shape or range is wrong, or features are
                not (batch, d) and finite. Nothing is added then.
        """
        if real is None and generated is None:
            raise ValueError(
                "`real` or `generated` must be given. Received: None for both"
            )
        images = {"real": real, "generated": generated}
        rows = {
            side: self._features(value, side)
            for side, value in images.items()
            if value is not None
        }
        widths = {self._width, *(len(f[0]) for f in rows.values() if len(f))} - {None}
        if len(widths) > 1:
            raise ValueError(
                "`real` and `generated` must have the same number of features in "
                f"every call. Received: {sorted(widths)}"
            )
        if self._width is None and widths:
            self._width = widths.pop()
            self._start(self._width)
        for side, features in rows.items():
            if len(features):
                self._add(side, features)
                self.counts[side] += len(features)

    def reset_state(self, side=None):
        """Forgets both sets of images, or the one named: "real" or "generated"."""
        if side not in (None, *self.SIDES):
            raise ValueError(
                f"`side` must be None or one of {self.SIDES}. Received: {side!r}"
            )
        for name in self.SIDES if side is None else (side,):
            if self._width is not None:
                self._forget(name)
            self.counts[name] = 0
        if not any(self.counts.values()):
            self._width = None

    def _features(self, images, argument):
        if not tf.executing_eagerly():
            raise RuntimeError(
                f"{type(self).__name__} works on arrays, outside of `tf.function`: "
                "call it from a callback, or compile with run_eagerly=True"
            )
        images = checks.float_array(images, argument)
        if images.ndim < 2:
            raise ValueError(
                f"`{argument}` must have shape (batch, ...). Received: {images.shape}"
            )
        return image_features.in_batches(
            self._features_of, images, argument, self.batch_size
        )

    def _need(self, at_least):
        """Raises unless there are so many images of either side."""
        if min(self.counts.values()) < at_least:
            raise ValueError(
                f"{type(self).__name__} needs at least {at_least} `real` and "
                f"{at_least} `generated` images. Received: {self.counts['real']} and "
                f"{self.counts['generated']}"
            )

    def get_config(self):
        features = self.features
        if not isinstance(features, (str, type(None))):
            features = keras.saving.serialize_keras_object(features)
        return {
            **super().get_config(),
            "features": features,
            "value_range": self.value_range,
            "batch_size": self.batch_size,
        }

    @classmethod
    def from_config(cls, config):
        features = config.get("features")
        if isinstance(features, dict):
            features = keras.saving.deserialize_keras_object(features)
        return cls(**{**config, "features": features})


class StoredRowsMetric(TwoSampleMetric):
    """A two-sample metric that keeps every row: 8 bytes per image and number kept."""

    def _start(self, width):
        # In a tuple, not a list: Keras would wrap a list and look at all it holds.
        self._rows = dict.fromkeys(self.SIDES, ())

    def _add(self, side, rows):
        self._rows[side] = (*self._rows[side], rows)

    def _forget(self, side):
        self._rows[side] = ()

    def _stored(self):
        """All rows of either side, float64 (n, d) and (m, d)."""
        for side in self.SIDES:
            self._rows[side] = (np.concatenate(self._rows[side]),)
        return tuple(self._rows[side][0] for side in self.SIDES)
