"""The loss of phase retrieval."""

import keras
import tensorflow as tf

from tf_gencs.losses.measurement_loss import MeasurementLoss


@keras.saving.register_keras_serializable(package="tf_gencs")
class AmplitudeError(MeasurementLoss):
    """sum (|y_pred| - |y_true|)^2: measurements without their signs.

    For a linear A whose y lost its signs; between numbers of at least 0, as
    `MagnitudeMeasurement` gives, it is `SumSquaredError`. (lanes, m) -> (lanes,).

    It has a ridge at y_pred = 0, where the derivative jumps from 2 |y_true| to
    -2 |y_true|; there it is taken from the side of y_pred > 0, so that a search does
    not end on the ridge. The curvature is 2.

    Args:
        name, reduction, dtype: as for `MeasurementLoss`.

    Example:

    ```python
    model.compile(loss="amplitude")
    gencs.losses.AmplitudeError()([[1.0, 2.0]], [[-1.0, 2.0]])  # [0.0]
    ```

    Source: Wang, Giannakis and Eldar, "Solving systems of random quadratic equations
    via truncated amplitude flow", 2017; with a generator: Hand, Leong and Voroninski,
    "Phase retrieval under a generative prior", NeurIPS 2018.
    """

    def __init__(self, name="amplitude_error", reduction=None, dtype=None):
        super().__init__(name, reduction, dtype)

    def call(self, y_true, y_pred):
        # (|p| - |t|)^2 = (p - s |t|)^2 with s the sign of p, which has no derivative.
        amplitude = tf.abs(y_true)
        signed = tf.where(y_pred < 0, -amplitude, amplitude)
        return tf.reduce_sum(tf.square(y_pred - signed), axis=-1)

    def _curvature(self, y_true, y_pred):
        return tf.fill(tf.shape(y_pred), tf.constant(2, y_pred.dtype))
