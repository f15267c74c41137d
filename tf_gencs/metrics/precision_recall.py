"""Precision and recall of a generative model."""

import keras
import numpy as np

from tf_gencs import checks
from tf_gencs.metrics.nearest import neighbour_distances, squared_distances
from tf_gencs.metrics.two_sample_metric import StoredRowsMetric


@keras.saving.register_keras_serializable(package="tf_gencs")
class PrecisionRecall(StoredRowsMetric):
    """How much of what is generated looks real, and how much of the real is generated.

    A set's manifold is the union of balls around its features, each reaching to the
    k-th nearest neighbour of the same set. Precision is the share of generated images
    within the manifold of real ones, recall the share of real images within the
    manifold of generated ones. A generator that has collapsed has high precision and
    low recall. One image unlike all others has a large ball, in which rubbish may pass
    for precise: read both numbers beside a distance.

    Two sets of one distribution do not reach 1, and both numbers change with the number
    of images: compare only what was computed from as many. All features are kept: 8
    bytes x images x d; the work grows with the square of their number.

    Args:
        features, value_range, batch_size, name, dtype: as for `TwoSampleMetric`.
        neighbours: k.

    Returns (from `result`):
        dict of floats in [0, 1]: "precision" and "recall".

    Example:

    ```python
    metric = gencs.metrics.PrecisionRecall(neighbours=2)
    metric.update_state(x, x[::-1])
    metric.result()  # {"precision": 1.0, "recall": 1.0}
    ```

    Source: Kynkaanniemi, Karras, Laine, Lehtinen and Aila, "Improved Precision and
    Recall Metric for Assessing Generative Models", NeurIPS 2019.
    """

    def __init__(
        self,
        features=None,
        value_range=None,
        neighbours=3,
        batch_size=256,
        name=None,
        dtype=None,
    ):
        super().__init__(features, value_range, batch_size, name, dtype)
        self.neighbours = checks.integer(neighbours, "neighbours")

    def result(self):
        self._need(self.neighbours + 1)
        real, generated = self._stored()
        return {
            "precision": _share_within(generated, real, self.neighbours),
            "recall": _share_within(real, generated, self.neighbours),
        }

    def get_config(self):
        return {**super().get_config(), "neighbours": self.neighbours}


def _share_within(rows, others, k):
    """Share of rows within the manifold of the others."""
    reach = neighbour_distances(others, k)
    within = [
        (squares <= reach).any(axis=1) for _, squares in squared_distances(rows, others)
    ]
    return float(np.concatenate(within).mean())
