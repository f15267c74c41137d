"""The kernel distance, known as KID where the features are Inception's."""

import keras
import numpy as np

from tf_gencs import checks
from tf_gencs.metrics.two_sample_metric import StoredRowsMetric


@keras.saving.register_keras_serializable(package="tf_gencs")
class KernelDistance(StoredRowsMetric):
    """Squared maximum mean discrepancy of features, for k(a, b) = (a.b / d + 1)^degree.

    The estimate is unbiased at every number of images: for two sets of one
    distribution it is 0 on average, below 0 about as often as above. Either set is
    dealt at random into `subsets` parts of equal size, none sharing an image (the few
    images that do not fill another row of parts are left out); the distance is the
    mean of the parts' estimates, and their scatter gives its standard error. All
    features are kept: 8 bytes x images x d.

    Args:
        features, value_range, batch_size, name, dtype: as for `TwoSampleMetric`.
        degree: degree of the kernel; 3 tells means, covariances and skewness apart.
        subsets: number of parts, at least 2. Fewer parts compare more pairs; more
            make the standard error surer of itself.
        seed: seed of the dealing.

    Returns (from `result`):
        float; `standard_error()` says how sure it is.

    Example:

    ```python
    metric = gencs.metrics.KernelDistance("mnist")
    metric.update_state(images, model.generate(len(images), seed=0))
    metric.result(), metric.standard_error()
    ```

    Sources: Binkowski, Sutherland, Arbel and Gretton, "Demystifying MMD GANs", ICLR
    2018. Unbiased estimate: Gretton, Borgwardt, Rasch, Schoelkopf and Smola, "A Kernel
    Two-Sample Test", JMLR 2012, equation 3.
    """

    def __init__(
        self,
        features=None,
        value_range=None,
        degree=3,
        subsets=10,
        seed=0,
        batch_size=256,
        name=None,
        dtype=None,
    ):
        super().__init__(features, value_range, batch_size, name, dtype)
        self.degree = checks.integer(degree, "degree")
        self.subsets = checks.integer(subsets, "subsets", at_least=2)
        self.seed = checks.integer(seed, "seed", at_least=0)

    def result(self):
        return float(np.mean(self._estimates()))

    def standard_error(self):
        """Standard error of `result`: the scatter of the parts over their root."""
        return float(np.std(self._estimates(), ddof=1) / np.sqrt(self.subsets))

    def _estimates(self):
        """One unbiased estimate from each pair of parts, (subsets,)."""
        self._need(2 * self.subsets)
        rng = np.random.default_rng(self.seed)
        # Images often come sorted by class: parts must be drawn, not cut.
        real, generated = (
            rng.permutation(rows)[: len(rows) // self.subsets * self.subsets].reshape(
                self.subsets, -1, self._width
            )
            for rows in self._stored()
        )
        return [
            self._within(a) + self._within(b) - 2 * self._kernel(a, b).mean()
            for a, b in zip(real, generated, strict=True)
        ]

    def _kernel(self, a, b):
        return (a @ b.T / self._width + 1) ** self.degree

    def _within(self, a):
        """Mean of the kernel over pairs of different rows."""
        kernel, n = self._kernel(a, a), len(a)
        return (kernel.sum() - np.trace(kernel)) / (n * (n - 1))

    def get_config(self):
        config = {"degree": self.degree, "subsets": self.subsets, "seed": self.seed}
        return {**super().get_config(), **config}
