"""The data term of CSGM."""

import keras
import tensorflow as tf

from tf_gencs.losses.measurement_loss import MeasurementLoss


@keras.saving.register_keras_serializable(package="tf_gencs")
class SumSquaredError(MeasurementLoss):
    """||y_pred - y_true||^2, summed over the measurements: (lanes, m) -> (lanes,).

    The sum, not the mean: with A of N(0, 1/m) entries a latent penalty then weighs
    the same at every m. The curvature is 2.

    Args:
        name, reduction, dtype: as for `MeasurementLoss`.

    Example:

    ```python
    gencs.losses.SumSquaredError()([[1.0, 2.0]], [[1.0, 5.0]])  # [9.0]
    model.compile(loss="sse")  # the default
    ```

    Source: Bora et al., ICML 2017, section 3.
    """

    def __init__(self, name="sum_squared_error", reduction=None, dtype=None):
        super().__init__(name, reduction, dtype)

    def call(self, y_true, y_pred):
        return tf.reduce_sum(tf.square(y_pred - y_true), axis=-1)

    def _curvature(self, y_true, y_pred):
        return tf.fill(tf.shape(y_pred), tf.constant(2, y_pred.dtype))
