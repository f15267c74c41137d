"""Super-resolution and deblurring: blurred, smaller images."""

import keras
import tensorflow as tf

from tf_gencs import checks, ops
from tf_gencs.layers.measurement import Measurement
from tf_gencs.layers.support import blur_kernels, signal_shapes
from tf_gencs.layers.support.correlate import correlate
from tf_gencs.layers.support.transposed import transposed
from tf_gencs.ops.blur_downsample import BORDERS, MAX_FACTOR, check_reach


@keras.saving.register_keras_serializable(package="tf_gencs")
class BlurDownsample(Measurement):
    """Blurs images by a kernel and keeps every `factor`-th pixel each way.

    y is the small image (ceil(height / factor), ceil(width / factor), channels),
    flattened; see `measurement_shape`. Every pixel of it looks at a block of factor x
    factor pixels, and at its surroundings as far as the kernel reaches. Kernels are
    correlated with the image, not flipped. Lines (length, channels) and volumes (depth,
    height, width, channels) are blurred along all axes but that of channels.

    Separable blurs of images run one fused native op each way, where
    `gencs.ops.backend()` has them; all else is convolved by TensorFlow.

    Args:
        factor: int, from 1 (blur only) to 2^30.
        kernel: "gaussian" or "box", both of sum 1; or numbers, taken as they are:
            a 1-D array, for every axis;
            a pair of them, vertical and horizontal (a tuple of three for volumes);
            an array of two axes for images, of three for volumes: any point spread
            function, such as the trace of a moving camera.
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
            none; when built: signals (n,) without channels, a kernel of other axes
            than they have, or signals smaller than the kernel can be folded into.

    Example:

    ```python
    A = gencs.layers.BlurDownsample(2)
    y = A(x)  # (batch, 28, 28, 1) -> (batch, 196)
    small = tf.reshape(y, (-1, *A.measurement_shape))  # (batch, 14, 14, 1)
    motion = gencs.layers.BlurDownsample(1, np.eye(5) / 5)  # along the diagonal
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
        self.border = checks.choice(border, "border", BORDERS)
        if sigma is not None:
            sigma = checks.number(sigma, "sigma", above=0)
            if not isinstance(kernel, str) or kernel != "gaussian":
                raise ValueError(
                    "`sigma` must be None unless `kernel` is 'gaussian'. "
                    f"Received: {sigma}"
                )
        if size is not None:
            size = checks.integer(size, "size", at_most=blur_kernels.MAX_SIZE)
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
        self._named = kernel if isinstance(kernel, str) else None
        if self._named:
            self._kernels = (blur_kernels.named(kernel, self.factor, sigma, size),)
        else:
            self._kernels = blur_kernels.given(kernel)
        self.supports_jit = False  # XLA has no kernels for custom ops

    @property
    def kernel(self):
        """Its name, or its numbers as the config holds them."""
        return self._named or blur_kernels.pack(self._kernels)

    def build(self, input_shape):
        super().build(input_shape)
        places, channels = signal_shapes.split(self.signal_shape, self.name)
        kernels = blur_kernels.for_axes(self._kernels, len(places), self.name)
        whole = len(kernels) < len(places)
        taps = kernels[0].shape if whole else [len(kernel) for kernel in kernels]
        for count, size in zip(taps, places, strict=True):
            check_reach("kernel", count, size, self.factor, self.border)
        self.measurement_shape = (*(-(-s // self.factor) for s in places), channels)
        self._fused = len(places) == 2 and not whole
        self._kernel_weights = [
            self._add_implied(
                f"kernel_{axis}", kernel.shape, lambda kernel=kernel: kernel
            )
            for axis, kernel in enumerate(kernels)
        ]

    def _kernels_now(self):
        return [
            tf.cast(tf.convert_to_tensor(weight), self.compute_dtype)
            for weight in self._kernel_weights
        ]

    def _measure(self, x):
        if self._fused:
            kernels = self._kernels_now()
            y = ops.blur_downsample(x, *kernels, self.factor, self.border)
        else:
            y = self._correlated(x)
        return tf.reshape(y, (-1, self.measurements))

    def _measure_adjoint(self, y):
        small = tf.reshape(y, (-1, *self.measurement_shape))
        if not self._fused:
            return transposed(self._correlated, small, self.signal_shape)
        kernels, (height, width, _) = self._kernels_now(), self.signal_shape
        return ops.blur_downsample_adjoint(
            small, *kernels, self.factor, self.border, height, width
        )

    def _correlated(self, x):
        """(batch, *signal_shape) -> (batch, *measurement_shape)."""
        axes = len(self.signal_shape) - 1
        kernels = self._kernels_now()
        if len(kernels) < axes:
            return correlate(x, kernels[0], [self.factor] * axes, self.border)
        for axis, kernel in enumerate(kernels):
            alone = [1] * axes
            alone[axis] = -1
            factors = [self.factor if a == axis else 1 for a in range(axes)]
            x = correlate(x, tf.reshape(kernel, alone), factors, self.border)
        return x

    def get_config(self):
        config = {
            "factor": self.factor,
            "kernel": self.kernel,
            "sigma": self.sigma,
            "size": self.size,
            "border": self.border,
        }
        return {**super().get_config(), **config}

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "kernel": blur_kernels.unpack(config["kernel"])})
