"""Blur and downsampling in core TensorFlow ops, and what both sides share.

`blur_downsample.py` holds the formula and the public functions.
"""

import tensorflow as tf

from tf_gencs import checks

BORDERS = ("circular", "reflect")
MAX_FACTOR = 2**30


def blur_downsample_twin(images, kernel_y, kernel_x, factor, border="circular"):
    """`blur_downsample` in core TensorFlow ops; the same shapes and results."""
    images, kernels = checked("images", images, kernel_y, kernel_x, factor, border)
    images = tf.ensure_shape(images, [None] * 4)
    check_kernels(images.shape[1:3], kernels, factor, border)
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
    y, kernels = checked("y", y, kernel_y, kernel_x, factor, border)
    y = tf.ensure_shape(y, [None] * 4)
    sizes = checked_sizes(y, height, width, factor)
    check_kernels(sizes, kernels, factor, border)
    result = transpose_twin(y, *kernels, factor, border, *sizes)
    result.set_shape([y.shape[0], *sizes, y.shape[3]])
    return result


def transpose_twin(y, kernel_y, kernel_x, factor, border, height, width):
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


def checked(name, tensor, kernel_y, kernel_x, factor, border):
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


def checked_sizes(y, height, width, factor):
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


def check_kernels(sizes, kernels, factor, border):
    for axis, kernel, size in zip("yx", kernels, sizes, strict=False):
        taps = kernel.shape[0] if kernel.shape.rank else None
        if taps is not None and size is not None:
            check_reach(f"kernel_{axis}", taps, size, factor, border)
