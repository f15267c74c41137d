"""The loss that outliers in y sway least."""

import keras
import tensorflow as tf

from tf_gencs import checks
from tf_gencs.losses.measurement_loss import MeasurementLoss


@keras.saving.register_keras_serializable(package="tf_gencs")
class AbsoluteError(MeasurementLoss):
    """||y_pred - y_true||_1, summed over the measurements: (lanes, m) -> (lanes,).

    Its gradient is the sign of each residual, 0 where that is 0. The second derivative
    is 0, which would tell Gauss-Newton nothing, so the curvature is the usual weight of
    iteratively reweighted least squares: that of the parabola which touches |r| at the
    residual, 1 / max(|r|, epsilon).

    Args:
        epsilon: residual below which the curvature grows no more, above 0, in units of
            y.
        name, reduction, dtype: as for `MeasurementLoss`.

    Raises:
        ValueError: `epsilon` is not a number above 0.

    Example:

    ```python
    model.compile(loss="l1")  # a few wild numbers in y no longer matter
    error = gencs.losses.AbsoluteError()([[1.0, 2.0]], [[1.0, 5.0]])  # about [3.0]
    ```

    Source: Lawson, "Contributions to the theory of linear least maximum
    approximation", 1961; Daubechies, DeVore, Fornasier and Gunturk, "Iteratively
    reweighted least squares minimization for sparse recovery", 2010.
    """

    def __init__(self, epsilon=1e-6, name="absolute_error", reduction=None, dtype=None):
        super().__init__(name, reduction, dtype)
        self.epsilon = checks.number(epsilon, "epsilon", above=0)

    def call(self, y_true, y_pred):
        return tf.reduce_sum(tf.abs(y_pred - y_true), axis=-1)

    def _curvature(self, y_true, y_pred):
        return 1 / tf.maximum(tf.abs(y_pred - y_true), self.epsilon)

    def get_config(self):
        return {**super().get_config(), "epsilon": self.epsilon}
