"""Strided convolutions of TensorFlow whose transposes are quick on a processor.

TensorFlow's own transposed convolution, which is also the way back through every
convolution, multiplies first and then adds the overlapping results up, one image after
another. Here each of the `strides` x `strides` grids of outputs that lie the same way
between the inputs is a plain convolution with its own part of the kernel: as many
multiplications, none in vain, and nothing to add up. The two functions are each other's
gradients in the images, so any derivative in those stays quick.
"""

import functools

import tensorflow as tf

from tf_gencs.ops.own_gradient import own_gradient

# With fewer channels the products are too narrow for that to pay.
_NARROW = 8


def on_processor():
    """Whether there is no GPU, whose own transposed convolutions are quick."""
    return not tf.config.get_visible_devices("GPU")


def convolve(x, kernel, strides):
    """A convolution with zeros around the image ("same").

    Args:
        x: floating-point tensor (batch, height, width, channels).
        kernel: tensor (rows, columns, channels, filters).
        strides: pixels between outputs, an int.

    Returns:
        Tensor (batch, ceil(height / strides), ceil(width / strides), filters).
    """
    kernel = tf.convert_to_tensor(kernel)
    result = tf.nn.conv2d(x, kernel, strides, "SAME")
    return _with_gradient(strides)(result, x, kernel)


def convolve_transposed(y, kernel, strides):
    """The transpose of `convolve`, to images `strides` times as large.

    Args:
        y: floating-point tensor (batch, height, width, filters).
        kernel: tensor (rows, columns, channels, filters).
        strides: an int, at most as large as the kernel.

    Returns:
        Tensor (batch, strides * height, strides * width, channels).
    """
    kernel = tf.convert_to_tensor(kernel)
    result = _transposed(y, kernel, strides)
    return _transposed_with_gradient(strides)(result, y, kernel)


@functools.cache
def _with_gradient(strides):
    @own_gradient
    def gradient(dy, x, kernel):
        in_x = (
            convolve_transposed(dy, kernel, strides)
            if _divides(x.shape[1:3], strides)
            else tf.nn.conv2d_transpose(dy, kernel, tf.shape(x), strides)
        )
        return in_x, _kernel_gradient(x, kernel, dy, strides)

    return gradient


@functools.cache
def _transposed_with_gradient(strides):
    @own_gradient
    def gradient(dx, y, kernel):
        in_kernel = _kernel_gradient(dx, kernel, y, strides)
        return convolve(dx, kernel, strides), in_kernel

    return gradient


def _transposed(y, kernel, strides):
    if strides > 1 and kernel.shape[2] < _NARROW:
        _, height, width, _ = tf.unstack(tf.shape(y))
        size = (tf.shape(y)[0], strides * height, strides * width, kernel.shape[2])
        return tf.nn.conv2d_transpose(y, kernel, size, strides)
    kernel = tf.transpose(kernel, (0, 1, 3, 2))
    rows, columns = (_phases(count, strides) for count in kernel.shape[:2])
    grids = [
        tf.nn.conv2d(
            y,
            kernel[row.start :: -strides, column.start :: -strides],
            1,
            [(0, 0), row.padding, column.padding, (0, 0)],
        )
        for row in rows
        for column in columns
    ]
    if len(grids) == 1:
        return grids[0]
    return tf.nn.depth_to_space(tf.concat(grids, axis=-1), strides)


class _Phase:
    """What of one side of a kernel reaches the outputs `phase`, `phase` + strides ...

    Output strides * q + phase adds up inputs q + j times tap[offset - strides * j].
    """

    def __init__(self, phase, count, strides):
        offset = phase + max(count - strides, 0) // 2
        first, last = -((count - 1 - offset) // strides), offset // strides
        self.start = offset - strides * first
        self.padding = (-first, last)


def _phases(count, strides):
    return [_Phase(phase, count, strides) for phase in range(strides)]


def _kernel_gradient(x, kernel, dy, strides):
    return tf.raw_ops.Conv2DBackpropFilter(
        input=x,
        filter_sizes=kernel.shape,
        out_backprop=dy,
        strides=(1, strides, strides, 1),
        padding="SAME",
    )


def _divides(size, strides):
    return all(side is not None and side % strides == 0 for side in size)
