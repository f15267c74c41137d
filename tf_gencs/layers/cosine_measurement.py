"""The subsampled randomised cosine transform."""

import math

import keras
import tensorflow as tf

from tf_gencs import checks
from tf_gencs.layers.subsampled_measurement import SubsampledMeasurement
from tf_gencs.layers.support import signal_shapes
from tf_gencs.layers.support.wide_float import in_fft


@keras.saving.register_keras_serializable(package="tf_gencs")
class CosineMeasurement(SubsampledMeasurement):
    """y = sqrt(n/m) R C D vec(x): random signs, orthonormal DCT-II, random rows.

    C is the cosine transform of each channel's image, line or volume, along all its
    axes, or, flat, of all n values in a row. E||A x||^2 = ||x||^2 over seeds. Takes
    O(n log n) time for any n, and stores n signs and m row numbers.

    Args:
        measurements: m, from 1 to n.
        flat: whether C is one transform of n values, of signals of any shape; else
            they must be (height, width, channels), (length, channels) or (depth,
            height, width, channels).
        seed: seed of signs and rows; None draws one, see `get_config()["seed"]`.
        **kwargs: as for `keras.layers.Layer`.

    Raises:
        ValueError: `measurements` below 1, not an integer or (when built) above n; a
            wrong `flat` or seed; when built: signals (n,) without channels, unless
            `flat`.

    Example:

    ```python
    A = gencs.layers.CosineMeasurement(100, seed=0)
    y = A(x)
    A.operator_norm()  # sqrt(784 / 100): its rows are orthogonal
    ```

    Source: Do, Gan, Nguyen and Tran, "Fast and efficient compressive sensing using
    structurally random matrices", 2012.
    """

    stem = "cosine"
    _structural = ("flat",)

    def __init__(self, measurements, flat=False, seed=None, **kwargs):
        super().__init__(measurements, seed, **kwargs)
        self.flat = checks.flag(flat, "flat")

    def build(self, input_shape):
        if not self.flat:
            shape = signal_shapes.checked(input_shape, self.name)
            signal_shapes.split(shape, f"{self.name}` without `flat=True")
        super().build(input_shape)

    def _transform(self, x):
        return self._over_axes(x, tf.signal.dct)

    def _transform_adjoint(self, x):
        return self._over_axes(x, tf.signal.idct)

    def _over_axes(self, x, transform):
        def along_last(values):
            return transform(values, type=2, norm="ortho")

        if self.flat:
            return in_fft(along_last, x)
        # Axes take turns at being the last: channels first of all, then each place.
        x = self._unflatten(x)
        turn = (0, x.shape.rank - 1, *range(1, x.shape.rank - 1))
        for _ in self.signal_shape[:-1]:
            x = in_fft(along_last, tf.transpose(x, turn))
        return self._flatten(tf.transpose(x, turn))

    def _scale(self):
        return math.sqrt(self.signal_size / self.measurements)

    def get_config(self):
        return {**super().get_config(), "flat": self.flat}
