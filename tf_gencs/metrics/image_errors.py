"""PSNR and SSIM of recovered against true images, by TensorFlow's own functions."""

import keras
import tensorflow as tf

from tf_gencs import checks


class _MeanOverImages(keras.metrics.Mean):
    """Mean of a figure of each pair of images."""

    def __init__(self, value_range, name, dtype=None):
        checks.float_policy(dtype, "dtype")
        super().__init__(name=name, dtype=dtype)
        self.value_range = checks.value_range(value_range, required=True)

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Adds images.

        Args:
            y_true: images (batch, height, width, channels) in `value_range`.
            y_pred: the same number of images of the same shape.
            sample_weight: weight of each image, (batch,), or None.

        Raises:
            TypeError: they are no arrays or tensors of real numbers.
            ValueError: they have no four axes, or not the same shape.
        """
        low, high = self.value_range
        y_true, y_pred = _images(y_true, "y_true"), _images(y_pred, "y_pred")
        if not y_true.shape.is_compatible_with(y_pred.shape):
            raise ValueError(
                "`y_pred` must have the shape of `y_true`. "
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

    def get_config(self):
        return {**super().get_config(), "value_range": self.value_range}


@keras.saving.register_keras_serializable(package="tf_gencs")
class PSNR(_MeanOverImages):
    """Peak signal-to-noise ratio in dB, the mean over images.

    10 log10((high - low)^2 / mean squared error) of each image, by `tf.image.psnr`.
    Infinite as soon as one image is found exactly.

    Args:
        value_range: (low, high) of the images.
        name, dtype: as for `keras.metrics.Metric`.
    """

    def __init__(self, value_range=(0.0, 1.0), name="psnr", dtype=None):
        super().__init__(value_range, name, dtype)

    def _figures(self, y_true, y_pred, peak):
        return tf.image.psnr(y_true, y_pred, peak)


@keras.saving.register_keras_serializable(package="tf_gencs")
class SSIM(_MeanOverImages):
    """Structural similarity, the mean over images: 1 for equal ones, 0 for unrelated.

    By `tf.image.ssim`, with its window of 11 x 11 pixels: images must be as large.

    Args:
        value_range: (low, high) of the images.
        name, dtype: as for `keras.metrics.Metric`.

    Source: Wang, Bovik, Sheikh and Simoncelli, "Image Quality Assessment: From Error
    Visibility to Structural Similarity", IEEE TIP 2004.
    """

    def __init__(self, value_range=(0.0, 1.0), name="ssim", dtype=None):
        super().__init__(value_range, name, dtype)

    def _figures(self, y_true, y_pred, peak):
        small = [side for side in y_true.shape[1:3] if side is not None and side < 11]
        if small:
            raise ValueError(
                "`y_true` must have at least 11 x 11 pixels, the window of SSIM. "
                f"Received: {y_true.shape}"
            )
        return tf.image.ssim(y_true, y_pred, peak)


def _images(images, argument):
    images = checks.tensor(images, argument)
    if not (images.dtype.is_floating or images.dtype.is_integer):
        raise TypeError(
            f"`{argument}` must hold real numbers. Received: dtype {images.dtype.name}"
        )
    if images.shape.rank not in (4, None):
        fix = ": `images[..., None]` has a channel" if images.shape.rank == 3 else ""
        raise ValueError(
            f"`{argument}` must have shape (batch, height, width, channels){fix}. "
            f"Received: {images.shape}"
        )
    return images
