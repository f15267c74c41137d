"""Random matrices in core TensorFlow ops, and what both sides share.

`random_matrix.py` holds the formulas and the public functions.
"""

import math

import tensorflow as tf

from tf_gencs import checks
from tf_gencs.ops import library
from tf_gencs.ops.matrices import on_matrices
from tf_gencs.ops.own_gradient import own_gradient

MAX_SIZE = 2**31 - 1
DISTRIBUTIONS = ("gaussian", "rademacher")
_PHILOX = 1  # among TensorFlow's random number algorithms
_ENTRIES_AT_ONCE = 2**20  # of A, in a twin


def random_matrix_measure_twin(x, seed, measurements, distribution="gaussian"):
    """`random_matrix_measure` in core TensorFlow ops; the same shapes and results."""
    x, seed = checked(x, seed, "x", distribution)
    m = checked_size(measurements, "measurements")
    return on_matrices(lambda x: measure_twin(x, seed, m, distribution), x, m)


def random_matrix_adjoint_twin(y, seed, signal_size, distribution="gaussian"):
    """`random_matrix_adjoint` in core TensorFlow ops; the same shapes and results."""
    y, seed = checked(y, seed, "y", distribution)
    n = checked_size(signal_size, "signal_size")
    return on_matrices(lambda y: adjoint_twin(y, seed, n, distribution), y, n)


def random_matrix_twin(seed, shape, distribution="gaussian", dtype=tf.float32):
    """`random_matrix` in core TensorFlow ops; the same shapes and results."""
    seed, shape, dtype = checked_matrix(seed, shape, distribution, dtype)
    m, n = shape
    height, starts = _chunks(m, n)
    working = _working_dtype(dtype)
    chunks = _map(
        lambda start: _rows(seed, start, height, m, n, distribution, working),
        starts,
        tf.TensorSpec([None, None], working),
    )
    rows = tf.reshape(chunks, [tf.size(starts, out_type=tf.int64) * height, n])
    return tf.cast(tf.ensure_shape(rows[:m], shape), dtype)


def measure_twin(x, seed, m, distribution):
    """A x of a matrix x; m may be a tensor."""
    n = dimension(x, 1)
    height, starts = _chunks(m, n)
    dtype = _working_dtype(x.dtype)
    wide = tf.cast(tf.stop_gradient(x), dtype)  # or a tape would keep all of A

    def some_measurements(start):
        rows = _rows(seed, start, height, m, n, distribution, dtype)
        return tf.matmul(rows, wide, transpose_b=True)

    pieces = _map(some_measurements, starts, tf.TensorSpec([None, x.shape[0]], dtype))
    count = tf.size(starts, out_type=tf.int64) * height
    y = tf.transpose(tf.reshape(pieces, [count, dimension(x, 0)])[:m])
    y = tf.ensure_shape(tf.cast(y, x.dtype), [x.shape[0], tf.get_static_value(m)])
    return _MEASURED[distribution](y, x, seed)


def adjoint_twin(y, seed, n, distribution):
    """A^T y of a matrix y; n may be a tensor."""
    m = dimension(y, 1)
    height, starts = _chunks(m, n)
    dtype = _working_dtype(y.dtype)
    spare = tf.size(starts, out_type=tf.int64) * height - m
    padded = tf.pad(tf.stop_gradient(y), tf.stack([[0, 0], [0, spare]]))
    padded = tf.cast(padded, dtype)

    def add_rows(k, x):
        rows = _rows(seed, starts[k], height, m, n, distribution, dtype)
        piece = padded[:, starts[k] : starts[k] + height]
        return k + 1, x + tf.matmul(piece, rows)

    nothing = tf.zeros(tf.stack([dimension(y, 0), n]), dtype)
    shape = tf.TensorShape([y.shape[0], tf.get_static_value(n)])
    _, x = tf.while_loop(
        lambda k, _: k < tf.size(starts),
        add_rows,
        (0, nothing),
        shape_invariants=(tf.TensorShape([]), shape),
        parallel_iterations=1,
    )
    return _ADJOINT[distribution](tf.ensure_shape(tf.cast(x, y.dtype), shape), y, seed)


def _measured(distribution):
    @own_gradient
    def with_gradient(upstream, x, seed):
        return adjoint_twin(upstream, seed, dimension(x, 1), distribution), None

    return with_gradient


def _adjoint(distribution):
    @own_gradient
    def with_gradient(upstream, y, seed):
        return measure_twin(upstream, seed, dimension(y, 1), distribution), None

    return with_gradient


_MEASURED = {distribution: _measured(distribution) for distribution in DISTRIBUTIONS}
_ADJOINT = {distribution: _adjoint(distribution) for distribution in DISTRIBUTIONS}


def _chunks(m, n):
    """How many rows of A are made at once, and where such chunks start.

    The last chunk may reach past m. There is at least one, so that loops run.
    """
    m, n = tf.cast(m, tf.int64), tf.cast(n, tf.int64)
    height = tf.clip_by_value(_ENTRIES_AT_ONCE // tf.maximum(n, 1), 1, tf.maximum(m, 1))
    return height, tf.range(0, tf.maximum(m, 1), height)


def _rows(seed, start, height, m, n, distribution, dtype):
    """Rows start ... start + height - 1 of A, of shape (height, n)."""
    m, n = tf.cast(m, tf.int64), tf.cast(n, tf.int64)
    return _rows_in_graph(seed, start, height, m, n, distribution, dtype)


@tf.function(autograph=False)  # row by row, Python would take milliseconds for each
def _rows_in_graph(seed, start, height, m, n, distribution, dtype):
    words_of = {"gaussian": 64, "rademacher": 4}[distribution]  # words in a group
    columns = {"gaussian": 64, "rademacher": 128}[distribution]
    groups = (n + columns - 1) // columns

    def words_of_row(row):
        return random_words(seed, row, groups * words_of // 4)

    words = _map(
        words_of_row,
        tf.range(start, start + height),
        tf.TensorSpec([None], tf.uint32),
        parallel_iterations=4,
    )
    shape = tf.stack([height, groups * columns])
    entries = {"gaussian": _normal, "rademacher": _signs}[distribution](words, dtype)
    scale = tf.math.rsqrt(tf.cast(tf.maximum(m, 1), tf.float64))
    return tf.reshape(entries, shape)[:, :n] * tf.cast(scale, dtype)


def random_words(seed, row, blocks):
    """The words of the first Philox blocks of a row, by TensorFlow's own generator.

    Args:
        seed: int64 tensor of shape (2,).
        row: integer scalar.
        blocks: integer, how many.

    Returns:
        uint32 tensor of shape (4 * blocks,).
    """
    row = tf.cast(row, tf.int64)
    counter = tf.stack([tf.bitwise.left_shift(row, tf.constant(32, tf.int64)), seed[1]])
    return tf.raw_ops.StatelessRandomUniformFullIntV2(
        shape=[4 * blocks],
        key=tf.bitcast(seed[:1], tf.uint64),
        counter=tf.bitcast(counter, tf.uint64),
        alg=_PHILOX,
        dtype=tf.uint32,
    )


def _normal(words, dtype):
    """Normal numbers, (rows, groups, 4, 16), of words of shape (rows, 64 groups)."""
    numerator = (
        2 * tf.cast(tf.bitwise.right_shift(words, tf.constant(9, tf.uint32)), dtype) + 1
    )
    uniform = tf.reshape(numerator * 2.0**-24, [tf.shape(words)[0], -1, 16, 2, 2])
    radius = tf.sqrt(-2 * tf.math.log(uniform[..., 0]))
    angle = 2 * math.pi * uniform[..., 1]
    pairs = tf.stack([radius * tf.cos(angle), radius * tf.sin(angle)], axis=-1)
    blocks = tf.reshape(pairs, [tf.shape(words)[0], -1, 16, 4])
    return tf.transpose(blocks, [0, 1, 3, 2])


def _signs(words, dtype):
    """+1 and -1 of the bits of words, lowest bit first."""
    places = tf.constant(list(range(32)), tf.uint32)
    bits = tf.bitwise.right_shift(words[..., None], places)
    return 1 - 2 * tf.cast(
        tf.bitwise.bitwise_and(bits, tf.constant(1, tf.uint32)), dtype
    )


def _map(function, elements, spec, parallel_iterations=1):
    return tf.map_fn(
        function,
        elements,
        fn_output_signature=spec,
        parallel_iterations=parallel_iterations,
    )


def _working_dtype(dtype):
    return dtype if dtype in library.NATIVE_DTYPES else tf.float32


def dimension(tensor, axis):
    """A dimension as an int where it is known, else as an int64 scalar."""
    if tensor.shape[axis] is not None:
        return tensor.shape[axis]
    return tf.shape(tensor, out_type=tf.int64)[axis]


def checked(signal, seed, name, distribution):
    signal = tf.convert_to_tensor(signal, name=name)
    if not signal.dtype.is_floating:
        raise TypeError(
            f"`{name}` must be floating point. Received: {signal.dtype.name}"
        )
    if signal.shape.rank == 0:
        raise ValueError(f"`{name}` must have rank 1 or more. Received: a scalar")
    return signal, _checked_seed(seed, distribution)


def checked_matrix(seed, shape, distribution, dtype):
    dtype = tf.as_dtype(dtype)
    if not dtype.is_floating:
        raise TypeError(f"`dtype` must be floating point. Received: {dtype.name}")
    if len(shape) != 2:
        raise ValueError(f"`shape` must be a pair (m, n). Received: {shape}")
    shape = tuple(checked_size(size, f"shape[{i}]") for i, size in enumerate(shape))
    return _checked_seed(seed, distribution), shape, dtype


def _checked_seed(seed, distribution):
    if distribution not in DISTRIBUTIONS:
        raise ValueError(
            f"`distribution` must be one of {DISTRIBUTIONS}. Received: {distribution!r}"
        )
    seed = tf.convert_to_tensor(seed, tf.int64, name="seed")
    if not seed.shape.is_compatible_with([2]):
        raise ValueError(f"`seed` must have shape (2,). Received: {seed.shape}")
    return seed


def checked_size(value, argument):
    return checks.integer(value, argument, at_least=0, at_most=MAX_SIZE)
