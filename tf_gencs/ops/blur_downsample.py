"""Separable blur and downsampling of images, and the adjoint: super-resolution.

    y[b, p, q, c] = sum_ij kernel_y[i] kernel_x[j]
                           images[b, Y(f p + i + t_y), X(f q + j + t_x), c]

with t = floor((f - taps) / 2) on each axis: a kernel whose length is odd or even like
the factor f is centred on its block of f pixels, and a box of f entries is the mean of
exactly that block. The kernel is correlated, not flipped. Y and X fold positions
outside the image back into it: "circular" goes on at the opposite border, "reflect"
goes back without repeating the border pixel. They fold once: taps may reach at most
`size` pixels outside an axis circularly, and `size - 1` reflected.

Source: Bora et al., "Compressed sensing using generative models", 2017, section 6.
"""

import tensorflow as tf

from tf_gencs.ops import library
from tf_gencs.ops.blur_downsample_twin import (
    BORDERS,
    MAX_FACTOR,
    blur_downsample_adjoint_twin,
    blur_downsample_twin,
    check_kernels,
    check_reach,
    checked,
    checked_sizes,
    transpose_twin,
)

__all__ = [
    "BORDERS",
    "MAX_FACTOR",
    "blur_downsample",
    "blur_downsample_adjoint",
    "check_reach",
]


def blur_downsample(images, kernel_y, kernel_x, factor, border="circular"):
    """Blurs images and keeps every `factor`-th pixel of each axis.

    Differentiable in the images, any number of times, but not in the kernels. float32
    and float64 run in one native op where there is one.

    Args:
        images: floating-point tensor of shape (batch, height, width, channels).
        kernel_y: tensor of shape (taps_y,) and the same dtype, the vertical kernel.
        kernel_x: tensor of shape (taps_x,) and the same dtype, the horizontal kernel.
        factor: int, from 1 to 2^30.
        border: "circular" or "reflect".

    Returns:
        Tensor of shape (batch, ceil(height / factor), ceil(width / factor), channels).

    Raises:
        TypeError: images are not floating point.
        ValueError: a wrong factor or border, static shapes that do not fit, or a
            kernel that reaches too far outside.
        tf.errors.InvalidArgumentError: the same of shapes known only at run time.

    Example:

    ```python
    box = tf.ones([2]) / 2
    y = gencs.ops.blur_downsample(x, box, box, 2)  # means of 2 x 2: (batch, 14, 14, 1)
    ```
    """
    images, kernels = checked("images", images, kernel_y, kernel_x, factor, border)
    check_kernels(
        images.shape[1:3] if images.shape.rank else (), kernels, factor, border
    )
    ops = library.native(images.dtype)
    if ops is None:
        return blur_downsample_twin(images, *kernels, factor, border)
    return ops.gencs_blur_downsample(
        images=images,
        kernel_y=kernels[0],
        kernel_x=kernels[1],
        factor=factor,
        border=border,
    )


def blur_downsample_adjoint(y, kernel_y, kernel_x, factor, border, height, width):
    """The exact transpose of `blur_downsample`.

    Args:
        y: floating-point tensor of shape (batch, ceil(height / factor),
            ceil(width / factor), channels).
        kernel_y, kernel_x, factor, border: as for `blur_downsample`.
        height: int, of the images.
        width: int, of the images.

    Returns:
        Tensor of shape (batch, height, width, channels).

    Raises:
        As `blur_downsample`.

    Example:

    ```python
    box, y = tf.ones([2]) / 2, tf.ones([1, 14, 14, 1])
    x = gencs.ops.blur_downsample_adjoint(y, box, box, 2, "circular", 28, 28)
    x  # all 0.25, (1, 28, 28, 1)
    ```
    """
    y, kernels = checked("y", y, kernel_y, kernel_x, factor, border)
    sizes = checked_sizes(y, height, width, factor)
    check_kernels(sizes, kernels, factor, border)
    ops = library.native(y.dtype)
    if ops is None:
        return blur_downsample_adjoint_twin(y, *kernels, factor, border, *sizes)
    return ops.gencs_blur_downsample_adjoint(
        y=y,
        kernel_y=kernels[0],
        kernel_x=kernels[1],
        factor=factor,
        border=border,
        height=sizes[0],
        width=sizes[1],
    )


@tf.RegisterGradient("Gencs>BlurDownsample")
def _gradient(op, gradient):
    images, kernel_y, kernel_x = op.inputs
    factor, border = op.get_attr("factor"), op.get_attr("border").decode()
    sizes = images.shape[1:3].as_list()
    adjoint = blur_downsample_adjoint
    if None in sizes:  # the native op wants to know them when it is made
        adjoint, sizes = transpose_twin, tf.unstack(tf.shape(images)[1:3], 2)
    return adjoint(gradient, kernel_y, kernel_x, factor, border, *sizes), None, None


@tf.RegisterGradient("Gencs>BlurDownsampleAdjoint")
def _adjoint_gradient(op, gradient):
    factor, border = op.get_attr("factor"), op.get_attr("border").decode()
    return blur_downsample(gradient, *op.inputs[1:], factor, border), None, None
