"""The sum of squares, with outliers held back."""

import keras
import tensorflow as tf

from tf_gencs import checks
from tf_gencs.losses.measurement_loss import MeasurementLoss


@keras.saving.register_keras_serializable(package="tf_gencs")
class Huber(MeasurementLoss):
    """Squares up to `delta`, straight lines beyond: (lanes, m) -> (lanes,).

    The sum over the measurements of r^2 where |r| <= delta and of
    2 delta |r| - delta^2 beyond, with r = y_pred - y_true: `SumSquaredError` as long as
    no residual exceeds delta (twice the function of Huber and of Keras). Two to three
    standard deviations of the noise are a usual delta.

    The curvature is that of the parabola which touches the loss at the residual, as in
    iteratively reweighted least squares: 2 within delta and 2 delta / |r| beyond, where
    the second derivative is 0.

    Args:
        delta: above 0, in units of y.
        name, reduction, dtype: as for `MeasurementLoss`.

    Raises:
        ValueError: `delta` is not a number above 0.

    Example:

    ```python
    loss = gencs.losses.Huber(delta=0.1)
    loss([[0.0, 0.0]], [[0.01, 5.0]])  # the outlier counts by its length alone
    model.compile(loss=loss)
    ```

    Source: Huber, "Robust estimation of a location parameter", 1964.
    """

    def __init__(self, delta, name="huber", reduction=None, dtype=None):
        super().__init__(name, reduction, dtype)
        self.delta = checks.number(delta, "delta", above=0)

    def call(self, y_true, y_pred):
        residual = y_pred - y_true
        clipped = tf.clip_by_value(residual, -self.delta, self.delta)
        # One formula for both cases: no branch may overflow while the other is taken.
        losses = clipped * residual + clipped * (residual - clipped)
        return tf.reduce_sum(losses, axis=-1)

    def _curvature(self, y_true, y_pred):
        residual = tf.abs(y_pred - y_true)
        return 2 * self.delta / tf.maximum(residual, self.delta)

    def get_config(self):
        return {**super().get_config(), "delta": self.delta}
