"""The random Gaussian measurement of compressed sensing."""

import keras
import tensorflow as tf

from tf_gencs import checks, seeds
from tf_gencs.layers.dense_measurement import DenseMeasurement


@keras.saving.register_keras_serializable(package="tf_gencs")
class GaussianMeasurement(DenseMeasurement):
    """y = A vec(x) with independent N(0, 1/m) entries, so that E||A x||^2 = ||x||^2.

    The same seed gives the same matrix in every dtype (up to its rounding).

    Args:
        measurements: m, at least 1; it may exceed n.
        seed: seed of the matrix; None draws one, see `get_config()["seed"]`.
        **kwargs: as for `keras.layers.Layer`.

    Raises:
        ValueError: `measurements` below 1 or not an integer, or a wrong seed.

    Example:

    ```python
    A = gencs.layers.GaussianMeasurement(100, seed=0)
    y = A(x)  # (batch, 28, 28, 1) -> (batch, 100)
    ```

    Source: Bora et al., ICML 2017, section 6.
    """

    def __init__(self, measurements, seed=None, **kwargs):
        super().__init__(
            measurements=checks.integer(measurements, "measurements"), **kwargs
        )
        self.seed = seeds.resolve(seed)

    def _initial_matrix(self, shape, dtype=None):
        stream = seeds.stream(self.seed, "gaussian_measurement")
        matrix = tf.random.stateless_normal(shape, stream, alg="philox")
        return tf.cast(matrix, dtype) / tf.sqrt(tf.cast(shape[0], dtype))

    def get_config(self):
        config = {"measurements": self.measurements, "seed": self.seed}
        return {**super().get_config(), **config}
