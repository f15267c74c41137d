"""Masks, blur and downsampling in the C++ core, through its bindings."""

import os

import numpy as np
import pytest

from tests.cc.isa import run_with_isa

core = pytest.importorskip("tf_gencs.ops._gencs_core")

CUDA = hasattr(core, "cuda_mask_measure") and os.path.exists("/dev/nvidia0")
on_devices = pytest.mark.parametrize("device", ["", "cuda_"] if CUDA else [""])


def fold(position, size, border):
    if 0 <= position < size:
        return position
    if border == "circular":
        return position % size
    return -position if position < 0 else 2 * (size - 1) - position


def axis_matrix(kernel, size, factor, border):
    matrix = np.zeros((-(-size // factor), size))
    for o in range(len(matrix)):
        for i, weight in enumerate(kernel):
            position = factor * o + i + (factor - len(kernel)) // 2
            matrix[o, fold(position, size, border)] += weight
    return matrix


def random_blurs(rng, count, largest):
    """Images, kernels, factor and border that fit each other."""
    while count:
        batch, channels = rng.integers(1, 5, 2)
        height, width = rng.integers(1, largest, 2)
        factor = int(rng.integers(1, 7))
        taps = rng.integers(1, 20, 2)
        border = str(rng.choice(["circular", "reflect"]))
        images = rng.normal(size=(batch, height, width, channels))
        kernels = [rng.normal(size=size) for size in taps]
        try:
            core.blur_downsample(images[:0], *kernels, factor, border)
        except ValueError:
            continue  # a kernel too long for so small images
        count -= 1
        yield images, kernels, factor, border


def check_blur(images, kernels, factor, border, results):
    """Compares with the axis matrices; `results` are y and the adjoint of y."""
    matrices = [
        axis_matrix(kernel, size, factor, border)
        for kernel, size in zip(kernels, images.shape[1:3], strict=True)
    ]
    y, back = results
    gain = np.prod([np.abs(kernel).sum() for kernel in kernels])
    tolerance = 20 * np.finfo(images.dtype).eps
    assert y.dtype == back.dtype == images.dtype
    exact = np.einsum("ph,qw,bhwc->bpqc", *matrices, images, optimize=True)
    np.testing.assert_allclose(y, exact, atol=tolerance * gain)
    exact = np.einsum("ph,qw,bpqc->bhwc", *matrices, y, optimize=True)
    np.testing.assert_allclose(back, exact, atol=tolerance * gain**2)


@on_devices
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("largest", [4, 40])
def test_random_blurs_equal_the_explicit_sums(rng, dtype, largest, device):
    forward = getattr(core, device + "blur_downsample")
    adjoint = getattr(core, device + "blur_downsample_adjoint")
    for images, kernels, factor, border in random_blurs(rng, 150, largest):
        images = images.astype(dtype)
        kernels = [kernel.astype(dtype) for kernel in kernels]
        y = forward(images, *kernels, factor, border)
        back = adjoint(y, *kernels, factor, border, *images.shape[1:3])
        check_blur(images, kernels, factor, border, (y, back))


@on_devices
@pytest.mark.parametrize("border", ["circular", "reflect"])
def test_images_of_many_blocks_equal_the_explicit_sums(rng, border, device):
    for shape, taps, factor in [((1, 700, 20, 1), 30, 3), ((2, 200, 300, 3), 5, 1)]:
        images = rng.normal(size=shape).astype("float32")
        kernels = [rng.normal(size=taps).astype("float32")] * 2
        y = getattr(core, device + "blur_downsample")(images, *kernels, factor, border)
        back = getattr(core, device + "blur_downsample_adjoint")(
            y, *kernels, factor, border, *shape[1:3]
        )
        check_blur(images, kernels, factor, border, (y, back))


@pytest.mark.parametrize("isa", ["portable", "avx2"])
def test_lesser_instruction_sets_agree(rng, isa):
    cases = list(random_blurs(rng, 40, 40))
    arrays = {}
    for i, (images, kernels, factor, border) in enumerate(cases):
        arrays[f"{i} images"] = images.astype("float32")
        for axis, kernel in zip("yx", kernels, strict=True):
            arrays[f"{i} {axis}"] = kernel.astype("float32")
        arrays[f"{i} rest"] = np.array([factor, border == "reflect"])
    code = """
for i in range(40):
    images, y, x = (data[f'{i} {name}'] for name in ('images', 'y', 'x'))
    factor, reflect = map(int, data[f'{i} rest'])
    rest = y, x, factor, 'reflect' if reflect else 'circular'
    out[f'{i} y'] = core.blur_downsample(images, *rest)
    sizes = images.shape[1:3]
    out[f'{i} x'] = core.blur_downsample_adjoint(out[f'{i} y'], *rest, *sizes)
"""
    out = run_with_isa(core, isa, code, arrays)
    for i, (images, kernels, factor, border) in enumerate(cases):
        images = images.astype("float32")
        check_blur(images, kernels, factor, border, (out[f"{i} y"], out[f"{i} x"]))


@on_devices
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("own", [False, True])
def test_masks_pick_values_and_put_them_back(rng, dtype, own, device):
    for batch, n, m in [(3, 10, 4), (1, 1, 9), (5, 3000, 2000), (2, 4, 0), (0, 4, 3)]:
        rows = rng.integers(0, n, (batch, m) if own else m).astype(np.int32)
        x = rng.normal(size=(batch, n)).astype(dtype)
        every = np.broadcast_to(rows, (batch, m))
        y = getattr(core, device + "mask_measure")(x, rows)
        np.testing.assert_array_equal(y, np.take_along_axis(x, every, axis=1))
        exact = np.zeros_like(x)
        np.add.at(exact, (np.arange(batch)[:, None], every), y)
        back = getattr(core, device + "mask_adjoint")(y, rows, n)
        np.testing.assert_array_equal(back, exact)


def test_rejects_what_does_not_fit():
    x, rows = np.ones((2, 5)), np.array([4, 5], np.int32)
    with pytest.raises(ValueError, match=r"`rows` must lie in \[0, 5\). Received: 5"):
        core.mask_measure(x, rows)
    with pytest.raises(ValueError, match=r"`rows` must lie in \[0, 5\). Received: -1"):
        core.mask_measure(x, -rows[1:] + 4)
    with pytest.raises(ValueError, match=r"`y` must have shape \(2, 2, \)"):
        core.mask_adjoint(x, rows, 6)
    with pytest.raises(ValueError, match="`signal_size` must be at least 0"):
        core.mask_adjoint(np.ones((2, 2)), rows, -1)
    with pytest.raises(ValueError, match=r"`rows` must have shape \(2, 1, \)"):
        core.mask_measure(x, np.zeros((3, 1), np.int32))
    images, kernel = np.ones((1, 4, 4, 1)), np.ones(3)
    with pytest.raises(ValueError, match="`images` must have rank 4"):
        core.blur_downsample(images[0], kernel, kernel, 2, "reflect")
    with pytest.raises(ValueError, match="`factor` must lie in"):
        core.blur_downsample(images, kernel, kernel, 0, "reflect")
    with pytest.raises(ValueError, match="`border` must be circular or reflect"):
        core.blur_downsample(images, kernel, kernel, 2, "zero")
    with pytest.raises(ValueError, match="`kernel_y` must have rank 1 and at least"):
        core.blur_downsample(images, kernel[:0], kernel, 2, "reflect")
    with pytest.raises(ValueError, match="`kernel_x` must reach at most 3 pixels"):
        core.blur_downsample(images, kernel, np.ones(11), 1, "reflect")
    with pytest.raises(ValueError, match=r"`y` must have shape \(1, 2, 2, 1, \)"):
        core.blur_downsample_adjoint(images, kernel, kernel, 2, "reflect", 4, 4)
