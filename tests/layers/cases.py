"""Every measurement with the signals it takes: what the battery runs over."""

import dataclasses
import functools
import typing

import keras
import numpy as np
import tensorflow as tf
from hypothesis import strategies

from tf_gencs import layers

SEED = 3
SIZES = strategies.integers(1, 13)
IMAGES = strategies.tuples(SIZES, SIZES, strategies.integers(1, 4))
SIGNALS = strategies.one_of(IMAGES, strategies.tuples(strategies.integers(1, 300)))
GRAY = strategies.tuples(SIZES, SIZES, strategies.just(1))
SCANS = strategies.tuples(SIZES, SIZES, strategies.integers(1, 2))


@dataclasses.dataclass
class Case:
    """How to make a measurement of signals of a shape, and which shapes to try.

    Attributes:
        make: function of (shape, dtype, seed): the seed decides all values of its
            weights that may vary within its class.
        examples: shapes for the tests that take long.
        shapes: hypothesis strategy of shapes for the adjoint.
        saves: whether its config can be saved.
        exports: whether it is made of TensorFlow ops alone.
        varies: whether there are others of its structure that differ in values.
    """

    make: typing.Callable
    examples: tuple = ((12, 10, 3), (1, 1, 1))
    shapes: typing.Any = IMAGES
    saves: bool = True
    exports: bool = True
    varies: bool = True


def _some(shape, most=7):
    """A number of measurements that any signal of this shape allows."""
    return min(most, int(np.prod(shape)))


def _matrix(shape, seed, m=7):
    return np.random.default_rng(seed).normal(size=(m, int(np.prod(shape))))


def _mask(shape, seed):
    """Half of the values, and always equally many."""
    order = np.random.default_rng(seed).permutation(int(np.prod(shape)))
    return (2 * order < order.size).reshape(shape)


def _operator(shape, seed):
    return tf.linalg.LinearOperatorFullMatrix(_matrix(shape, seed))


class PythonOperator:
    """The least that an operator of SciPy's kind has."""

    def __init__(self, matrix):
        self.matrix, self.shape = matrix, matrix.shape

    def matvec(self, x):
        return self.matrix @ x

    def rmatvec(self, y):
        return self.matrix.T @ y


def _maps(shape, seed):
    rng = np.random.default_rng(seed)
    size = (3, *shape[:2])
    return rng.normal(size=size) + 1j * rng.normal(size=size)


@keras.saving.register_keras_serializable(package="tests")
def _running_sum(x):
    return tf.cumsum(x, axis=1)


def _adjoint(shape, dtype, seed):
    A = layers.GaussianMeasurement(7, seed=seed, dtype=dtype)
    A.build((None, *shape))
    return A.H


def _stack(shape, dtype, seed):
    return layers.Stack(
        [
            layers.HadamardMeasurement(_some(shape), seed=seed, dtype=dtype),
            layers.GrayscaleMeasurement(np.arange(shape[-1]) + seed, dtype=dtype),
            layers.GaussianMeasurement(2, seed=seed, dtype=dtype),
        ]
    )


def _selected_rows(shape, dtype, seed):
    whole = layers.CosineMeasurement(int(np.prod(shape)), seed=seed, dtype=dtype)
    rng = np.random.default_rng(seed)
    rows = rng.permutation(int(np.prod(shape)))[: _some(shape)]
    return layers.SelectedRows(whole, rows, 1 + rng.random(len(rows)))


LINEAR = {
    "gaussian": Case(
        lambda shape, dtype, seed: layers.GaussianMeasurement(
            7, seed=seed, dtype=dtype
        ),
        examples=((28, 28, 1), (4, 4, 3), (1,)),
        shapes=SIGNALS,
    ),
    "seeded gaussian": Case(
        lambda shape, dtype, seed: layers.GaussianMeasurement(
            7, storage="seed", seed=seed, dtype=dtype
        ),
        examples=((28, 28, 1), (4, 4, 3), (1,)),
        shapes=SIGNALS,
    ),
    "rademacher": Case(
        lambda shape, dtype, seed: layers.RademacherMeasurement(
            7, seed=seed, dtype=dtype
        ),
        examples=((28, 28, 1), (4, 4, 3), (1,)),
        shapes=SIGNALS,
    ),
    "hadamard": Case(
        lambda shape, dtype, seed: layers.HadamardMeasurement(
            _some(shape), seed=seed, dtype=dtype
        ),
        examples=((28, 28, 1), (4, 4, 3), (1,)),
        shapes=SIGNALS,
    ),
    "cosine": Case(
        lambda shape, dtype, seed: layers.CosineMeasurement(
            _some(shape), seed=seed, dtype=dtype
        ),
    ),
    "flat cosine": Case(
        lambda shape, dtype, seed: layers.CosineMeasurement(
            _some(shape), flat=True, seed=seed, dtype=dtype
        ),
        examples=((28, 28, 1), (1,)),
        shapes=SIGNALS,
    ),
    "circulant": Case(
        lambda shape, dtype, seed: layers.CirculantMeasurement(
            _some(shape), seed=seed, dtype=dtype
        ),
        examples=((28, 28, 1), (1,)),
        shapes=SIGNALS,
    ),
    "mask": Case(
        lambda shape, dtype, seed: layers.MaskMeasurement(
            _mask(shape, seed), dtype=dtype
        )
    ),
    "mask of pixels": Case(
        lambda shape, dtype, seed: layers.MaskMeasurement(
            _mask(shape[:2], seed), dtype=dtype
        )
    ),
    "random mask": Case(
        lambda shape, dtype, seed: layers.MaskMeasurement(
            keep=0.6, seed=seed, dtype=dtype
        ),
        examples=((28, 28, 1), (1,)),
        shapes=SIGNALS,
    ),
    "block means": Case(
        lambda shape, dtype, seed: layers.BlurDownsample(
            2, "box", border="circular", dtype=dtype
        ),
        varies=False,
    ),
    "blur and downsample": Case(
        lambda shape, dtype, seed: layers.BlurDownsample(
            2, sigma=seed / 3, size=8, dtype=dtype
        ),
        examples=((28, 28, 1), (7, 6, 3)),
        shapes=strategies.tuples(
            strategies.integers(5, 20),
            strategies.integers(5, 20),
            strategies.integers(1, 4),
        ),
    ),
    "any blur": Case(
        lambda shape, dtype, seed: layers.BlurDownsample(
            2, _matrix((4,), seed, m=3), dtype=dtype
        ),
        examples=((12, 10, 3), (4, 4, 1)),
        shapes=strategies.tuples(
            strategies.integers(3, 20),
            strategies.integers(3, 20),
            strategies.integers(1, 4),
        ),
    ),
    "fourier": Case(
        lambda shape, dtype, seed: layers.FourierMeasurement(
            _mask(shape[:2], seed), dtype=dtype
        ),
        examples=((12, 10, 1), (9, 7, 2)),
        shapes=SCANS,
    ),
    "fourier with coils": Case(
        lambda shape, dtype, seed: layers.FourierMeasurement(
            "random", acceleration=1.5, coils=3, seed=seed, dtype=dtype
        ),
        examples=((12, 10, 1), (9, 7, 2)),
        shapes=SCANS,
    ),
    "fourier with given coils": Case(
        lambda shape, dtype, seed: layers.FourierMeasurement(
            _mask(shape[:2], seed), coils=_maps(shape, seed), dtype=dtype
        ),
        examples=((12, 10, 1), (9, 7, 2)),
        shapes=SCANS,
    ),
    "complex fourier": Case(
        lambda shape, dtype, seed: layers.FourierMeasurement(
            _mask(shape[:2], seed), coils=2, complex_signals=True, dtype=dtype
        ),
        examples=((12, 10, 1),),
        shapes=GRAY,
    ),
    "grayscale": Case(
        lambda shape, dtype, seed: layers.GrayscaleMeasurement(
            None if seed == SEED else np.arange(shape[-1]) + seed, dtype=dtype
        )
    ),
    "projection": Case(
        lambda shape, dtype, seed: layers.ProjectionMeasurement(5, dtype=dtype),
        varies=False,
    ),
    "identity": Case(
        lambda shape, dtype, seed: layers.IdentityMeasurement(dtype=dtype),
        varies=False,
        examples=((4, 4, 3), (1,)),
        shapes=SIGNALS,
    ),
    "matrix": Case(
        lambda shape, dtype, seed: layers.MatrixMeasurement(
            _matrix(shape, seed), dtype=dtype
        ),
        examples=((4, 4, 3), (1,)),
        shapes=SIGNALS,
    ),
    "linear operator": Case(
        lambda shape, dtype, seed: layers.LinearOperatorMeasurement(
            _operator(shape, seed), dtype=dtype
        ),
        examples=((4, 4, 3), (1,)),
        shapes=SIGNALS,
    ),
    "sparse matrix": Case(
        lambda shape, dtype, seed: layers.SparseMatrixMeasurement(
            tf.sparse.from_dense(_matrix(shape, seed) * (_matrix(shape, 7) > 0)),
            dtype=dtype,
        ),
        examples=((4, 4, 3), (1,)),
        shapes=SIGNALS,
    ),
    "operator in Python": Case(
        lambda shape, dtype, seed: layers.ScipyOperatorMeasurement(
            PythonOperator(_matrix(shape, seed)), dtype=dtype
        ),
        examples=((4, 4, 3), (1,)),
        shapes=SIGNALS,
        saves=False,
        exports=False,
    ),
    "linear function": Case(
        lambda shape, dtype, seed: layers.FunctionMeasurement(
            _running_sum, linear=True, dtype=dtype
        ),
        varies=False,
        examples=((4, 4, 3), (1,)),
        shapes=SIGNALS,
    ),
    "A @ B": Case(
        lambda shape, dtype, seed: (
            layers.HadamardMeasurement(_some(shape[:2]), seed=seed, dtype=dtype)
            @ layers.GrayscaleMeasurement(np.arange(shape[-1]) + seed, dtype=dtype)
        ),
    ),
    "A + B": Case(
        lambda shape, dtype, seed: (
            layers.GaussianMeasurement(7, seed=seed, dtype=dtype)
            - 0.5 * seed * layers.MatrixMeasurement(_matrix(shape, seed), dtype=dtype)
        ),
        shapes=SIGNALS,
    ),
    "A.H": Case(_adjoint, examples=((7,),), shapes=strategies.just((7,))),
    "stack": Case(_stack),
    "selected rows": Case(_selected_rows),
}

NONLINEAR = {
    "magnitude": Case(
        lambda shape, dtype, seed: layers.MagnitudeMeasurement(
            layers.GaussianMeasurement(7, seed=seed, dtype=dtype)
        ),
    ),
    "fourier magnitude": Case(
        lambda shape, dtype, seed: layers.MagnitudeMeasurement(
            layers.FourierMeasurement(_mask(shape[:2], seed), dtype=dtype)
        ),
        examples=((12, 10, 1), (9, 7, 2)),
        shapes=SCANS,
    ),
    "function": Case(
        lambda shape, dtype, seed: layers.FunctionMeasurement(tf.math.sin, dtype=dtype),
        varies=False,
        saves=False,
    ),
    "A @ nonlinear": Case(
        lambda shape, dtype, seed: (
            layers.GaussianMeasurement(5, seed=seed, dtype=dtype)
            @ layers.MagnitudeMeasurement(
                layers.HadamardMeasurement(_some(shape), seed=seed, dtype=dtype)
            )
        ),
    ),
}

ALL = {**LINEAR, **NONLINEAR}


def made(name, shape=None, dtype="float32", seed=SEED):
    """A new, unbuilt measurement; its first example where there is no shape."""
    return ALL[name].make(shape or ALL[name].examples[0], dtype, seed)


@functools.cache
def built(name, shape=None, dtype="float32", seed=SEED):
    """A measurement that tests share: they must not change it."""
    shape = shape or ALL[name].examples[0]
    A = made(name, shape, dtype, seed)
    A.build((None, *shape))
    return A


def signals(A, batch, seed=1):
    """Random signals (batch, *signal_shape) that A measures; batch may be a tuple."""
    batch = batch if isinstance(batch, tuple) else (batch,)
    return _normal((*batch, *A.signal_shape), A, seed)


def measurements(A, batch, seed=2):
    """Random y (batch, m)."""
    return _normal((batch, A.measurements), A, seed)


def _normal(shape, A, seed):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=shape)
    if A.complex_signals:
        values = values + 1j * rng.normal(size=shape)
    return tf.constant(values, A.signal_dtype)


def examples(cases):
    """Pairs (name, shape) for `pytest.mark.parametrize`."""
    return [(name, shape) for name, case in cases.items() for shape in case.examples]
