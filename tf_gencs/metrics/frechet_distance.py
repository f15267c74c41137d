"""The Frechet distance, known as FID where the features are Inception's."""

import warnings

import keras
import numpy as np

from tf_gencs.metrics.two_sample_metric import TwoSampleMetric


@keras.saving.register_keras_serializable(package="tf_gencs")
class FrechetDistance(TwoSampleMetric):
    """Squared Frechet distance of two Gaussians fitted to features.

    |m_1 - m_2|^2 + tr(C_1 + C_2 - 2 (C_1 C_2)^(1/2)), with the mean m and covariance C
    of either set's features: 0 for equal ones, without a scale, so a number says
    something only beside others in the same features. Means and covariances are
    updated batch by batch: memory is of d x d numbers, however many images there are.

    It is biased upwards, the more so the fewer images there are: compare only what
    was computed from as many images. With no more images than features a covariance
    is singular, and `result` warns. `KernelDistance` has no such bias.

    Args:
        features, value_range, batch_size, name, dtype: as for `TwoSampleMetric`.

    Returns (from `result`):
        float, at least 0.

    Example:

    ```python
    metric = gencs.metrics.FrechetDistance("mnist")
    metric.update_state(images, model.generate(len(images), seed=0))
    metric.result()
    ```

    Sources: Heusel, Ramsauer, Unterthiner, Nessler and Hochreiter, "GANs Trained by a
    Two Time-Scale Update Rule", NIPS 2017. Distance of Gaussians: Dowson and Landau,
    "The Frechet distance between multivariate normal distributions", 1982.
    """

    def _start(self, width):
        self._means, self._scatters = {}, {}
        for side in self.SIDES:
            self._means[side] = np.zeros(width)
            self._scatters[side] = np.zeros((width, width))

    def _forget(self, side):
        self._means[side] = np.zeros(self._width)
        self._scatters[side] = np.zeros((self._width, self._width))

    def _add(self, side, rows):
        # Centred sums, merged as by Chan, Golub and LeVeque 1983: plain sums of
        # squares would lose the digits of features far from zero.
        before, new = self.counts[side], len(rows)
        mean = rows.mean(axis=0)
        centred, shift = rows - mean, mean - self._means[side]
        weight = before * new / (before + new)
        scatter = centred.T @ centred + weight * np.outer(shift, shift)
        self._scatters[side] = self._scatters[side] + scatter
        self._means[side] = self._means[side] + shift * (new / (before + new))

    def moments(self, side):
        """Mean (d,) and unbiased covariance (d, d) of the features of one side."""
        self._need(2)
        return self._means[side], self._scatters[side] / (self.counts[side] - 1)

    def result(self):
        self._need(2)
        if min(self.counts.values()) <= self._width:
            warnings.warn(
                f"FrechetDistance of {self.counts['real']} real and "
                f"{self.counts['generated']} generated images in {self._width} "
                "features is biased: it needs more images than features, ten times as "
                "many for a figure to report. KernelDistance is unbiased.",
                stacklevel=2,
            )
        return frechet_distance(*self.moments("real"), *self.moments("generated"))


def frechet_distance(mean, covariance, other_mean, other_covariance):
    """Squared Frechet distance of two Gaussians: means (d,), covariances (d, d)."""
    # tr (C_1 C_2)^(1/2) is the sum of singular values of C_1^(1/2) C_2^(1/2). Taking
    # the roots first keeps rounding errors of singular covariances from being rooted.
    product = _symmetric_root(covariance) @ _symmetric_root(other_covariance)
    cross = np.linalg.svd(product, compute_uv=False).sum()
    spread = np.trace(covariance) + np.trace(other_covariance) - 2 * cross
    shift = np.sum(np.square(np.subtract(mean, other_mean)))
    return max(0.0, float(shift + spread))


def _symmetric_root(matrix):
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
