"""Checks that users can run on measurements of their own."""

import tensorflow as tf

from tf_gencs import checks, seeds
from tf_gencs.layers import Measurement

__all__ = ["check_adjoint"]

_TOLERANCES = {"float32": 1e-5, "float64": 1e-12}


def check_adjoint(A, signal_shape=None, *, dtypes=None, tolerance=None, seed=0):
    """Checks <A x, y> = <x, A^H y> on random x and y, relative to ||A x|| ||y||.

    Args:
        A: linear `Measurement`.
        signal_shape: shape of a signal, to build A on where it is not built.
        dtypes: names of the dtypes to check in. None takes float32 and float64 where
            copies of A can be made by its config, else its own dtype alone.
        tolerance: largest relative difference to allow; None is 1e-5 in float32 and
            1e-12 in float64.
        seed: seed of x and y.

    Raises:
        AssertionError: the two sides differ by more; the message shows both.
        TypeError: A is no `Measurement`, or not linear.
        ValueError: A is not built and there is no `signal_shape`, or it is built on
            another; an argument outside its range.

    Example:

    ```python
    gencs.testing.check_adjoint(MyMeasurement(), (28, 28, 1))
    ```
    """
    if not isinstance(A, Measurement):
        raise TypeError(
            f"`A` must be a Measurement (`as_measurement` makes one). Received: {A!r}"
        )
    if tolerance is not None:
        tolerance = checks.number(tolerance, "tolerance", at_least=0)
    seed = seeds.resolve(seed)
    if signal_shape is not None:
        signal_shape = checks.sizes(signal_shape, "signal_shape")
    if not A.built:
        if signal_shape is None:
            raise ValueError("`signal_shape` must be given where `A` is not built.")
        A.build((None, *signal_shape))
    if signal_shape not in (None, A.signal_shape):
        raise ValueError(
            f"`signal_shape` must be {A.signal_shape}, on which `A` is built. "
            f"Received: {signal_shape}"
        )
    A._require_linear("adjoint")
    for layer in _in_dtypes(A, dtypes):
        _check(layer, tolerance, seed)


def _in_dtypes(A, dtypes):
    """A, or copies of it, in each of the dtypes."""
    if isinstance(dtypes, str):
        dtypes = (dtypes,)
    if dtypes is not None:
        if not isinstance(dtypes, (list, tuple)):
            raise ValueError(
                f"`dtypes` must be a sequence of names. Received: {dtypes!r}"
            )
        for dtype in dtypes:
            checks.float_policy(dtype, "dtypes")
        return [_in_dtype(A, dtype) for dtype in dtypes]
    try:
        return [_in_dtype(A, dtype) for dtype in _TOLERANCES]
    except (NotImplementedError, TypeError):  # no config, or none that makes it again
        return [A]


def _in_dtype(A, dtype):
    if A.compute_dtype == dtype:
        return A
    copy = type(A).from_config(_with_dtype(A.get_config(), dtype))
    copy.build((None, *A.signal_shape))
    copy.set_weights(A.get_weights())
    return copy


def _with_dtype(config, dtype):
    """A config with this dtype in it and in all configs inside it."""
    if isinstance(config, (list, tuple)):
        return [_with_dtype(item, dtype) for item in config]
    if not isinstance(config, dict):
        return config
    changed = {key: _with_dtype(value, dtype) for key, value in config.items()}
    if "dtype" in changed:
        changed["dtype"] = dtype
    return changed


def _check(A, tolerance, seed):
    batch = 3 if A.signals is None else A.signals
    x = _normal((batch, *A.signal_shape), A, seed)
    y = _normal((batch, A.measurements), A, seed + 1)
    measured, returned = A(x), A.adjoint(y)
    left, right = _dot(measured, y), _dot(x, returned)
    scale = max(_norm(measured) * _norm(y), _norm(x) * _norm(returned))
    difference = abs(left - right) / scale if scale else abs(left - right)
    if tolerance is None:
        tolerance = _TOLERANCES.get(A.compute_dtype, 1e-2)
    if not difference <= tolerance:
        raise AssertionError(
            f"`{A.name}.adjoint` must be the adjoint of `{A.name}`: <A x, y> must "
            f"equal <x, A^H y> up to {tolerance:g} of ||A x|| ||y|| in "
            f"{A.compute_dtype}. Received: <A x, y> = {left:.9g}, <x, A^H y> = "
            f"{right:.9g}, which differ by {difference:.3g} of {scale:.9g}"
        )


def _normal(shape, A, seed):
    dtype = tf.as_dtype(A.signal_dtype)
    parts = tf.random.stateless_normal((2, *shape), (seed, 0), dtype="float64")
    if dtype.is_complex:
        return tf.cast(tf.complex(parts[0], parts[1]), dtype)
    return tf.cast(parts[0], dtype)


def _dot(a, b):
    """<a, b>, summed in double precision; a complex number where they are complex."""
    wide = tf.complex128 if a.dtype.is_complex else tf.float64
    return tf.reduce_sum(tf.cast(a, wide) * tf.math.conj(tf.cast(b, wide))).numpy()


def _norm(a):
    return abs(_dot(a, a)) ** 0.5
