"""Tables of `bench_measurements`: images, against what a TensorFlow user would write.

blur_downsample against padding (tf.pad, or a circular concatenation) and
tf.nn.depthwise_conv2d with the outer product of the kernels, its adjoint against
the gradient of the convolution alone, without that of the padding; mask_measure and
mask_adjoint against tf.gather and tf.scatter_nd. All against memcpy of the images, too.
"""

import numpy as np
import tensorflow as tf
import timing

from tf_gencs import ops
from tf_gencs.ops.blur_downsample_twin import (
    blur_downsample_adjoint_twin,
    blur_downsample_twin,
)

# (batch, height = width, channels, factor, taps)
BLURS = [
    (64, 64, 3, 4, 4),
    (64, 64, 3, 4, 9),
    (64, 64, 3, 4, 13),
    (64, 28, 1, 2, 2),
    (64, 28, 1, 2, 7),
    (4, 256, 3, 4, 4),
    (4, 256, 3, 4, 13),
    (1, 256, 3, 4, 13),
    (1, 64, 3, 4, 13),
    (64, 64, 3, 1, 9),
]
# (batch, n, m)
MASKS = [
    (1, 16, 8),
    (64, 784, 392),
    (64, 12288, 1229),
    (64, 12288, 9216),
    (1, 786432, 393216),
    (512, 784, 78),
]


def gaussian(taps, factor):
    at = np.arange(taps) - (taps - 1) / 2
    kernel = np.exp(-2 * (at / factor) ** 2)
    return (kernel / kernel.sum()).astype(np.float32)


def user_blur(images, kernel, factor, border):
    """The same by TensorFlow's own operations; returns (y, adjoint of the conv)."""
    taps, size, channels = len(kernel), images.shape[1], images.shape[3]
    offset = (factor - taps) // 2
    out = -(-size // factor)
    before, after = -offset, (out - 1) * factor + offset + taps - size
    outer = np.tile(np.outer(kernel, kernel)[:, :, None, None], (1, 1, channels, 1))
    weights, strides = tf.constant(outer), [1, factor, factor, 1]

    def pad(images):
        if border == "reflect":
            return tf.pad(
                images, [[0, 0], [before, after], [before, after], [0, 0]], "REFLECT"
            )
        for axis in (1, 2):
            last = tf.split(images, [size - before, before], axis)[1]
            first = tf.split(images, [after, size - after], axis)[0]
            images = tf.concat([last, images, first], axis)
        return images

    def forward(images):
        return tf.nn.depthwise_conv2d(pad(images), weights, strides, "VALID")

    padded = [images.shape[0], size + before + after, size + before + after, channels]

    def adjoint(y):
        return tf.nn.depthwise_conv2d_backprop_input(
            padded, weights, y, strides, "VALID"
        )

    return forward, adjoint


def user_mask(rows, n):
    def forward(x):
        return tf.gather(x, rows, axis=1)

    def adjoint(y):
        spread = tf.scatter_nd(rows[:, None], tf.transpose(y), [n, y.shape[0]])
        return tf.transpose(spread)

    return forward, adjoint


def compare(label, pairs, twins, signals, images, seconds):
    (forward, user_forward), (adjoint, _) = pairs
    x, y = signals
    np.testing.assert_allclose(forward(x), user_forward(x), rtol=1e-3, atol=1e-4)
    # The user's adjoint leaves its padding on, so ours is checked by its definition.
    np.testing.assert_allclose(
        np.vdot(forward(x), y), np.vdot(x, adjoint(y)), rtol=1e-3
    )
    ratios = []
    for name, (ours, theirs), twin, signal in zip(
        ("forward", "adjoint"), pairs, twins, signals, strict=True
    ):
        loops = [timing.looped(f, signal) for f in (ours, theirs, twin)]
        times = timing.interleaved_medians([*loops, timing.copying(images)], seconds)
        ratios.append(times[1] / times[0])
        print(
            f"{label} {name} {times[0] * 1e6:9.1f} {times[1] * 1e6:11.1f} "
            f"{times[2] * 1e6:9.1f} {ratios[-1]:7.1f} {times[2] / times[0]:6.1f} "
            f"{times[0] / times[3]:8.1f}",
            flush=True,
        )
    return ratios


def bench_blur(batch, size, channels, factor, taps, border, seconds, rng):
    images = rng.normal(size=(batch, size, size, channels)).astype(np.float32)
    kernel = gaussian(taps, factor)
    setting = (kernel, kernel, factor, border)
    y = ops.blur_downsample(images, *setting)
    forward, adjoint = user_blur(images, kernel, factor, border)
    pairs = [
        (lambda x: ops.blur_downsample(x, *setting), forward),
        (lambda y: ops.blur_downsample_adjoint(y, *setting, size, size), adjoint),
    ]
    twins = [
        lambda x: blur_downsample_twin(x, *setting),
        lambda y: blur_downsample_adjoint_twin(y, *setting, size, size),
    ]
    label = f"{batch:5} {size:4}^2x{channels} {factor:2} {taps:3} {border:8}"
    return compare(label, pairs, twins, (tf.constant(images), y), images, seconds)


def bench_mask(batch, n, m, seconds, rng):
    x = rng.normal(size=(batch, n)).astype(np.float32)
    rows = tf.constant(np.sort(rng.choice(n, m, replace=False)), tf.int32)
    forward, adjoint = user_mask(rows, n)
    pairs = [
        (lambda x: ops.mask_measure(x, rows), forward),
        (lambda y: ops.mask_adjoint(y, rows, n), adjoint),
    ]
    label = f"{batch:5} {n:7} {m:13}"
    y = tf.gather(x, rows, axis=1)
    return compare(label, pairs, (forward, adjoint), (tf.constant(x), y), x, seconds)


def run(seconds, rng):
    """Prints both tables; `seconds` is how long each line may take."""
    columns = "direction  ours        user      twin   ratio  /twin  /memcpy"
    print("\nBlur and downsampling against padding and a depthwise convolution; us")
    print(f"batch  images  f taps border   {columns}")
    ratios = []
    for border in ("reflect", "circular"):
        for sizes in BLURS:
            ratios += bench_blur(*sizes, border, seconds, rng)
    print(f"smallest ratio {min(ratios):.1f}")
    print("\nMasks against gather and scatter, which are the twins too; us")
    print(f"batch       n             m {columns}")
    ratios = []
    for sizes in MASKS:
        ratios += bench_mask(*sizes, seconds, rng)
    print(f"smallest ratio {min(ratios):.1f}")
