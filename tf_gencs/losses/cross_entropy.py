"""The loss that wants a classifier to see a class."""

import keras
import tensorflow as tf

from tf_gencs import checks
from tf_gencs.losses.measurement_loss import MeasurementLoss

# Below this a probability's logarithm goes on as a straight line: -log(0) would be
# infinite, and so would its slope.
_LEAST = 1e-7


@keras.saving.register_keras_serializable(package="tf_gencs")
class CrossEntropy(MeasurementLoss):
    """Cross-entropy of a detector's output: (lanes, m) -> (lanes,).

    With m > 1 outputs, -sum_i y_i log p_i over m classes; with one output, which is
    the probability of class 1, -y log p - (1 - y) log(1 - p). y is a class for all
    lanes, or what `recover` is given: one-hot rows or probabilities.

    The curvature is Fisher's information: p (1 - p) of logits, the diagonal of their
    Hessian; of probabilities 1 / p, or 1 / (p (1 - p)) with one output, which makes
    the same of the logits behind them.

    Args:
        label: the class, from 0 to m - 1 (0 or 1 with one output); then no y is needed.
            None to compare with y.
        from_logits: whether the detector gives logits, else probabilities, which sum
            to 1. Logits are the better choice: a probability near 0 has lost its
            gradient. Probabilities below 1e-7 are continued by a straight line.
        name, reduction, dtype: as for `MeasurementLoss`.

    Raises:
        ValueError: `label` is not such an integer (m is known when called), or
            `from_logits` is no bool.

    Example:

    ```python
    nine = gencs.losses.CrossEntropy(9, from_logits=True)
    model.compile(loss={"digit": "sse", "nine": nine}, loss_weights={"nine": 3.0})
    ```

    Source: Bishop, "Pattern Recognition and Machine Learning", 2006, section 4.3.
    """

    def __init__(
        self,
        label=None,
        from_logits=False,
        name="cross_entropy",
        reduction=None,
        dtype=None,
    ):
        super().__init__(name, reduction, dtype)
        if label is not None:
            label = checks.integer(label, "label", at_least=0)
        self.label = label
        self.from_logits = checks.flag(from_logits, "from_logits")

    @property
    def needs_y(self):
        return self.label is None

    def call(self, y_true, y_pred):
        binary = self._binary(y_pred)
        target = self._target(y_true, y_pred, binary)
        if binary:
            # Zero is the logit of class 0: two classes like any others.
            target = tf.concat([1 - target, target], axis=-1)
            first = tf.zeros_like(y_pred) if self.from_logits else 1 - y_pred
            y_pred = tf.concat([first, y_pred], axis=-1)
        log = tf.nn.log_softmax(y_pred) if self.from_logits else _safe_log(y_pred)
        return -tf.reduce_sum(target * log, axis=-1)

    def _curvature(self, y_true, y_pred):
        binary = self._binary(y_pred)
        if self.from_logits:
            p = tf.sigmoid(y_pred) if binary else tf.nn.softmax(y_pred)
            return p * (1 - p)
        information = 1 / tf.maximum(y_pred, _LEAST)
        if binary:
            information += 1 / tf.maximum(1 - y_pred, _LEAST)
        return information

    def _binary(self, y_pred):
        outputs = y_pred.shape[-1]
        if outputs is None:
            raise ValueError(
                "`y_pred` must have a known number of outputs. Received: shape "
                f"{y_pred.shape}"
            )
        classes = max(outputs, 2)
        if self.label is not None and self.label >= classes:
            raise ValueError(
                f"`label` must be below the {classes} classes of the detector. "
                f"Received: {self.label}"
            )
        return outputs == 1

    def _target(self, y_true, y_pred, binary):
        if self.label is None:
            return y_true
        if binary:
            return tf.fill(tf.shape(y_pred), tf.constant(self.label, y_pred.dtype))
        return tf.one_hot(self.label, y_pred.shape[-1], dtype=y_pred.dtype)

    def get_config(self):
        config = {"label": self.label, "from_logits": self.from_logits}
        return {**super().get_config(), **config}


def _safe_log(p):
    """log p, with its tangent at `_LEAST` below that."""
    least = tf.cast(_LEAST, p.dtype)
    below = p < least
    return tf.math.log(tf.where(below, least, p)) + tf.where(below, p / least - 1, 0)
