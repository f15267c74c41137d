"""The random Gaussian measurement of compressed sensing."""

import keras

from tf_gencs.layers.seeded_measurement import SeededMeasurement


@keras.saving.register_keras_serializable(package="tf_gencs")
class GaussianMeasurement(SeededMeasurement):
    """y = A vec(x) with independent N(0, 1/m) entries, so that E||A x||^2 = ||x||^2.

    The same seed gives the same matrix in every dtype and storage (up to rounding), on
    CPU and GPU: entry (i, j) comes from the counter-based generator Philox4x32-10. Row
    i does not depend on m but for the factor 1/sqrt(m).

    Args:
        measurements: m, at least 1; it may exceed n.
        storage: "dense" keeps the matrix as a weight of m * n numbers, for speed.
            "seed" stores nothing and makes every entry when it is needed: for matrices
            that are too large to keep, in memory or in a file.
        seed: seed of the matrix; None draws one, see `get_config()["seed"]`.
        **kwargs: as for `keras.layers.Layer`.

    Raises:
        ValueError: `measurements` below 1 or not an integer, an unknown storage, or a
            wrong seed.

    Example:

    ```python
    A = gencs.layers.GaussianMeasurement(100, seed=0)
    y = A(x)  # (batch, 28, 28, 1) -> (batch, 100)
    ```

    Source: Bora et al., ICML 2017, section 6; Salmon et al., "Parallel random numbers:
    as easy as 1, 2, 3", 2011.
    """

    distribution = "gaussian"
    _structural = ("storage",)

    def __init__(self, measurements, storage="dense", seed=None, **kwargs):
        super().__init__(measurements, storage, seed, **kwargs)

    def get_config(self):
        return {**super().get_config(), "storage": self.storage}
