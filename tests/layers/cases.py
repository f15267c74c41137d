"""Every measurement with the signals it takes: what the battery runs over."""

import dataclasses
import typing

import numpy as np
import tensorflow as tf
from hypothesis import strategies

from tf_gencs import layers

SIZES = strategies.integers(1, 13)
IMAGES = strategies.tuples(SIZES, SIZES, strategies.integers(1, 4))
SIGNALS = strategies.one_of(IMAGES, strategies.tuples(strategies.integers(1, 300)))
GRAY = strategies.tuples(SIZES, SIZES, strategies.just(1))
SCANS = strategies.tuples(SIZES, SIZES, strategies.integers(1, 2))


@dataclasses.dataclass
class Case:
    """How to make a measurement of signals of a shape, and which shapes to try.

    Attributes:
        make: function of (shape, dtype).
        examples: shapes for the tests that take long.
        shapes: hypothesis strategy of shapes for the adjoint.
        saves: whether its config can be saved.
    """

    make: typing.Callable
    examples: tuple = ((12, 10, 3), (1, 1, 1))
    shapes: typing.Any = IMAGES
    saves: bool = True


def _some(shape, most=7):
    """A number of measurements that any signal of this shape allows."""
    return min(most, int(np.prod(shape)))


def _matrix(shape, m=7):
    return np.random.default_rng(3).normal(size=(m, int(np.prod(shape))))


def _mask(shape):
    mask = np.random.default_rng(4).random(shape) < 0.5
    mask.flat[0] = True
    return mask


def _operator(shape):
    return tf.linalg.LinearOperatorFullMatrix(_matrix(shape))


def _maps(shape):
    rng = np.random.default_rng(5)
    size = (3, *shape[:2])
    return rng.normal(size=size) + 1j * rng.normal(size=size)


def _adjoint(shape, dtype):
    A = layers.GaussianMeasurement(7, seed=3, dtype=dtype)
    A.build((None, *shape))
    return A.H


def _stack(shape, dtype):
    return layers.Stack(
        [
            layers.HadamardMeasurement(_some(shape), seed=3, dtype=dtype),
            layers.GrayscaleMeasurement(np.arange(shape[-1]) + 1, dtype=dtype),
            layers.GaussianMeasurement(2, seed=3, dtype=dtype),
        ]
    )


LINEAR = {
    "gaussian": Case(
        lambda shape, dtype: layers.GaussianMeasurement(7, seed=3, dtype=dtype),
        examples=((28, 28, 1), (4, 4, 3), (1,)),
        shapes=SIGNALS,
    ),
    "seeded gaussian": Case(
        lambda shape, dtype: layers.GaussianMeasurement(
            7, storage="seed", seed=3, dtype=dtype
        ),
        examples=((28, 28, 1), (4, 4, 3), (1,)),
        shapes=SIGNALS,
    ),
    "rademacher": Case(
        lambda shape, dtype: layers.RademacherMeasurement(7, seed=3, dtype=dtype),
        examples=((28, 28, 1), (4, 4, 3), (1,)),
        shapes=SIGNALS,
    ),
    "hadamard": Case(
        lambda shape, dtype: layers.HadamardMeasurement(
            _some(shape), seed=3, dtype=dtype
        ),
        examples=((28, 28, 1), (4, 4, 3), (1,)),
        shapes=SIGNALS,
    ),
    "cosine": Case(
        lambda shape, dtype: layers.CosineMeasurement(
            _some(shape), seed=3, dtype=dtype
        ),
    ),
    "flat cosine": Case(
        lambda shape, dtype: layers.CosineMeasurement(
            _some(shape), flat=True, seed=3, dtype=dtype
        ),
        examples=((28, 28, 1), (1,)),
        shapes=SIGNALS,
    ),
    "circulant": Case(
        lambda shape, dtype: layers.CirculantMeasurement(
            _some(shape), seed=3, dtype=dtype
        ),
        examples=((28, 28, 1), (1,)),
        shapes=SIGNALS,
    ),
    "mask": Case(
        lambda shape, dtype: layers.MaskMeasurement(_mask(shape), dtype=dtype)
    ),
    "mask of pixels": Case(
        lambda shape, dtype: layers.MaskMeasurement(_mask(shape[:2]), dtype=dtype)
    ),
    "random mask": Case(
        lambda shape, dtype: layers.MaskMeasurement(keep=0.6, seed=3, dtype=dtype),
        examples=((28, 28, 1), (1,)),
        shapes=SIGNALS,
    ),
    "block means": Case(
        lambda shape, dtype: layers.BlurDownsample(
            2, "box", border="circular", dtype=dtype
        ),
    ),
    "blur and downsample": Case(
        lambda shape, dtype: layers.BlurDownsample(2, dtype=dtype),
        examples=((28, 28, 1), (7, 6, 3)),
        shapes=strategies.tuples(
            strategies.integers(5, 20),
            strategies.integers(5, 20),
            strategies.integers(1, 4),
        ),
    ),
    "fourier": Case(
        lambda shape, dtype: layers.FourierMeasurement(_mask(shape[:2]), dtype=dtype),
        examples=((12, 10, 1), (9, 7, 2)),
        shapes=SCANS,
    ),
    "fourier with coils": Case(
        lambda shape, dtype: layers.FourierMeasurement(
            "random", acceleration=1.5, coils=3, seed=3, dtype=dtype
        ),
        examples=((12, 10, 1), (9, 7, 2)),
        shapes=SCANS,
    ),
    "fourier with given coils": Case(
        lambda shape, dtype: layers.FourierMeasurement(
            _mask(shape[:2]), coils=_maps(shape), dtype=dtype
        ),
        examples=((12, 10, 1), (9, 7, 2)),
        shapes=SCANS,
    ),
    "complex fourier": Case(
        lambda shape, dtype: layers.FourierMeasurement(
            _mask(shape[:2]), coils=2, complex_signals=True, dtype=dtype
        ),
        examples=((12, 10, 1),),
        shapes=GRAY,
    ),
    "grayscale": Case(lambda shape, dtype: layers.GrayscaleMeasurement(dtype=dtype)),
    "projection": Case(
        lambda shape, dtype: layers.ProjectionMeasurement(5, dtype=dtype),
    ),
    "identity": Case(
        lambda shape, dtype: layers.IdentityMeasurement(dtype=dtype),
        examples=((4, 4, 3), (1,)),
        shapes=SIGNALS,
    ),
    "matrix": Case(
        lambda shape, dtype: layers.MatrixMeasurement(_matrix(shape), dtype=dtype),
        examples=((4, 4, 3), (1,)),
        shapes=SIGNALS,
    ),
    "linear operator": Case(
        lambda shape, dtype: layers.LinearOperatorMeasurement(
            _operator(shape), dtype=dtype
        ),
        examples=((4, 4, 3), (1,)),
        shapes=SIGNALS,
        saves=False,
    ),
    "A @ B": Case(
        lambda shape, dtype: (
            layers.HadamardMeasurement(_some(shape[:2]), seed=3, dtype=dtype)
            @ layers.GrayscaleMeasurement(np.arange(shape[-1]) + 1, dtype=dtype)
        ),
    ),
    "A + B": Case(
        lambda shape, dtype: (
            layers.GaussianMeasurement(7, seed=3, dtype=dtype)
            - 2.5 * layers.MatrixMeasurement(_matrix(shape), dtype=dtype)
        ),
        shapes=SIGNALS,
    ),
    "A.H": Case(_adjoint, examples=((7,),), shapes=strategies.just((7,))),
    "stack": Case(_stack),
}

NONLINEAR = {
    "magnitude": Case(
        lambda shape, dtype: layers.MagnitudeMeasurement(
            layers.GaussianMeasurement(7, seed=3, dtype=dtype)
        ),
    ),
    "fourier magnitude": Case(
        lambda shape, dtype: layers.MagnitudeMeasurement(
            layers.FourierMeasurement(_mask(shape[:2]), dtype=dtype)
        ),
        examples=((12, 10, 1), (9, 7, 2)),
        shapes=SCANS,
    ),
    "function": Case(
        lambda shape, dtype: layers.FunctionMeasurement(tf.math.sin, dtype=dtype),
        saves=False,
    ),
    "A @ nonlinear": Case(
        lambda shape, dtype: (
            layers.GaussianMeasurement(5, seed=3, dtype=dtype)
            @ layers.MagnitudeMeasurement(
                layers.HadamardMeasurement(_some(shape), seed=3, dtype=dtype)
            )
        ),
    ),
}

ALL = {**LINEAR, **NONLINEAR}


def built(name, shape, dtype="float32"):
    A = ALL[name].make(shape, dtype)
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
