"""Correlation with a kernel of any number of axes, in core TensorFlow ops.

Borders and the kernel's place are those of `ops.blur_downsample`, on each axis.
"""

import tensorflow as tf

from tf_gencs.layers.support.wide_float import in_wide_float


def correlate(x, kernel, factors, border):
    """Correlates x with a kernel and keeps every `factor`-th place of each axis.

    Args:
        x: tensor (batch, *places, channels); places and channels are known.
        kernel: tensor with as many axes as there are places.
        factors: an int for each of these axes.
        border: "circular" or "reflect".

    Returns:
        Tensor (batch, *ceil(places / factors), channels), differentiable in x any
        number of times.
    """
    kernel = tf.stop_gradient(kernel)
    return in_wide_float(lambda x: _correlate(x, kernel, factors, border), x)


def _correlate(x, kernel, factors, border):
    *places, channels = x.shape[1:]
    out = [-(-size // factor) for size, factor in zip(places, factors, strict=True)]
    for axis, taps in enumerate(kernel.shape, start=1):
        x = _with_borders(x, axis, taps, factors[axis - 1], border)
    # Each channel is an image of its own.
    last = x.shape.rank - 1
    x = tf.transpose(x, (0, last, *range(1, last)))
    x = tf.reshape(x, (-1, *x.shape[2:], 1))
    # Where only one place is kept, any stride is as good; TensorFlow's are 32 bits.
    strides = [min(f, size) for f, size in zip(factors, x.shape[1:-1], strict=True)]
    kernel = tf.cast(kernel, x.dtype)[..., None, None]
    # Without the format's name, the gradient of Conv3D fails outside of graphs.
    layout = {1: "NWC", 2: "NHWC", 3: "NDHWC"}[len(strides)]
    y = tf.nn.convolution(x, kernel, strides, "VALID", data_format=layout)
    y = tf.reshape(y, (-1, channels, *out))
    return tf.transpose(y, (0, *range(2, y.shape.rank), 1))


def _with_borders(x, axis, taps, factor, border):
    """x with what the kernel sees on either side along an axis, and nothing else."""
    size = x.shape[axis]
    first = (factor - taps) // 2
    end = (-(-size // factor) - 1) * factor + first + taps
    before, after = max(0, -first), max(0, end - size)
    if border == "reflect":
        below = tf.reverse(_part(x, axis, 1, before + 1), [axis])
        above = tf.reverse(_part(x, axis, size - 1 - after, size - 1), [axis])
    else:
        below, above = _part(x, axis, size - before, size), _part(x, axis, 0, after)
    x = tf.concat([below, x, above], axis)
    return _part(x, axis, first + before, end + before)


def _part(x, axis, start, end):
    """x[start:end] along an axis."""
    return x[(slice(None),) * axis + (slice(start, end),)]
