"""Super-resolution: blurred, smaller images."""

import math

import keras
import numpy as np
import tensorflow as tf

from tf_gencs import checks, ops
from tf_gencs.layers.measurement import Measurement
from tf_gencs.ops.blur_downsample import BORDERS, MAX_FACTOR, check_reach

_AXES = ("vertical", "horizontal")
_MAX_SIZE = 2**20  # pixels of a kernel: no image is longer


@keras.saving.register_keras_serializable(package="tf_gencs")
class BlurDownsample(Measurement):
    """Blurs images by a separable kernel and keeps every `factor`-th pixel each way.

    y is the small image (ceil(height / factor), ceil(width / factor), channels),
    flattened; see `measurement_shape`. Every pixel of it looks at a block of factor x
    factor pixels, and at its surroundings as far as the kernel reaches. Kernels are
    correlated with the image, not flipped.

    Runs one fused native op each way, where `gencs.ops.backend()` has them.

    Args:
        factor: int, from 1 (blur only) to 2^30.
        kernel: "gaussian" or "box", both of sum 1, or 1-D array, for both axes, or a
            pair of them, vertical and horizontal, taken as they are.
        sigma: standard deviation of the Gaussian in pixels; None is factor / 2.
        size: length of a "gaussian" or "box" kernel, odd or even like `factor`, so
            that it is centred on the block. None is the shortest that reaches 3 sigma
            for a Gaussian, and `factor` for a box: y is the mean of every block then.
        border: what lies outside the image: "reflect" goes back into it without
            repeating the border pixel, "circular" goes on at the opposite border.
            Blocks that the border cuts are completed in the same way.
        **kwargs: as for `keras.layers.Layer`.

    Raises:
        TypeError: `kernel` is neither a name nor numbers.
        ValueError: an argument out of range; `sigma` or `size` for a kernel that has
            none; when built: signals that are no images, or smaller than the kernel
            can be folded into.

    Example:

    ```python
    A = gencs.layers.BlurDownsample(2)
    y = A(x)  # (batch, 28, 28, 1) -> (batch, 196)
    small = tf.reshape(y, (-1, *A.measurement_shape))  # (batch, 14, 14, 1)
    ```

    Source: Bora et al., "Compressed sensing using generative models", ICML 2017,
    section 6 (super-resolution).
    """

    # The native op takes both as attributes, and the kernels as inputs.
    _structural = ("factor", "border")

    def __init__(
        self,
        factor,
        kernel="gaussian",
        sigma=None,
        size=None,
        border="reflect",
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.factor = checks.integer(factor, "factor", at_most=MAX_FACTOR)
        if border not in BORDERS:
            raise ValueError(f"`border` must be one of {BORDERS}. Received: {border!r}")
        self.border = border
        if sigma is not None:
            sigma = checks.number(sigma, "sigma", above=0)
            if not isinstance(kernel, str) or kernel != "gaussian":
                raise ValueError(
                    "`sigma` must be None unless `kernel` is 'gaussian'. "
                    f"Received: {sigma}"
                )
        if size is not None:
            size = checks.integer(size, "size", at_most=_MAX_SIZE)
            if not isinstance(kernel, str):
                raise ValueError(
                    "`size` must be None where `kernel` is given as numbers. "
                    f"Received: {size}"
                )
            if (size - self.factor) % 2:
                raise ValueError(
                    "`size` must be odd or even like `factor`, so that the kernel is "
                    f"centred. Received: {size} with factor {self.factor}"
                )
        self.sigma = sigma
        self.size = size
        self.kernel = kernel
        self._kernels = self._make_kernels()  # vertical, horizontal
        if not isinstance(kernel, str):
            self.kernel = [entries.tolist() for entries in self._kernels]
        self.supports_jit = False  # XLA has no kernels for custom ops

    def _make_kernels(self):
        if not isinstance(self.kernel, str):
            return _given_kernels(self.kernel)
        if self.kernel == "gaussian":
            kernel = _gaussian(self.factor, self.sigma, self.size)
        elif self.kernel == "box":
            size = self.size or self.factor
            if size > _MAX_SIZE:
                raise ValueError(
                    f"`factor` must be at most {_MAX_SIZE} for a box. Received: {size}"
                )
            kernel = np.full(size, 1 / size)
        else:
            raise ValueError(
                "`kernel` must be 'gaussian', 'box' or numbers. "
                f"Received: {self.kernel!r}"
            )
        return kernel, kernel

    def build(self, input_shape):
        super().build(input_shape)
        height, width, channels = checks.image_shape(self.signal_shape, self.name)
        for kernel, size in zip(self._kernels, (height, width), strict=True):
            check_reach("kernel", len(kernel), size, self.factor, self.border)
        out = [-(-size // self.factor) for size in (height, width)]
        self.measurement_shape = (*out, channels)
        self.vertical, self.horizontal = (
            self._add_implied(name, kernel.shape, lambda kernel=kernel: kernel)
            for name, kernel in zip(_AXES, self._kernels, strict=True)
        )

    def _setting(self):
        kernels = (self.vertical, self.horizontal)
        kernels = (
            tf.cast(tf.convert_to_tensor(k), self.compute_dtype) for k in kernels
        )
        return (*kernels, self.factor, self.border)

    def _measure(self, x):
        y = ops.blur_downsample(x, *self._setting())
        return tf.reshape(y, (-1, self.measurements))

    def _measure_adjoint(self, y):
        small = tf.reshape(y, (-1, *self.measurement_shape))
        height, width, _ = self.signal_shape
        return ops.blur_downsample_adjoint(small, *self._setting(), height, width)

    def get_config(self):
        config = {
            "factor": self.factor,
            "kernel": self.kernel,
            "sigma": self.sigma,
            "size": self.size,
            "border": self.border,
        }
        return {**super().get_config(), **config}


def _gaussian(factor, sigma, size):
    sigma = factor / 2 if sigma is None else sigma
    if size is None:
        size = math.ceil(min(6 * sigma, _MAX_SIZE)) + 1
        size += (size - factor) % 2
    if size > _MAX_SIZE:
        raise ValueError(
            f"`sigma` (None: factor / 2) must give a kernel of at most {_MAX_SIZE} "
            f"pixels. Received: {sigma}"
        )
    at = np.arange(size) - (size - 1) / 2
    kernel = np.exp(-((at / sigma) ** 2) / 2)
    total = kernel.sum()
    if not total > 0:
        raise ValueError(
            "`sigma` must be large enough to weigh the pixels nearest to the centre. "
            f"Received: {sigma} with size {size}"
        )
    return kernel / total


def _given_kernels(kernel):
    """The vertical and the horizontal kernel, given as one or as a pair."""
    parts = list(kernel) if hasattr(kernel, "__len__") else []
    if len(parts) == 2 and all(np.ndim(part) == 1 for part in parts):
        return _given_kernel(parts[0]), _given_kernel(parts[1])
    return (_given_kernel(kernel),) * 2


def _given_kernel(kernel):
    array = np.asarray(kernel)
    if not (np.issubdtype(array.dtype, np.number) and np.isrealobj(array)):
        raise TypeError(
            f"`kernel` must be 'gaussian', 'box' or real numbers. Received: {kernel!r}"
        )
    array = array.astype(np.float64)
    if array.ndim != 1 or array.size == 0 or not np.isfinite(array).all():
        raise ValueError(
            "`kernel` must be one or two 1-D arrays of finite numbers. "
            f"Received: {kernel!r}"
        )
    return array
