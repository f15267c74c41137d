"""What the losses of a recovery share."""

import keras
import tensorflow as tf

from tf_gencs import checks
from tf_gencs.config_repr import config_repr


class MeasurementLoss(keras.losses.Loss):
    """A Keras loss of (lanes, m) that gives one number per lane, and its curvature.

    Subclasses write `call(y_true, y_pred)` -> (lanes,) and `curvature`. Where Keras
    computes in float32 unless told, these follow y_pred into float64.

    Args:
        name, reduction, dtype: as for `keras.losses.Loss`, but lanes stay apart
            (`reduction=None`) unless told, and `dtype=None` is float64 if y_pred is,
            else Keras's default float.

    Attributes:
        needs_y: whether the loss compares with measurements; if not, `y_true` may be
            None.

    Example:

    ```python
    @keras.saving.register_keras_serializable(package="mine")
    class FourthPowers(gencs.losses.MeasurementLoss):
        def __init__(self, name="fourth_powers", **kwargs):
            super().__init__(name, **kwargs)

        def call(self, y_true, y_pred):
            return tf.reduce_sum((y_pred - y_true) ** 4, axis=-1)

    model.compile(loss=FourthPowers())
    ```
    """

    def __init__(self, name, reduction=None, dtype=None):
        checks.float_policy(dtype)
        if name is not None and not isinstance(name, str):
            raise ValueError(f"`name` must be None or a name. Received: {name!r}")
        if reduction is not None and not isinstance(reduction, str):
            raise ValueError(
                f"`reduction` must be None or a name. Received: {reduction!r}"
            )
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self._given_dtype = None if dtype is None else self.dtype

    @property
    def needs_y(self):
        return True

    def __call__(self, y_true, y_pred, sample_weight=None):
        """Values of the lanes, (lanes,).

        Raises:
            ValueError: `y_true` is missing, or of another shape than `y_pred`.
        """
        y_pred = checks.float_tensor(y_pred, "y_pred")
        y_true = self._comparable(y_true, y_pred)
        wider = tf.as_dtype(y_pred.dtype) == tf.float64 and self.dtype != "float64"
        if wider and self._given_dtype is None:
            wide = self.from_config({**self.get_config(), "dtype": "float64"})
            return wide(y_true, y_pred, sample_weight)
        return super().__call__(y_true, y_pred, sample_weight)

    def curvature(self, y_true, y_pred):
        """Curvature of every summand in y_pred, at least 0, for Gauss-Newton.

        With J the Jacobian of y_pred, J^T diag(curvature) J stands in for the Hessian.

        Args:
            y_true: (lanes, m), or None unless `needs_y`.
            y_pred: (lanes, m), float32 or float64.

        Returns:
            (lanes, m), in the dtype of y_pred.
        """
        y_pred = checks.float_tensor(y_pred, "y_pred")
        y_true = self._comparable(y_true, y_pred)
        return self._curvature(tf.cast(y_true, y_pred.dtype), y_pred)

    def _curvature(self, y_true, y_pred):
        raise NotImplementedError

    def _comparable(self, y_true, y_pred):
        if not self.needs_y:
            return y_pred  # whatever was given, `call` does not look at it
        if y_true is None:
            raise ValueError(f"`y_true` must be given to `{self.name}`. Received: None")
        y_true = checks.tensor(y_true, "y_true")
        checks.real(y_true.dtype, "y_true")
        if not tf.TensorShape(y_true.shape).is_compatible_with(y_pred.shape):
            raise ValueError(
                f"`y_true` must have the shape {tuple(y_pred.shape)} of `y_pred`. "
                f"Received: {tuple(y_true.shape)}"
            )
        return y_true

    def get_config(self):
        given = {} if self._given_dtype is None else {"dtype": self._given_dtype}
        return {**super().get_config(), **given}

    def __repr__(self):
        return config_repr(self, without=("name", "reduction", "dtype"))
