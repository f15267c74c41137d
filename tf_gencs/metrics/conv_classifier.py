"""The small convolutional classifier whose features the metrics compare images in.

It needs keras alone, so it can be trained on any Keras backend and its weights used
here.
"""

import math

import keras
import tensorflow as tf

from tf_gencs import checks, pixels


@keras.saving.register_keras_serializable(package="tf_gencs")
class ConvClassifier(keras.Model):
    """Convolutions of stride 2 down to 4 x 4 pixels, 64 features, one logit a label.

    Args:
        signal_shape: (height, width, channels) of the images, 8 pixels or more a side.
        labels: names of the classes or attributes, one logit each.
        exclusive: True for classes, of which an image has one (softmax makes
            probabilities); False for attributes, of which it has any number (sigmoid).
        value_range: (low, high) of the images it is given. The network itself sees
            [-1, 1]; one set of weights serves every range.
        widths: channels after each convolution; the last one goes on where an image
            needs more of them.
        feature_count: number of features.
        dropout: share of values dropped before the features, in training.
        dtype: Keras dtype or policy.
        **kwargs: `name`.

    Call:
        images (batch, *signal_shape) in `value_range` -> logits (batch, labels).

    Attributes:
        body: Keras model, images -> features (batch, feature_count), 0 or more.
        head: dense layer, features -> logits.

    Example:

    ```python
    classifier = gencs.metrics.ConvClassifier((28, 28, 1), labels=list("0123456789"))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    classifier.compile("adam", loss)
    logits = classifier.predict(x, verbose=0)  # (batch, 10)
    ```
    """

    def __init__(
        self,
        signal_shape,
        labels,
        exclusive=True,
        value_range=(0.0, 1.0),
        widths=(16, 32, 64, 64),
        feature_count=64,
        dropout=0.3,
        dtype=None,
        **kwargs,
    ):
        super().__init__(dtype=dtype, **kwargs)
        self.signal_shape = checks.sizes(signal_shape, "signal_shape", length=3)
        self.labels = tuple(labels)
        if not self.labels or not all(isinstance(name, str) for name in self.labels):
            raise ValueError(
                f"`labels` must be at least one name. Received: {self.labels}"
            )
        self.exclusive = checks.flag(exclusive, "exclusive")
        self.value_range = checks.value_range(value_range, required=True)
        self.widths = checks.sizes(widths, "widths")
        if not self.widths:
            raise ValueError("`widths` must hold at least one integer. Received: ()")
        self.feature_count = checks.integer(feature_count, "feature_count")
        self.dropout = checks.number(dropout, "dropout", at_least=0, below=1)
        self.body = conv_features(
            self.signal_shape,
            self.value_range,
            self.widths,
            self.feature_count,
            self.dropout,
            dtype,
        )
        self.head = keras.layers.Dense(len(self.labels), name="logits", dtype=dtype)
        self.head.build((None, self.feature_count))
        self.built = True

    def __call__(self, x, *args, **kwargs):
        if not isinstance(x, (tf.Tensor, keras.KerasTensor)):
            x = checks.tensor(x, "x")
        checks.real(x.dtype, "x")
        shape = tf.TensorShape(x.shape)
        if not shape.is_compatible_with((None, *self.signal_shape)):
            sizes = ", ".join(map(str, self.signal_shape))
            raise ValueError(
                f"`x` must be images (batch, {sizes}). Received: shape {shape}"
            )
        return super().__call__(x, *args, **kwargs)

    def call(self, x, training=None):
        return self.head(self.body(x, training=training))

    def features(self, x):
        """Features of images: (batch, *signal_shape) -> (batch, feature_count)."""
        return self.body(x, training=False)

    def checked_features(self, x):
        """`features`, but images that are clearly in another range are refused."""
        self.check_images(x)
        return self.features(x)

    def check_images(self, x):
        """Raises ValueError for arrays of another shape, or clearly another range.

        Warns of those that use the upper half of the range alone.
        """
        if tuple(x.shape[1:]) != self.signal_shape:
            raise ValueError(
                f"`images` must have shape (batch, *{self.signal_shape}) for this "
                f"classifier. Received: {tuple(x.shape)}"
            )
        low, high = self.value_range
        slack = (high - low) / 2  # a generator may overshoot
        if x.shape[0] and (x.min() < low - slack or x.max() > high + slack):
            raise ValueError(
                f"`images` must lie in `value_range` = {self.value_range}; "
                "`value_range=` of what loaded the classifier says what they are in. "
                f"Received: values from {x.min():.4g} to {x.max():.4g}"
            )
        pixels.warn(x, self.value_range, "images", slack=math.inf, stacklevel=4)

    def get_config(self):
        return {
            **super().get_config(),
            "signal_shape": self.signal_shape,
            "labels": self.labels,
            "exclusive": self.exclusive,
            "value_range": self.value_range,
            "widths": self.widths,
            "feature_count": self.feature_count,
            "dropout": self.dropout,
        }


def conv_features(signal_shape, value_range, widths, feature_count, dropout, dtype):
    """Images -> features; see `ConvClassifier` for the arguments."""
    low, high = value_range
    x = keras.Input(signal_shape, name="images")
    scale = 2 / (high - low)
    h = keras.layers.Rescaling(scale, -1 - scale * low, dtype=dtype)(x)
    side, stage = max(signal_shape[:2]), 0
    while side > 4:
        h = keras.layers.Conv2D(
            widths[min(stage, len(widths) - 1)],
            5 if stage == 0 else 3,
            strides=2,
            padding="same",
            data_format="channels_last",
            activation="relu",
            name=f"conv_{stage}",
            dtype=dtype,
        )(h)
        side, stage = -(-side // 2), stage + 1
    h = keras.layers.Flatten("channels_last", dtype=dtype)(h)
    h = keras.layers.Dropout(dropout, dtype=dtype)(h)
    features = keras.layers.Dense(
        feature_count, activation="relu", name="features", dtype=dtype
    )(h)
    return keras.Model(x, features, name="body")
