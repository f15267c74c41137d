"""One channel in place of many."""

import keras
import tensorflow as tf

from tf_gencs import checks
from tf_gencs.layers.measurement import Measurement
from tf_gencs.layers.support import signal_shapes

_LUMA = (0.2989, 0.587, 0.114)


@keras.saving.register_keras_serializable(package="tf_gencs")
class GrayscaleMeasurement(Measurement):
    """y = the weighted sum of a signal's channels: colourisation is its inverse.

    Of images (height, width, channels), lines (length, channels) and volumes (depth,
    height, width, channels).

    Args:
        weights: one finite number per channel; None takes the luma weights of ITU-R
            BT.601 (0.2989, 0.587, 0.114) for three channels, equal ones that sum to 1
            for any other number.
        **kwargs: as for `keras.layers.Layer`.

    Raises:
        ValueError: `weights` are no finite numbers; when built: signals without
            channels, or another number of them.

    Example:

    ```python
    A = gencs.layers.GrayscaleMeasurement()
    grey = A(faces)  # (batch, 64, 64, 3) -> (batch, 64, 64, 1)
    ```
    """

    _structural = ()

    def __init__(self, weights=None, **kwargs):
        super().__init__(**kwargs)
        if weights is not None:
            weights = checks.finite_numbers(weights, "weights")
        self.channel_weights = weights

    def build(self, input_shape):
        super().build(input_shape)
        places, channels = signal_shapes.split(self.signal_shape, self.name)
        weights = self.channel_weights
        if weights is not None and len(weights) != channels:
            raise ValueError(
                f"`weights` must hold {channels} numbers, one per channel of signals "
                f"of shape {self.signal_shape}. Received: {weights}"
            )
        if weights is None:
            weights = _LUMA if channels == 3 else (1 / channels,) * channels
        self.mix = self._add_implied("mix", (channels,), lambda: weights)
        self.measurement_shape = (*places, 1)

    def _measure(self, x):
        mixed = tf.tensordot(x, self._cast_mix(), 1)
        return tf.reshape(mixed, (-1, self.measurements))

    def _measure_adjoint(self, y):
        image = tf.reshape(y, (-1, *self.measurement_shape))
        return image * self._cast_mix()

    def _cast_mix(self):
        return tf.cast(tf.convert_to_tensor(self.mix), self.compute_dtype)

    def get_config(self):
        return {**super().get_config(), "weights": self.channel_weights}
