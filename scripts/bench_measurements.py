"""Times the measurements; those with native ops against the alternatives, in turns.

ours      the native op
twin      the same in core TensorFlow ops
dense     the product with the stored matrix, tf.matmul
library   what else there is: scipy.fft.dct of the same rows for Hadamard; a matrix
          made by tf.random.stateless_normal for each product for Gaussian "seed"
memcpy    copying the signals, in as many threads as the ops use

Every time is followed by its ratio to ours. float32; medians.

    ./scripts/bench_measurements                 # 4 minutes on two cores
    ./scripts/bench_measurements --only hadamard
"""

import argparse
import math
import platform

import quiet_tensorflow  # noqa: F401
import bench_images
import numpy as np
import scipy.fft
import tensorflow as tf
from timing import (
    cells,
    copying,
    interleaved_medians,
    looped,
    peak_memory,
    repeated,
    threads,
)

from tf_gencs import layers, ops, seeds
from tf_gencs.ops import _gencs_core as core
from tf_gencs.ops import library
from tf_gencs.ops.dense_twin import dense_residual_twin
from tf_gencs.ops.random_matrix_twin import (
    random_matrix_adjoint_twin,
    random_matrix_measure_twin,
    random_matrix_twin,
)

BATCH, SHAPE = 64, (64, 64, 3)
SIZE = 64 * 64 * 3
COUNTS = (500, 10_000)
RESIDUAL_SIZES = (
    *((500, 100, 784), (150, 100, 784), (50, 100, 784), (1, 100, 784)),
    *((500, 25, 784), (500, 500, 784), (640, 500, SIZE), (64, 10_000, SIZE)),
    *((8, 10_000, SIZE), (4, 10_000, SIZE), (2, 10_000, SIZE), (1, 10_000, SIZE)),
)
SIDES = ("ours", "twin", "dense", "library", "memcpy")
COLUMNS = "".join(f"{name:>19}" for name in SIDES)


def layer_calls(A, x):
    """Both directions of a layer as functions of one tensor, with that tensor."""
    return {"forward": (A, x), "adjoint": (A.adjoint, A(x))}


def dense_forward(x, matrix):
    """x A^T, as `DenseMeasurement` multiplies with a large matrix."""
    return tf.transpose(tf.matmul(matrix, x, transpose_b=True))


def bench_hadamard(seconds, rng):
    print(f"\nHadamard, batch {BATCH}, n = {SIZE}; ms\n{'':20}{COLUMNS}")
    x = rng.normal(size=(BATCH, *SHAPE)).astype(np.float32)
    rows = x.reshape(BATCH, SIZE)
    for m in COUNTS:
        A = layers.HadamardMeasurement(m, seed=0)
        A.build((None, *SHAPE))
        matrix = A.to_dense()
        dense = {
            "forward": lambda x, matrix=matrix: dense_forward(
                tf.reshape(x, (BATCH, SIZE)), matrix
            ),
            "adjoint": lambda y, matrix=matrix: tf.matmul(y, matrix),
        }
        cosine = {"forward": scipy.fft.dct, "adjoint": scipy.fft.idct}
        for name, (call, signal) in layer_calls(A, tf.constant(x)).items():
            ours = looped(call, signal)
            with ops.twins():
                twin = looped(call, signal)
            sides = [ours, twin, looped(dense[name], signal)]
            sides += [repeated(lambda f=cosine[name]: f(rows, workers=threads()))]
            sides += [copying(x)]
            times = interleaved_medians(sides, seconds)
            print(f"{name:8} m = {m:6}  {cells(times, 'ms')}", flush=True)


def bench_one_thread(seconds, rng):
    print("\nHadamard, one thread, m = n / 8, through the bindings; Gfloat/s")
    print(f"{'':10} {'measure':>9} {'adjoint':>9}   {core.isa()}")
    for level in range(10, 21):
        n = 2**level
        batch, m = max(1, 2**16 // n), n // 8
        signs = rng.choice([-1, 1], n).astype(np.int8)
        rows = np.sort(rng.choice(n, m, replace=False)).astype(np.int32)
        x = rng.normal(size=(batch, n)).astype(np.float32)
        y = core.hadamard_measure(x, signs, rows)
        times = interleaved_medians(
            [
                repeated(core.hadamard_measure, x, signs, rows),
                repeated(core.hadamard_adjoint, y, signs, rows),
            ],
            seconds,
        )
        rates = [batch * n / time / 1e9 for time in times]
        print(f"n = 2^{level:<4} {rates[0]:9.2f} {rates[1]:9.2f}", flush=True)


def bench_seeded(seconds, rng):
    x = tf.constant(rng.normal(size=(BATCH, SIZE)).astype(np.float32))
    stream = seeds.stream(0, "bench")
    for distribution in ("gaussian", "rademacher"):
        print(f'\n{distribution} "seed", batch {BATCH}, n = {SIZE}; ms')
        print(f"{'':20}{COLUMNS}")
        for m in COUNTS:
            matrix = ops.random_matrix(stream, (m, SIZE), distribution)
            bench_seeded_size(x, stream, matrix, distribution, seconds)
    print("\nMaking a Gaussian matrix of 500 x 12288; ms")
    print(f"{'':20}{'ours':>19}{'twin':>19}{'stateless_normal':>19}{'memcpy':>19}")
    shape = (500, SIZE)
    sides = [
        looped(lambda: ops.random_matrix(stream, shape)),
        looped(lambda: random_matrix_twin(stream, shape)),
        looped(lambda: tf.random.stateless_normal(shape, stream)),
        copying(np.zeros(shape, np.float32)),
    ]
    print(f"{'':20}{cells(interleaved_medians(sides, seconds), 'ms')}", flush=True)


def bench_seeded_size(x, stream, matrix, distribution, seconds):
    m = matrix.shape[0]
    y = tf.matmul(x, matrix, transpose_b=True)

    def regenerate():
        made = tf.random.stateless_normal(matrix.shape, stream)
        return made / tf.sqrt(float(m))

    calls = {
        "forward": (
            lambda x: ops.random_matrix_measure(x, stream, m, distribution),
            lambda x: random_matrix_measure_twin(x, stream, m, distribution),
            lambda x: dense_forward(x, matrix),
            lambda x: dense_forward(x, regenerate()),
            x,
        ),
        "adjoint": (
            lambda y: ops.random_matrix_adjoint(y, stream, SIZE, distribution),
            lambda y: random_matrix_adjoint_twin(y, stream, SIZE, distribution),
            lambda y: tf.matmul(y, matrix),
            lambda y: tf.matmul(y, regenerate()),
            y,
        ),
    }
    for name, (*functions, signal) in calls.items():
        sides = [looped(function, signal) for function in functions]
        times = interleaved_medians([*sides, copying(x.numpy())], seconds)
        with peak_memory() as peak:
            result = functions[0](signal)
        # Negative, if what an earlier call left behind was taken again.
        beyond = max(0, peak[0] - result.shape.num_elements() * 4)
        print(
            f"{name:8} m = {m:6}  {cells(times, 'ms')}"
            f"   memory beyond x and y {beyond / 2**20:.1f} MiB",
            flush=True,
        )


def bench_residual(seconds, rng):
    """The fused op beside the two products that it replaces, also where
    `ops.dense_residual` prefers those."""

    def fused(matrix, x, y):
        return library.native().gencs_dense_residual(matrix=matrix, x=x, y=y)

    print("\nResidual of a dense matrix and its image under the transpose; ms")
    print(f"{'batch, m, n':20}{'ours':>19}{'two products':>19}   GFLOP/s  GB/s of A")
    for batch, m, n in RESIDUAL_SIZES:
        shapes = [(m, n), (batch, n), (batch, m)]
        arguments = [
            tf.constant(rng.standard_normal(shape, np.float32)) for shape in shapes
        ]
        sides = [
            looped(residual, *arguments) for residual in (fused, dense_residual_twin)
        ]
        times = interleaved_medians(sides, seconds)
        print(
            f"{f'{batch}, {m}, {n}':20}{cells(times, 'ms')}"
            f"{4e-9 * batch * m * n / times[0]:10.0f}{4e-9 * m * n / times[0]:11.1f}",
            flush=True,
        )


def sparse_matrix(rng):
    shape = 500, math.prod(SHAPE)
    places = np.argwhere(rng.random(shape) < 0.01)
    return tf.SparseTensor(places, rng.normal(size=len(places)), shape)


def bench_all(seconds, rng):
    print(f"\nAll measurements, batch {BATCH}, 64 x 64 x 3, float32; ms")
    print(f"{'':30}{'forward':>19}{'adjoint':>10}")
    color = tf.constant(rng.normal(size=(BATCH, *SHAPE)).astype(np.float32))
    pair = color[..., :2]
    measurements = {
        "Gaussian, dense, 500": (layers.GaussianMeasurement(500, seed=0), color),
        "Gaussian, seed, 500": (
            layers.GaussianMeasurement(500, storage="seed", seed=0),
            color,
        ),
        "Rademacher, 500": (layers.RademacherMeasurement(500, seed=0), color),
        "Hadamard, 500": (layers.HadamardMeasurement(500, seed=0), color),
        "Cosine, 500": (layers.CosineMeasurement(500, seed=0), color),
        "Circulant, 500": (layers.CirculantMeasurement(500, seed=0), color),
        "Fourier, a quarter, 4 coils": (
            layers.FourierMeasurement("random", acceleration=4, coils=4, seed=0),
            pair,
        ),
        "Grayscale": (layers.GrayscaleMeasurement(), color),
        "Projection, 30 angles": (layers.ProjectionMeasurement(30), color),
        "Sparse matrix, 500, 1 % full": (
            layers.SparseMatrixMeasurement(sparse_matrix(rng)),
            color,
        ),
        "Mask, half of the pixels": (layers.MaskMeasurement(keep=0.5, seed=0), color),
        "BlurDownsample, 4": (layers.BlurDownsample(4), color),
    }
    for name, (A, x) in measurements.items():
        A.build((None, *x.shape[1:]))
        sides = [looped(*call) for call in layer_calls(A, x).values()]
        forward, adjoint = interleaved_medians(sides, seconds)
        print(f"{name:30}{forward * 1e3:19.2f}{adjoint * 1e3:10.2f}", flush=True)


TABLES = {
    "hadamard": bench_hadamard,
    "one_thread": bench_one_thread,
    "seeded": bench_seeded,
    "residual": bench_residual,
    "images": bench_images.run,
    "all": bench_all,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=TABLES, help="one table")
    parser.add_argument("--seconds", type=float, default=1.0, help="per line")
    arguments = parser.parse_args()
    if ops.backend() == "twin":
        parser.error("there is no native library to compare with")
    print(
        f"backend {ops.backend()}, {core.isa()}, {threads()} threads, "
        f"{platform.machine()}, TensorFlow {tf.__version__}"
    )
    for name, bench in TABLES.items():
        if arguments.only in (None, name):
            bench(arguments.seconds, np.random.default_rng(0))


if __name__ == "__main__":
    main()
