"""The one place that looks at what kind of thing A is."""

import tensorflow as tf

from tf_gencs import checks, lookup
from tf_gencs.layers.function_measurement import FunctionMeasurement
from tf_gencs.layers.linear_operator_measurement import LinearOperatorMeasurement
from tf_gencs.layers.matrix_measurement import MatrixMeasurement
from tf_gencs.layers.measurement import Measurement
from tf_gencs.layers.scipy_operator_measurement import (
    ScipyOperatorMeasurement,
    is_python_operator,
)
from tf_gencs.layers.sparse_matrix_measurement import (
    SparseMatrixMeasurement,
    is_sparse,
)
from tf_gencs.layers.support import repeatable
from tf_gencs.layers.support.trial import trial


def as_measurement(A, signal_shape, dtype=None):
    """Turns whatever measures into a built `Measurement`.

    Args:
        A: a `Measurement`, returned as it is; an array or tensor (m, n), meaning
            y = A @ vec(x) in C order; a sparse one, of `scipy.sparse` or a
            `tf.SparseTensor`; a linear operator (m, n) of `tf.linalg`, of
            `scipy.sparse.linalg` or of PyLops; any Keras model or layer or
            differentiable function of (batch, *signal_shape).
        signal_shape: (height, width, channels) of a signal, or so.
        dtype: dtype of the layer that is made.

    Returns:
        A `Measurement` built on `signal_shape`.

    Raises:
        TypeError: A is none of these, or holds no real numbers.
        ValueError: A does not fit the signals, holds NaN or infinity, or gives another
            y each time; a wrong `signal_shape`; or the call is inside a `tf.function`.

    Example:

    ```python
    matrix = np.eye(784)[::4]
    A = gencs.layers.as_measurement(matrix, signal_shape=(28, 28, 1))
    y = A(x)  # every fourth pixel: (batch, 196)
    ```
    """
    signal_shape = checks.sizes(signal_shape, "signal_shape")
    checks.outside_of_graphs("as_measurement")
    if isinstance(A, Measurement):
        measurement = A
    elif isinstance(A, tf.linalg.LinearOperator):
        measurement = LinearOperatorMeasurement(A, dtype=dtype)
    elif is_sparse(A):
        measurement = SparseMatrixMeasurement(A, dtype=dtype)
    elif is_python_operator(A) and not isinstance(A, type):
        measurement = ScipyOperatorMeasurement(A, dtype=dtype)
    elif callable(A) and not isinstance(A, type):
        measurement = FunctionMeasurement(A, dtype=dtype)
    elif hasattr(A, "__array__") or isinstance(A, (list, tuple)):
        measurement = MatrixMeasurement(A, dtype=dtype)
    else:
        raise TypeError(
            "`A` must be a Measurement layer, a matrix, a linear operator, or a Keras "
            f"model, layer or function. Received: {lookup.received(A)}"
        )
    if measurement.complex_signals:
        raise TypeError(
            "`A` must measure real signals (complex ones as two channels). "
            f"Received: `{measurement.name}`, which measures complex numbers"
        )
    if not measurement.built:
        measurement.build((None, *signal_shape))
    if measurement.signal_shape != signal_shape:
        raise ValueError(
            f"`A` must measure signals of shape {signal_shape}. Received: a "
            f"measurement of signals of shape {measurement.signal_shape}"
        )
    _probe(measurement)
    return measurement


def _probe(measurement):
    """Refuses an A that is no measurement: NaN, infinity, another y each time."""
    # Zero times NaN or infinity is NaN: one signal finds them in any linear A.
    probe = 0.0 if measurement.linear else 0.5
    batch = measurement.signals or 1
    with trial():
        y = measurement(tf.fill((batch, *measurement.signal_shape), probe))
    if not bool(tf.reduce_all(tf.math.is_finite(y))):
        raise ValueError(
            "`A` must be finite. Received: a measurement that gives NaN or infinity "
            f"for the signal that is {probe} everywhere"
        )
    if "_structural" not in vars(type(measurement)):  # a class of one's own
        x = repeatable.probe(batch, measurement.signal_shape, measurement.signal_dtype)
        with trial():
            repeatable.check(measurement(x), measurement(x), measurement)
