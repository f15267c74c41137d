"""The subsampled randomised Hadamard transform."""

import keras
import tensorflow as tf

from tf_gencs import checks, seeds
from tf_gencs.layers.measurement import Measurement
from tf_gencs.ops import hadamard


@keras.saving.register_keras_serializable(package="tf_gencs")
class HadamardMeasurement(Measurement):
    """y = R H D vec(x) / sqrt(m): random signs, fast transform, random rows.

    Every entry of the matrix is +-1/sqrt(m), so E||A x||^2 = ||x||^2 as for a Gaussian
    one, but it takes O(n log n) time and stores n signs and m row numbers. Signals
    whose size n is 2^k or 12 * 2^k (64 x 64 x 3, say) are transformed as they are;
    others are padded with zeros to the next such size (28 x 28 to 1024), which costs
    time but no accuracy: distances are kept in the same way.

    Runs one fused native op each way, where `gencs.ops.backend()` has them.

    Args:
        measurements: m, from 1 to n.
        seed: seed of signs and rows; None draws one, see `get_config()["seed"]`.
        **kwargs: as for `keras.layers.Layer`.

    Raises:
        ValueError: `measurements` below 1, not an integer or (when built) above n; a
            wrong seed.

    Source: Ailon and Chazelle, "The fast Johnson-Lindenstrauss transform", 2009;
    Tropp, "Improved analysis of the subsampled randomized Hadamard transform", 2011.
    """

    def __init__(self, measurements, seed=None, **kwargs):
        super().__init__(
            measurements=checks.integer(measurements, "measurements"), **kwargs
        )
        self.seed = seeds.resolve(seed)
        self.supports_jit = False  # XLA has no kernels for custom ops

    def build(self, input_shape):
        super().build(input_shape)
        n = self.signal_size
        if self.measurements > n:
            raise ValueError(
                f"`measurements` must be at most {n}, the size of a signal: that many "
                f"rows already tell it whole. Received: {self.measurements}"
            )
        self.signs = self._add_integers("signs", n, "int8", self._initial_signs)
        self.rows = self._add_integers(
            "rows", self.measurements, "int32", self._initial_rows
        )

    def _add_integers(self, name, size, dtype, initializer):
        return self.add_weight(
            name=name,
            shape=(size,),
            dtype=dtype,
            initializer=initializer,
            trainable=False,
            autocast=False,
        )

    def _initial_signs(self, shape, dtype=None):
        stream = seeds.stream(self.seed, "hadamard_signs")
        bits = tf.random.stateless_uniform(shape, stream, 0, 2, tf.int32)
        return tf.cast(2 * bits - 1, dtype)

    def _initial_rows(self, shape, dtype=None):
        size = hadamard.hadamard_size(self.signal_size)
        stream = seeds.stream(self.seed, "hadamard_rows")
        order = tf.argsort(tf.random.stateless_uniform((size,), stream))
        return tf.cast(tf.sort(order[: shape[0]]), dtype)

    def _measure(self, x):
        return hadamard.hadamard_measure(self._flatten(x), *self._signs_and_rows())

    def _measure_adjoint(self, y):
        return self._unflatten(hadamard.hadamard_adjoint(y, *self._signs_and_rows()))

    def _signs_and_rows(self):
        return tf.convert_to_tensor(self.signs), tf.convert_to_tensor(self.rows)

    def get_config(self):
        config = {"measurements": self.measurements, "seed": self.seed}
        return {**super().get_config(), **config}
