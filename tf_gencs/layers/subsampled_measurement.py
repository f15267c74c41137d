"""What measurements by a subsampled, randomised fast transform share."""

import tensorflow as tf

from tf_gencs import checks, seeds
from tf_gencs.layers.measurement import Measurement
from tf_gencs.ops import mask


class SubsampledMeasurement(Measurement):
    """y = s R T D vec(x): random signs D, a fast transform T, m random rows R.

    A subclass names its random streams by `stem` and implements `_transform`,
    `_transform_adjoint` and `_scale`, or the whole measurement by one fused op.

    Args:
        measurements: m, from 1 to n.
        seed: seed of signs and rows; None draws one, see `get_config()["seed"]`.
        **kwargs: as for `keras.layers.Layer`.

    Raises:
        ValueError: `measurements` below 1, not an integer or (when built) above n; a
            wrong seed.
    """

    stem = None

    def __init__(self, measurements, seed=None, **kwargs):
        super().__init__(
            measurements=checks.integer(measurements, "measurements"), **kwargs
        )
        self.seed = seeds.resolve(seed)
        self.supports_jit = False  # XLA has no kernels for custom ops

    @property
    def transform_size(self):
        """The number of rows of T."""
        return self.signal_size

    def build(self, input_shape):
        super().build(input_shape)
        n = self.signal_size
        if self.measurements > n:
            raise ValueError(
                f"`measurements` must be at most {n}, the size of a signal: that many "
                f"rows already tell it whole. Received: {self.measurements}"
            )
        self.signs = self._add_integers("signs", n, "int8", self._random_signs)
        self.rows = self._add_integers(
            "rows", self.measurements, "int32", self._random_rows
        )

    def _measure(self, x):
        x = self._flatten(x) * self._cast(self.signs)
        y = mask.mask_measure(self._transform(x), self._cast(self.rows, "int32"))
        return y * tf.constant(self._scale(), y.dtype)

    def _measure_adjoint(self, y):
        y = y * tf.constant(self._scale(), y.dtype)
        rows = self._cast(self.rows, "int32")
        x = self._transform_adjoint(mask.mask_adjoint(y, rows, self.transform_size))
        return self._unflatten(x * self._cast(self.signs))

    def _cast(self, weight, dtype=None):
        return tf.cast(tf.convert_to_tensor(weight), dtype or self.compute_dtype)

    def _add_integers(self, name, size, dtype, draw):
        """Adds a weight of integers, drawn from a stream of its own."""
        return self.add_weight(
            name=name,
            shape=(size,),
            dtype=dtype,
            initializer=lambda shape, dtype=None: tf.cast(
                draw(shape[0], seeds.stream(self.seed, f"{self.stem}_{name}")), dtype
            ),
            trainable=False,
            autocast=False,
        )

    def _random_signs(self, size, stream):
        bits = tf.random.stateless_uniform((size,), stream, 0, 2, tf.int32)
        return 2 * bits - 1

    def _random_rows(self, size, stream):
        keys = tf.random.stateless_uniform((self.transform_size,), stream)
        return tf.sort(tf.argsort(keys)[:size])

    def get_config(self):
        config = {"measurements": self.measurements, "seed": self.seed}
        return {**super().get_config(), **config}
