"""Measurements whose matrix is made of a seed, entry by entry."""

import tensorflow as tf

from tf_gencs import checks, seeds
from tf_gencs.layers.dense_measurement import DenseMeasurement
from tf_gencs.layers.support.matrices import MatrixOfSeed
from tf_gencs.ops.random_matrix import random_matrix

STORAGES = ("dense", "seed")
_MOST = 2**31 - 1  # rows that the generator's counter tells apart


class SeededMeasurement(DenseMeasurement):
    """y = A vec(x) with independent entries of variance 1/m, a function of the seed.

    A subclass sets `distribution`, a name that `gencs.ops.random_matrix` knows.

    Args:
        measurements: m, at least 1; it may exceed n.
        storage: "dense" keeps the matrix as a weight; "seed" makes every entry anew
            when it is needed, and stores nothing. Both are the same matrix.
        seed: seed of the matrix; None draws one, see `get_config()["seed"]`.
        **kwargs: as for `keras.layers.Layer`.

    Raises:
        ValueError: `measurements` below 1 or not an integer, an unknown storage, or a
            wrong seed.
    """

    distribution = None

    def __init__(self, measurements, storage, seed=None, **kwargs):
        measurements = checks.integer(measurements, "measurements", at_most=_MOST)
        super().__init__(measurements=measurements, **kwargs)
        self.storage = checks.choice(storage, "storage", STORAGES)
        self.seed = seeds.resolve(seed)
        if storage == "seed":
            self.supports_jit = False  # XLA has no kernels for custom ops

    def _build_matrix(self, shape):
        if self.storage == "dense":
            return super()._build_matrix(shape)
        self.stream = self._add_implied("stream", (2,), self._seed_stream, "int64")
        return MatrixOfSeed(self.stream, shape, self.distribution, self.compute_dtype)

    def _initial_matrix(self, shape, dtype=None):
        return random_matrix(
            self._seed_stream(), shape, self.distribution, tf.as_dtype(dtype)
        )

    def _seed_stream(self):
        return seeds.stream(self.seed, f"{self.distribution}_measurement")

    def get_config(self):
        config = {"measurements": self.measurements, "seed": self.seed}
        return {**super().get_config(), **config}
