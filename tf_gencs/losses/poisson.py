"""The loss of counted photons."""

import keras
import numpy as np
import tensorflow as tf

from tf_gencs import checks
from tf_gencs.losses.measurement_loss import MeasurementLoss


@keras.saving.register_keras_serializable(package="tf_gencs")
class Poisson(MeasurementLoss):
    """How unlikely counts are under their predicted means: (lanes, m) -> (lanes,).

    In the scale of `gencs.layers.AdditiveNoise(photons=...)`: n = photons * y_true
    counts, whose expectation is mu = photons * (y_pred + background). The loss is the
    sum over the measurements of

        mu - n + n log(n / mu),

    the negative log-likelihood less its least value: never negative, and 0 where all
    mu = n. Means below `floor` counts go on by the parabola whose curvature is that of
    the floor, 1 / floor, and whose slope is the loss's there: the loss is convex and
    its gradient continuous for all y_pred, negative ones too, and pulls them back.
    Where n itself is below the floor, this keeps the minimum at mu = n, and the value
    lies below the formula by at most floor / 2.

    The curvature is Fisher's information, photons^2 / max(mu, floor); the second
    derivative, which has n / mu in place of 1, is 0 for all measurements of no count.

    Args:
        photons: expected count where y is 1, above 0; 1 if y holds counts.
        background: what the instrument adds to the mean, at least 0, in units of y;
            y_true includes it.
        floor: count below which means are continued, above 0. Smaller ones follow the
            likelihood further and make the search harder.
        name, reduction, dtype: as for `MeasurementLoss`.

    y_true is at least 0; negative values count as 0.

    Raises:
        ValueError: an argument is not such a number.

    Example:

    ```python
    photons = gencs.losses.Poisson(photons=100.0)
    model.compile(loss=photons)  # y are counts of a mean of 100 A(x)
    ```

    Source: Csiszar, "Why least squares and maximum entropy?", 1991 (the divergence);
    Harmany, Marcia and Willett, "This is SPIRAL-TAP: Sparse Poisson intensity
    reconstruction algorithms", 2012 (in recovery).
    """

    def __init__(
        self,
        photons=1.0,
        background=0.0,
        floor=0.01,
        name="poisson",
        reduction=None,
        dtype=None,
    ):
        super().__init__(name, reduction, dtype)
        self.photons = checks.number(photons, "photons", above=0)
        self.background = checks.number(background, "background", at_least=0)
        self.floor = checks.number(floor, "floor", above=0)

    def call(self, y_true, y_pred):
        n = tf.maximum(self.photons * y_true, 0)
        mu = self._mean(y_pred)
        floor = tf.cast(self.floor, mu.dtype)
        below = mu < floor
        rare = n < floor
        # What the floor adds to the least value of the loss of few counts.
        excess = _divergence(n, floor) - tf.square(floor - n) / (2 * floor)
        likelihood = _divergence(n, tf.where(below, floor, mu))
        likelihood -= tf.where(rare, excess, 0)
        step = tf.where(below, mu - floor, 0)
        continued = likelihood + (1 - n / floor) * step + step * step / (2 * floor)
        # The same parabola, without the cancellation that could make it negative.
        parabola = tf.square(tf.where(below & rare, mu - n, 0)) / (2 * floor)
        return tf.reduce_sum(tf.where(below & rare, parabola, continued), axis=-1)

    def _curvature(self, y_true, y_pred):
        return self.photons**2 / tf.maximum(self._mean(y_pred), self.floor)

    def _mean(self, y_pred):
        return self.photons * (y_pred + self.background)

    def get_config(self):
        config = {
            "photons": self.photons,
            "background": self.background,
            "floor": self.floor,
        }
        return {**super().get_config(), **config}


def _divergence(n, mu):
    """mu - n + n log(n / mu) for n >= 0 and mu > 0, exact where n is near mu.

    There the terms cancel; with v = (n - mu) / (n + mu), log(n / mu) is 2 artanh(v),
    and its series leaves (n - mu) v + 2 n (v^3 / 3 + v^5 / 5 + ...).
    Source: Loader, "Fast and accurate computation of binomial probabilities", 2000.
    """
    v = (n - mu) / (n + mu)
    near = tf.abs(v) < 0.1
    v = tf.where(near, v, 0)
    series = tf.zeros_like(v)
    for power in range(17, 1, -2):  # 0.1^18 is below the precision of float64
        series = v * v * series + 1 / power
    close = (n - mu) * v + 2 * n * v * v * v * series
    ratio = tf.maximum(n / mu, np.finfo(n.dtype.as_numpy_dtype).tiny)  # n = 0
    far = mu - n + n * tf.math.log(ratio)
    return tf.where(near, close, far)
