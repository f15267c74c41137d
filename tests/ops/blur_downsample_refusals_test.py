"""What the native ops must refuse by themselves, whoever calls them."""

import pytest
import tensorflow as tf

from tf_gencs.ops import library

pytestmark = pytest.mark.skipif(
    library.native() is None, reason="the native library is not built"
)


@pytest.mark.parametrize(
    "wrong",
    [
        {"images": (8, 8, 3)},
        {"images": (1, 2, 8, 8, 3)},
        {"kernel_y": ()},
        {"kernel_y": (0,)},
        {"kernel_x": (3, 1)},
        {"kernel_x": (40,)},
        {"factor": 0},
        {"factor": -3},
        {"factor": 2**30 + 1},
        {"factor": 2**62},
        {"factor": 100},  # its first tap lies beyond the image
        {"border": "zero"},
    ],
    ids=str,
)
def test_native_op_refuses_what_the_wrapper_cannot_see(wrong):
    setting = {
        **{"images": (2, 8, 8, 3), "kernel_y": (3,), "kernel_x": (3,)},
        **{"factor": 2, "border": "reflect"},
        **wrong,
    }
    for name in ("images", "kernel_y", "kernel_x"):
        setting[name] = tf.ones(setting[name])
    with pytest.raises((tf.errors.InvalidArgumentError, ValueError)):
        library.native().gencs_blur_downsample(**setting)


@pytest.mark.parametrize(
    "wrong",
    [
        {"y": (4, 4, 3)},
        {"y": (2, 5, 4, 3)},
        {"kernel_y": (40,)},
        {"kernel_x": (0,)},
        {"height": 9},
        {"height": -1},
        {"width": 2**62},
        {"height": 2**31, "width": 2**31, "factor": 2**29, "kernel_y": (2**24,)},
        {"height": 0},
    ],
    ids=str,
)
def test_native_adjoint_refuses_what_the_wrapper_cannot_see(wrong):
    setting = {
        **{"y": (2, 4, 4, 3), "kernel_y": (3,), "kernel_x": (3,)},
        **{"factor": 2, "border": "reflect", "height": 8, "width": 8},
        **wrong,
    }
    for name in ("y", "kernel_y", "kernel_x"):
        setting[name] = tf.ones(setting[name])
    with pytest.raises((tf.errors.InvalidArgumentError, ValueError)):
        library.native().gencs_blur_downsample_adjoint(**setting)


def test_images_too_large_for_any_memory_are_an_error():
    # 2^60 pixels from 2^2: the number of values fits an integer, no memory does.
    with pytest.raises((tf.errors.ResourceExhaustedError, tf.errors.InternalError)):
        library.native().gencs_blur_downsample_adjoint(
            y=tf.ones((1, 2, 2, 1)),
            kernel_y=tf.ones(1),
            kernel_x=tf.ones(1),
            factor=2**29,
            border="circular",
            height=2**30,
            width=2**30,
        )
    # More values than an integer counts.
    with pytest.raises(tf.errors.InvalidArgumentError):
        library.native().gencs_blur_downsample_adjoint(
            y=tf.ones((16, 2, 2, 1)),
            kernel_y=tf.ones(1),
            kernel_x=tf.ones(1),
            factor=2**30,
            border="circular",
            height=2**31,
            width=2**31,
        )
