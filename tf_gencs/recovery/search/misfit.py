"""How much of y a search leaves unexplained."""

import tensorflow as tf


class Misfit:
    """How large s^2 is, the variance of what G(z) leaves unexplained of each y_j.

    Besides noise that is the part of x that no G(z) reaches. Before anything is
    measured it is what `DataTerms.expected_variance` says. That counts as much as k
    measurements: an inverse-gamma prior for s^2, which the best lane's objective
    J_best then updates to

        s^2 = (k * expected + J_best) / (k + m').

    m' is m, but 5 k at most: more measurements see the same few errors of G again.

    Args:
        data: `DataTerms` with values bound.
        latent_dim: k.
        expected: the variance that was expected, of a shape that goes with that of
            J_best; None for what `data` expect.
    """

    def __init__(self, data, latent_dim, expected=None):
        if expected is None:
            expected = data.expected_variance
        self._known = latent_dim * expected
        self._count = latent_dim + min(data.measurements, 5 * latent_dim)

    def variance(self, best):
        """s^2 of signals whose best lane has objective `best`, the same shape."""
        return tf.maximum((self._known + best) / self._count, 1e-30)
