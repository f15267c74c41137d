"""The dense residual of the C++ core, through its bindings."""

import os

import numpy as np
import pytest

core = pytest.importorskip("tf_gencs.ops._gencs_core")

CUDA = hasattr(core, "cuda_dense_residual") and os.path.exists("/dev/nvidia0")
on_devices = pytest.mark.parametrize("device", ["", "cuda_"] if CUDA else [""])


def problem(rng, batch, m, n, dtype):
    shapes = [(m, n), (batch, n), (batch, m)]
    return [rng.normal(size=shape).astype(dtype) for shape in shapes]


@on_devices
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "sizes", [(1, 1, 1), (3, 5, 7), (33, 65, 129), (2, 900, 300), (100, 3, 1024)]
)
def test_equals_the_formula(rng, sizes, dtype, device):
    matrix, x, y = problem(rng, *sizes, dtype)
    residual, back = getattr(core, device + "dense_residual")(matrix, x, y)
    exact = x.astype(np.float64) @ matrix.T - y
    tolerance = 20 * np.finfo(dtype).eps * sizes[2]
    assert residual.dtype == back.dtype == dtype
    np.testing.assert_allclose(residual, exact, atol=tolerance)
    np.testing.assert_allclose(back, exact @ matrix, atol=tolerance * sizes[1])


@pytest.mark.parametrize("threads", [2, 3, 16, 1000])
@pytest.mark.parametrize("sizes", [(300, 40, 500), (5, 600, 900), (30, 400, 1200)])
def test_parts_for_many_threads_give_the_same(rng, sizes, threads):
    arguments = problem(rng, *sizes, "float64")
    alone = core.dense_residual(*arguments)
    shared = core.dense_residual(*arguments, threads=threads)
    # Each residual is one sum, whoever computes it.
    np.testing.assert_array_equal(alone[0], shared[0])
    np.testing.assert_allclose(alone[1], shared[1], rtol=1e-11, atol=1e-9)


@on_devices
def test_empty_operands_work(device):
    residual = getattr(core, device + "dense_residual")
    for batch, m, n in [(0, 3, 4), (2, 0, 4), (2, 3, 0), (0, 0, 0)]:
        left, back = residual(np.ones((m, n)), np.ones((batch, n)), np.ones((batch, m)))
        np.testing.assert_array_equal(left, np.full((batch, m), n - 1.0))
        np.testing.assert_array_equal(back, np.full((batch, n), m * (n - 1.0)))


def test_rejects_what_does_not_fit():
    matrix, x, y = np.ones((3, 4)), np.ones((2, 4)), np.ones((2, 3))
    with pytest.raises(ValueError, match="`matrix` must have rank 2"):
        core.dense_residual(matrix[0], x, y)
    with pytest.raises(ValueError, match=r"`x` must have shape \(2, 4, \)"):
        core.dense_residual(matrix, x[:, 1:].copy(), y)
    with pytest.raises(ValueError, match=r"`y` must have shape \(2, 3, \)"):
        core.dense_residual(matrix, x, y[:1])
    with pytest.raises(ValueError, match="`threads` must be at least 1"):
        core.dense_residual(matrix, x, y, threads=0)
