"""The sliced Wasserstein distance."""

import keras
import numpy as np
import tensorflow as tf

from tf_gencs import checks, seeds
from tf_gencs.metrics.two_sample_metric import StoredRowsMetric


@keras.saving.register_keras_serializable(package="tf_gencs")
class SlicedWasserstein(StoredRowsMetric):
    """Wasserstein distance of two sets along random directions, averaged.

    (mean over directions u of W_p(u.real, u.generated)^p)^(1/p), where W_p of numbers
    is exact: the distance of their sorted values, or of their quantile functions where
    the sets differ in size. It takes whole images as vectors, not the patches of a
    Laplacian pyramid (Karras 2018): so it has the images' own unit. Two sets that
    differ by a constant c per pixel are about |c| apart, a root mean square over
    pixels. It sees brightness, colours and large shapes rather than sharp edges; for
    those, pass `features`.

    Two sets of one distribution do not reach 0: about 1/sqrt(images) of a pixel's
    deviation remains. Compare only what was computed from as many images. Of an image
    only its projections are kept: 8 bytes x images x `projections`.

    Args:
        features: None for the images' values, or as for `TwoSampleMetric`.
        value_range, batch_size, name, dtype: as for `TwoSampleMetric`.
        projections: number of directions.
        order: p, 1 or more.
        seed: seed of the directions; the same for what is to be compared.

    Returns (from `result`):
        float, at least 0.

    Example:

    ```python
    metric = gencs.metrics.SlicedWasserstein(projections=32)
    metric.update_state(x, x + 0.1)
    metric.result()
    ```

    Sources: Rabin, Peyre, Delon and Bernot, "Wasserstein Barycenter and its
    Application to Texture Mixing", SSVM 2011; Bonneel, Rabin, Peyre and Pfister,
    "Sliced and Radon Wasserstein Barycenters of Measures", JMIV 2015.
    """

    def __init__(
        self,
        features=None,
        value_range=None,
        projections=128,
        order=2.0,
        seed=0,
        batch_size=256,
        name=None,
        dtype=None,
    ):
        super().__init__(features, value_range, batch_size, name, dtype)
        self.projections = checks.integer(projections, "projections")
        self.order = checks.number(order, "order", at_least=1)
        self.seed = checks.integer(seed, "seed", at_least=0)

    def _start(self, width):
        super()._start(width)
        directions = tf.random.stateless_normal(
            (width, self.projections),
            seeds.stream(self.seed, "sliced_wasserstein"),
            dtype=tf.float64,
        ).numpy()
        self._directions = directions / np.linalg.norm(directions, axis=0)

    def _add(self, side, rows):
        super()._add(side, rows @ self._directions)

    def result(self):
        self._need(1)
        real, generated = self._stored()
        distances = wasserstein(real, generated, self.order)
        return float(np.mean(distances**self.order) ** (1 / self.order))

    def get_config(self):
        return {
            **super().get_config(),
            "projections": self.projections,
            "order": self.order,
            "seed": self.seed,
        }


def wasserstein(a, b, order):
    """W_p of numbers, column by column: (n, columns), (m, columns) -> (columns,)."""
    n, m = len(a), len(b)
    # The quantile functions are steps; between two neighbours of all their ends, which
    # are counted in units of 1 / (n m), both are constant.
    ends = np.union1d(np.arange(1, n + 1) * m, np.arange(1, m + 1) * n)
    starts = np.concatenate([[0], ends[:-1]])
    gaps = np.abs(np.sort(a, axis=0)[starts // m] - np.sort(b, axis=0)[starts // n])
    weights = (ends - starts) / (n * m)
    return (weights @ gaps**order) ** (1 / order)
