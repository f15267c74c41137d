"""The C++ core through its bindings, without TensorFlow's op machinery."""

import os

import numpy as np
import pytest

from tests.cc.isa import run_with_isa

core = pytest.importorskip("tf_gencs.ops._gencs_core")

CUDA = hasattr(core, "cuda_hadamard_measure") and os.path.exists("/dev/nvidia0")
on_devices = pytest.mark.parametrize("device", ["", "cuda_"] if CUDA else [""])


def sylvester(size):
    index = np.arange(size)
    parity = np.array([bin(i).count("1") % 2 for i in range(size)])
    return 1.0 - 2.0 * parity[index[:, None] & index]


def paley_twelve():
    """Written out, so that nothing here shares code with what it checks."""
    plus = [
        *("+-++++++++++", "--+-+-+-+-+-", "+++-++----++", "+---+--+-++-"),
        *("+++++-++----", "+-+---+--+-+", "++--+++-++--", "+--++---+--+"),
        *("++----+++-++", "+--+-++---+-", "++++----+++-", "+-+--+-++---"),
    ]
    return np.array([[1.0 if sign == "+" else -1.0 for sign in row] for row in plus])


def explicit_matrix(size):
    if size % 3:
        return sylvester(size)
    return np.kron(paley_twelve(), sylvester(size // 12))


def signed_operator(rng, n, m):
    size = core.hadamard_size(n)
    signs = rng.choice([-1, 1], n).astype(np.int8)
    rows = rng.integers(0, size, m).astype(np.int32)
    return signs, rows, explicit_matrix(size)[rows][:, :n] * signs / np.sqrt(m)


def test_written_out_matrix_is_a_symmetric_hadamard_matrix():
    matrix = paley_twelve()
    np.testing.assert_array_equal(matrix, matrix.T)
    np.testing.assert_array_equal(matrix @ matrix, 12 * np.eye(12))


@on_devices
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n", [1, 2, 3, 12, 13, 24, 47, 64, 65, 384, 784, 1500])
def test_transforms_equal_the_explicit_matrix(rng, n, dtype, device):
    signs, rows, matrix = signed_operator(rng, n, 13)
    x = rng.normal(size=(3, n)).astype(dtype)
    y = rng.normal(size=(3, 13)).astype(dtype)
    measured = getattr(core, device + "hadamard_measure")(x, signs, rows)
    adjoint = getattr(core, device + "hadamard_adjoint")(y, signs, rows)
    tolerance = 20 * np.finfo(dtype).eps * np.sqrt(n)
    assert measured.dtype == adjoint.dtype == dtype
    np.testing.assert_allclose(measured, x @ matrix.T, atol=tolerance)
    np.testing.assert_allclose(adjoint, y @ matrix, atol=tolerance)


@on_devices
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n", [1, 7, 12, 50, 96, 784, 1500, 20000, 131072])
def test_residual_is_measure_less_y_and_its_adjoint(rng, n, dtype, device):
    signs = rng.choice([-1, 1], n).astype(np.int8)
    rows = rng.integers(0, core.hadamard_size(n), 600).astype(np.int32)
    x = rng.normal(size=(3, n)).astype(dtype)
    y = rng.normal(size=(3, 600)).astype(dtype)
    residual, back = getattr(core, device + "hadamard_residual")(x, y, signs, rows)
    measured = core.hadamard_measure(x, signs, rows)
    tolerance = 20 * np.finfo(dtype).eps * np.sqrt(n)
    np.testing.assert_allclose(residual, measured - y, atol=tolerance)
    exact = core.hadamard_adjoint(residual, signs, rows)
    np.testing.assert_allclose(back, exact, atol=tolerance * np.sqrt(n))


@on_devices
@pytest.mark.parametrize("n", [8192, 12288, 20000, 49152, 65536, 131072, 393216])
def test_large_transforms_have_the_columns_of_the_matrix(rng, n, device):
    measure = getattr(core, device + "hadamard_measure")
    adjoint = getattr(core, device + "hadamard_adjoint")
    size = core.hadamard_size(n)
    signs = rng.choice([-1, 1], n).astype(np.int8)
    rows = rng.choice(size, 64, replace=False).astype(np.int32)
    columns = rng.choice(n, 64, replace=False)
    x = np.zeros((64, n))
    x[np.arange(64), columns] = 8  # 8 / sqrt(64) = 1: the result is exact
    block = size if size % 3 else size // 12
    inner = rows[:, None] % block & columns % block
    parity = np.array([bin(i).count("1") % 2 for i in inner.ravel()]).reshape(64, 64)
    exact = (1.0 - 2.0 * parity) * signs[columns]
    if size % 3 == 0:
        exact *= paley_twelve()[np.ix_(rows // block, columns // block)]
    np.testing.assert_array_equal(measure(x, signs, rows), exact.T)
    np.testing.assert_array_equal(
        adjoint(8 * np.eye(64), signs, rows)[:, columns], exact
    )


@pytest.mark.parametrize("isa", ["portable", "avx2"])
def test_lesser_instruction_sets_agree(rng, isa):
    signs, rows, matrix = signed_operator(rng, 1000, 50)
    x = rng.normal(size=(3, 1000)).astype(np.float32)
    code = """
operator = data['signs'], data['rows']
out['y'] = core.hadamard_measure(data['x'], *operator)
out['x'] = core.hadamard_adjoint(out['y'], *operator)
"""
    out = run_with_isa(core, isa, code, {"x": x, "signs": signs, "rows": rows})
    np.testing.assert_allclose(out["y"], x @ matrix.T, atol=1e-4)
    np.testing.assert_allclose(out["x"], out["y"] @ matrix, atol=1e-4)


def lanes_of(rng, lanes, size, history):
    return [
        rng.normal(size=(lanes, size)),
        np.ones(lanes),
        rng.normal(size=(lanes, size)),
        np.zeros((lanes, size)),
        np.ones(lanes),
        np.zeros((lanes, history, size)),
        np.zeros((lanes, history, size)),
        np.zeros(lanes, np.int64),
        np.zeros(lanes, np.int64),
    ]


@on_devices
@pytest.mark.parametrize("size", [1, 5, 33, 100])
def test_lbfgs_minimises_a_quadratic_as_the_textbook_does(rng, size, device):
    step = getattr(core, device + "lbfgs_step")
    spectrum = np.geomspace(1, 30, size)
    state = lanes_of(rng, 4, size, 8)

    def evaluate(z):
        return np.sum(spectrum * z**2, axis=1) / 2 + 1, spectrum * z

    state[1], state[2] = evaluate(state[0])
    state[3] = -state[2]
    state[4] = 1 / np.maximum(1, np.linalg.norm(state[2], axis=1))
    trial = state[0] + state[4][:, None] * state[3]
    pairs = [[] for _ in range(4)]
    for _ in range(12):
        before = [array.copy() for array in state]
        value, gradient = evaluate(trial)
        *state, trial = step(*state, value, gradient, 0.0)
        for lane in range(4):
            if before[8][lane] or state[1][lane] == before[1][lane]:
                continue  # stopped, or the trial was rejected
            s = state[0][lane] - before[0][lane]
            pairs[lane].append((s, state[2][lane] - before[2][lane]))
            if state[8][lane] or state[7][lane] != len(pairs[lane]):
                continue
            direction = textbook_direction(state[2][lane], pairs[lane][-8:])
            np.testing.assert_allclose(state[3][lane], direction, rtol=1e-4, atol=1e-8)
    assert all(len(lane) >= 1 for lane in pairs)
    assert np.all(state[1] < 1.5)


def textbook_direction(gradient, pairs):
    """-H g with H built as a matrix by the BFGS update, pair by pair."""
    s, y = pairs[-1]
    identity = np.eye(len(gradient))
    inverse = identity * (s @ y) / (y @ y)
    for s, y in pairs:
        update = identity - np.outer(y, s) / (s @ y)
        inverse = update.T @ inverse @ update + np.outer(s, s) / (s @ y)
    return -inverse @ gradient


@on_devices
def test_lbfgs_copies_what_it_is_given(rng, device):
    state = lanes_of(rng, 3, 4, 2)
    before = [array.copy() for array in state]
    getattr(core, device + "lbfgs_step")(*state, np.zeros(3), np.ones((3, 4)), 0.0)
    for array, copy in zip(state, before, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_rejects_what_does_not_fit(rng):
    signs, rows, _ = signed_operator(rng, 20, 5)
    with pytest.raises(ValueError, match=r"`x` must have shape \(2, 20, \)"):
        core.hadamard_measure(np.ones((2, 21)), signs, rows)
    with pytest.raises(ValueError, match="`x` must have rank 2"):
        core.hadamard_measure(np.ones(20), signs, rows)
    with pytest.raises(ValueError, match=r"`rows` must lie in \[0, 24\)"):
        core.hadamard_measure(np.ones((2, 20)), signs, np.array([24], np.int32))
    with pytest.raises(ValueError, match=r"`y` must have shape \(2, 5, \)"):
        core.hadamard_residual(np.ones((2, 20)), np.ones((3, 5)), signs, rows)
    with pytest.raises(ValueError, match="`signs` must not be empty"):
        core.hadamard_measure(np.ones((2, 0)), signs[:0], rows)
    with pytest.raises(TypeError):
        core.hadamard_measure(np.ones((2, 20), np.int32), signs, rows)
    with pytest.raises(ValueError, match="`n` must lie in"):
        core.hadamard_size(0)
    state = lanes_of(rng, 3, 4, 2)
    with pytest.raises(ValueError, match="`trial_value` must have shape"):
        core.lbfgs_step(*state, np.zeros(2), np.zeros((3, 4)), 0.0)
    with pytest.raises(ValueError, match="`s_history` must have rank 3"):
        core.lbfgs_step(
            *state[:5], np.zeros((3, 1025, 4)), *state[6:], np.zeros(3), state[0], 0.0
        )
