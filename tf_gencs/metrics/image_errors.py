"""PSNR and SSIM of recovered against true images."""

import math

import keras
import numpy as np
import tensorflow as tf

from tf_gencs import checks, pixels


class _MeanOverImages(keras.metrics.Mean):
    """Mean of a figure of each pair of images."""

    def __init__(self, value_range, name, dtype=None):
        checks.float_policy(dtype)
        super().__init__(name=name, dtype=dtype)
        self.value_range = checks.value_range(value_range, required=True)

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Adds images.

        Args:
            y_true: images (batch, height, width, channels) in `value_range`; where the
                metric says so, other signals (batch, *signal_shape).
            y_pred: the same number of images of the same shape.
            sample_weight: weight of each image, (batch,), or None.

        Raises:
            TypeError: they are no arrays or tensors of real numbers.
            ValueError: another shape, or true images out of `value_range`;
                `InvalidArgumentError` for these within a graph.
        """
        low, high = self.value_range
        y_true, y_pred = _signals(y_true, "y_true"), _signals(y_pred, "y_pred")
        self._check_rank(y_true.shape)
        self._check_range(y_true)
        if not y_true.shape.is_compatible_with(y_pred.shape):
            ranks = y_true.shape.rank, y_pred.shape.rank
            way_out = ""
            if None not in ranks and abs(ranks[0] - ranks[1]) == 1:
                way_out = ": `[..., None]` adds a channel, `[None]` a batch of one"
            raise ValueError(
                f"`y_pred` must have the shape of `y_true`{way_out}. "
                f"Received: {y_pred.shape} for {y_true.shape}"
            )
        # SSIM compares brightness too, so black must be 0 as in TensorFlow's own range.
        y_true, y_pred = (tf.cast(y, self.dtype) - low for y in (y_true, y_pred))
        if sample_weight is not None:
            sample_weight = checks.tensor(sample_weight, "sample_weight")
            batch = y_true.shape[:1]
            if sample_weight.shape.rank and not batch.is_compatible_with(
                sample_weight.shape
            ):
                raise ValueError(
                    f"`sample_weight` must have shape {batch}. "
                    f"Received: {sample_weight.shape}"
                )
        figures = self._figures(y_true, y_pred, high - low)
        super().update_state(figures, sample_weight)

    def _check_range(self, y_true):
        if not isinstance(y_true, tf.Tensor) or tf.executing_eagerly():
            pixels.check(np.asarray(y_true), self.value_range, "y_true", 4)
            return
        low, high = self.value_range
        slack = pixels.STRICT * (high - low)
        y_true = tf.cast(y_true, self.dtype)
        fits = (y_true >= low - slack) & (y_true <= high + slack)
        tf.debugging.Assert(
            tf.reduce_all(fits),
            [
                "`y_true` must lie in the `value_range` of this metric, "
                f"({low:g}, {high:g}). Received: values from",
                tf.reduce_min(y_true),
                "to",
                tf.reduce_max(y_true),
            ],
        )

    def get_config(self):
        return {**super().get_config(), "value_range": self.value_range}


@keras.saving.register_keras_serializable(package="tf_gencs")
class PSNR(_MeanOverImages):
    """Peak signal-to-noise ratio in dB, the mean over images, or signals of any shape.

    10 log10((high - low)^2 / mean squared error) of each image, line or volume.
    Infinite as soon as one of them is found exactly.

    Args:
        value_range: (low, high) of the images.
        name, dtype: as for `keras.metrics.Metric`.

    Example:

    ```python
    metric = gencs.metrics.PSNR()
    metric.update_state(x, x + 0.1)
    float(metric.result())  # 20 dB
    ```
    """

    def __init__(self, value_range=(0.0, 1.0), name="psnr", dtype=None):
        super().__init__(value_range, name, dtype)

    def _check_rank(self, shape):
        if shape.rank is not None and shape.rank < 2:
            raise ValueError(
                "`y_true` must be signals (batch, *signal_shape). Received: "
                f"shape {shape}"
            )

    def _figures(self, y_true, y_pred, peak):
        axes = tf.range(1, tf.rank(y_true))
        error = tf.reduce_mean(tf.math.squared_difference(y_true, y_pred), axes)
        return -10 / math.log(10) * tf.math.log(error / peak**2)


@keras.saving.register_keras_serializable(package="tf_gencs")
class SSIM(_MeanOverImages):
    """Structural similarity, the mean over images: 1 for equal ones, 0 for unrelated.

    By `tf.image.ssim`, with its window of 11 x 11 pixels: images must be as large.
    Lines and volumes are refused.

    Args:
        value_range: (low, high) of the images.
        name, dtype: as for `keras.metrics.Metric`.

    Example:

    ```python
    metric = gencs.metrics.SSIM()
    metric.update_state(x, 0.9 * x)
    float(metric.result())  # near 1
    ```

    Source: Wang, Bovik, Sheikh and Simoncelli, "Image Quality Assessment: From Error
    Visibility to Structural Similarity", IEEE TIP 2004.
    """

    def __init__(self, value_range=(0.0, 1.0), name="ssim", dtype=None):
        super().__init__(value_range, name, dtype)

    def _check_rank(self, shape):
        if shape.rank != 4:
            fix = ": `images[..., None]` has a channel" if shape.rank == 3 else ""
            raise ValueError(
                f"`y_true` must have shape (batch, height, width, channels){fix}; "
                f"`{self.name}` compares images. Received: {shape}"
            )

    def _figures(self, y_true, y_pred, peak):
        small = [side for side in y_true.shape[1:3] if side is not None and side < 11]
        if small:
            raise ValueError(
                "`y_true` must have at least 11 x 11 pixels, the window of SSIM. "
                f"Received: {y_true.shape}"
            )
        return tf.image.ssim(y_true, y_pred, peak)


def _signals(signals, argument):
    signals = checks.tensor(signals, argument)
    checks.real(signals.dtype, argument)
    return signals
