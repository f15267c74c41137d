"""The loss that wants as much of a detector's output as there is."""

import keras
import tensorflow as tf

from tf_gencs import checks
from tf_gencs.losses.measurement_loss import MeasurementLoss


@keras.saving.register_keras_serializable(package="tf_gencs")
class Maximize(MeasurementLoss):
    """Minus the sum of a detector's outputs, or minus one of them.

    (lanes, m) -> (lanes,). It needs no y: `recover` takes None for it. A detector
    without bounds, of logits say, has no largest output: weigh it low, or use
    `CrossEntropy(label)`. The curvature is 0.

    Args:
        index: which output, from 0 to m - 1; None for the sum of all.
        name, reduction, dtype: as for `MeasurementLoss`.

    Raises:
        ValueError: `index` is not such an integer; m is known when called.

    Example:

    ```python
    model.compile(
        loss={"face": "sse", "mustache": gencs.losses.Maximize(index=3)},
        loss_weights={"mustache": 0.1},
    )
    ```
    """

    def __init__(self, index=None, name="maximize", reduction=None, dtype=None):
        super().__init__(name, reduction, dtype)
        if index is not None:
            index = checks.integer(index, "index", at_least=0)
        self.index = index

    @property
    def needs_y(self):
        return False

    def call(self, y_true, y_pred):
        if self.index is None:
            return -tf.reduce_sum(y_pred, axis=-1)
        outputs = y_pred.shape[-1]
        if outputs is not None and self.index >= outputs:
            raise ValueError(
                f"`index` must be below the {outputs} outputs of the detector. "
                f"Received: {self.index}"
            )
        return -y_pred[..., self.index]

    def _curvature(self, y_true, y_pred):
        return tf.zeros_like(y_pred)

    def get_config(self):
        return {**super().get_config(), "index": self.index}
