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

from tf_gencs import checks
from tf_gencs.ops import library

BORDERS = ("circular", "reflect")
MAX_FACTOR = 2**30
_NATIVE_DTYPES = (tf.float32, tf.float64)


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
    """
    images, kernels = _checked("images", images, kernel_y, kernel_x, factor, border)
    _check_reach(
        images.shape[1:3] if images.shape.rank else (), kernels, factor, border
    )
    ops = library.native()
    if ops is None or images.dtype not in _NATIVE_DTYPES:
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
    """
    y, kernels = _checked("y", y, kernel_y, kernel_x, factor, border)
    sizes = _checked_sizes(y, height, width, factor)
    _check_reach(sizes, kernels, factor, border)
    ops = library.native()
    if ops is None or y.dtype not in _NATIVE_DTYPES:
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
        adjoint, sizes = _transpose_twin, tf.unstack(tf.shape(images)[1:3], 2)
    return adjoint(gradient, kernel_y, kernel_x, factor, border, *sizes), None, None


@tf.RegisterGradient("Gencs>BlurDownsampleAdjoint")
def _adjoint_gradient(op, gradient):
    factor, border = op.get_attr("factor"), op.get_attr("border").decode()
    return blur_downsample(gradient, *op.inputs[1:], factor, border), None, None


def blur_downsample_twin(images, kernel_y, kernel_x, factor, border="circular"):
    """`blur_downsample` in core TensorFlow ops; the same shapes and results."""
    images, kernels = _checked("images", images, kernel_y, kernel_x, factor, border)
    images = tf.ensure_shape(images, [None] * 4)
    _check_reach(images.shape[1:3], kernels, factor, border)
    height, width = tf.unstack(tf.shape(images)[1:3])
    vertical = tf.stop_gradient(_axis_matrix(kernels[0], height, factor, border))
    horizontal = tf.stop_gradient(_axis_matrix(kernels[1], width, factor, border))
    result = tf.einsum("ph,bhwc->bpwc", vertical, images)
    result = tf.einsum("qw,bpwc->bpqc", horizontal, result)
    static = [size and -(-size // factor) for size in images.shape[1:3]]
    result.set_shape([images.shape[0], *static, images.shape[3]])
    return result


def blur_downsample_adjoint_twin(y, kernel_y, kernel_x, factor, border, height, width):
    """`blur_downsample_adjoint` in core TensorFlow ops; the same shapes and results."""
    y, kernels = _checked("y", y, kernel_y, kernel_x, factor, border)
    y = tf.ensure_shape(y, [None] * 4)
    sizes = _checked_sizes(y, height, width, factor)
    _check_reach(sizes, kernels, factor, border)
    result = _transpose_twin(y, *kernels, factor, border, *sizes)
    result.set_shape([y.shape[0], *sizes, y.shape[3]])
    return result


def _transpose_twin(y, kernel_y, kernel_x, factor, border, height, width):
    vertical = tf.stop_gradient(_axis_matrix(kernel_y, height, factor, border))
    horizontal = tf.stop_gradient(_axis_matrix(kernel_x, width, factor, border))
    result = tf.einsum("qw,bpqc->bpwc", horizontal, y)
    return tf.einsum("ph,bpwc->bhwc", vertical, result)


def _axis_matrix(kernel, size, factor, border):
    """The matrix (out, size) of one axis; `size` may be a tensor."""
    taps = tf.shape(kernel)[0]
    out = -(-size // factor)
    offset = tf.math.floordiv(factor - taps, 2)
    first = factor * tf.range(out)[:, None] + offset
    positions = first + tf.range(taps)
    if border == "circular":
        below, above = positions + size, positions - size
    else:
        below, above = -positions, 2 * (size - 1) - positions
    folded = tf.where(positions < 0, below, positions)
    folded = tf.where(positions >= size, above, folded)
    rows = tf.broadcast_to(tf.range(out)[:, None], tf.shape(folded))
    values = tf.broadcast_to(kernel, tf.shape(folded))
    # scatter_nd refuses positions outside, which fold once is not enough for.
    return tf.scatter_nd(tf.stack([rows, folded], axis=-1), values, [out, size])


def _checked(name, tensor, kernel_y, kernel_x, factor, border):
    tensor = tf.convert_to_tensor(tensor, name=name)
    if not tensor.dtype.is_floating:
        raise TypeError(
            f"`{name}` must be floating point. Received: {tensor.dtype.name}"
        )
    checks.integer(factor, "factor", at_most=MAX_FACTOR)
    if border not in BORDERS:
        raise ValueError(f"`border` must be one of {BORDERS}. Received: {border!r}")
    if tensor.shape.rank not in (4, None):
        raise ValueError(
            f"`{name}` must have shape (batch, height, width, channels). Received: "
            f"{tensor.shape}"
        )
    kernels = []
    for argument, value in (("kernel_y", kernel_y), ("kernel_x", kernel_x)):
        kernel = tf.convert_to_tensor(value, tensor.dtype, name=argument)
        if kernel.shape.rank not in (1, None) or kernel.shape == (0,):
            raise ValueError(
                f"`{argument}` must have rank 1 and at least 1 entry. Received shape: "
                f"{kernel.shape}"
            )
        kernels.append(kernel)
    return tensor, kernels


def _checked_sizes(y, height, width, factor):
    sizes = (
        checks.integer(height, "height", at_least=0),
        checks.integer(width, "width", at_least=0),
    )
    out = [-(-size // factor) for size in sizes]
    if not y.shape.is_compatible_with([None, *out, None]):
        raise ValueError(
            f"`y` must have shape (batch, {out[0]}, {out[1]}, channels) to match "
            f"`height`, `width` and `factor`. Received: {y.shape}"
        )
    return sizes


def check_reach(argument, taps, size, factor, border):
    """Refuses a kernel that reaches so far outside an axis that it folds twice.

    Args:
        argument: name of the kernel, for the message.
        taps: int, its length.
        size: int, of the axis.
        factor: int.
        border: "circular" or "reflect".

    Raises:
        ValueError: it reaches further than `size` pixels, or `size - 1` reflected.
    """
    if size == 0:
        return
    offset = (factor - taps) // 2
    last = (-(-size // factor) - 1) * factor + offset + taps - 1
    reach = max(-offset, last - (size - 1))
    most = size if border == "circular" else size - 1
    if reach > most:
        raise ValueError(
            f"`{argument}` must reach at most {most} pixels outside an axis of {size} "
            f"pixels with a {border} border. Received: {taps} entries with factor "
            f"{factor}, which reach {reach}"
        )


def _check_reach(sizes, kernels, factor, border):
    for axis, kernel, size in zip("yx", kernels, sizes, strict=False):
        taps = kernel.shape[0] if kernel.shape.rank else None
        if taps is not None and size is not None:
            check_reach(f"kernel_{axis}", taps, size, factor, border)
