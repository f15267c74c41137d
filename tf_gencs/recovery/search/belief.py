"""What G leaves unexplained of each signal: deviation, or noise."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tf_gencs.recovery.facts import LEAST_ERROR

# Levels of noise are as likely as each other on a scale of logarithms, over so many
# e-folds from the least of interest to one like the deviations.
_LEVELS = 8.0

# Share of the variance of what A sees of draws from the prior, at which a search begins
# that is told of no deviation: a smooth objective first.
_SMOOTH = 1 / 12

# A residual below this share of what was believed in is no such deviation. What the
# penalty alone keeps of a signal in the range falls with the square of k / m: for 99 %
# of what a decoder made it is less than that where m > 2 k. Where A hides values the
# penalty is larger, and few signals are taken to be in the range: too few are seen.
_MUCH_LESS = (0.03, 0.25)

# A penalty that grows by less is not worth another search, nor is noise that is less
# than this share of the deviation.
_MUCH_MORE = 1.5
_WORTHWHILE = 0.5


class Belief(NamedTuple):
    """What is taken for the residual of each signal: variances in each measurement.

    Attributes:
        deviation: of what no G(z) reaches, (batch,).
        noise: (batch,).
        exact: whether G is asked to explain all but noise, bool (batch,).
    """

    deviation: tf.Tensor
    noise: tf.Tensor
    exact: tf.Tensor

    @property
    def variance(self):
        return self.deviation + self.noise


class Beliefs:
    """How a belief begins, and what it becomes when a search left a residual.

    With r = y - A G(z), a deviation of tau v0 in each measurement (v0 as the preset
    knows it on average, tau Gamma distributed) and noise of any size, z takes up to k
    of the m degrees of freedom; what ||r||^2 says of the sum of both is split by Bayes'
    rule. Where so little is left that there can be no deviation, the signal is taken
    to lie in G's range.

    Args:
        data: `DataTerms` of one term with squares.
        latent_dim: k.
        even: see `even_measurements`.
        deviation: v0.
        noise_gain: variance, in each residual, of noise of variance 1 in y; not 1 where
            residuals are weighed.
    """

    def __init__(self, data, latent_dim, even, deviation, noise_gain):
        facts = data.facts
        low, high = facts.value_range or (0.0, 1.0)
        least = LEAST_ERROR * (high - low) ** 2 / facts.representation_error
        self._least = least * tf.maximum(deviation, 1e-30)
        self._expected = tf.maximum(deviation, 1e-30)  # 0 where A is
        self._noise_gain = noise_gain
        self._nothing = facts.in_range
        self._log_density = facts.distance_log_density
        self._m, self._k, self._dtype = data.measurements, latent_dim, data.dtype
        # Values that A hides are the prior's business: there the penalty stays whole.
        most = max(self._m, latent_dim)
        even = tf.clip_by_value(tf.cast(even, self._dtype), latent_dim, most)
        self._discount = min(self._m / latent_dim, 1.0) * latent_dim / even
        self._told = None if data.noise is None else data.noise**2 * noise_gain

    def first(self, signals, spread):
        """The belief before the search.

        Args:
            signals: how many there are.
            spread: variance, in each measurement, of what A sees of prior draws.
        """
        deviation = self._expected
        if self._nothing:
            deviation = tf.maximum(deviation, _SMOOTH * spread)
        return self._belief(
            tf.fill([signals], deviation),
            tf.fill([signals], self._known_noise),
            exact=False,
        )

    def penalty(self, belief):
        """Weight of the latent penalty, (batch,); see `latent_penalty.resolve`."""
        return belief.deviation * self._discount + belief.noise

    def revised(self, belief, residual):
        """The belief after a search, and which signals are to be searched again.

        Args:
            belief: what the search believed.
            residual: ||y - A G(z)||^2 of its best lanes, (batch,).
        """
        like = residual * 0
        told = like + self._known_noise
        # z has taken k degrees of freedom at most.
        most = residual / max(self._m - self._k, 1e-6)
        low, high = _MUCH_LESS
        part = min(max((self._k / self._m) ** 2, low), high)
        part = 2 * high if self._nothing else part
        falls = most - told < part * belief.deviation
        falls &= (belief.deviation > 2 * self._least) & ~belief.exact
        usual = self._least if self._nothing else self._expected
        grown = self._belief(like + usual, self.noise(residual), exact=False)
        rises = self.penalty(grown) > _MUCH_MORE * self.penalty(belief)
        rises &= grown.noise > _WORTHWHILE * usual
        bottom = self._belief(like + self._least, told, exact=True)

        def pick(down, up, stay):
            return tf.where(falls, down, tf.where(rises, up, stay))

        new = Belief(*map(pick, bottom, grown, belief))
        return new, falls | rises

    def noise_of_y(self, residual):
        """Standard deviation of the noise in each measurement of y, (batch,)."""
        return tf.sqrt(self.noise(residual) / self._noise_gain)

    def noise(self, residual):
        """The variance of the noise in each residual, (batch,).

        The mean of s under tau v0 + s = total, with tau Gamma and log s uniform, or no
        noise at all.

        Args:
            residual: ||y - A G(z)||^2, (batch,).
        """
        if self._told is not None:
            return residual * 0 + self._told
        # z has taken at least m k / (m + k) degrees of freedom.
        total = residual * (self._m + self._k) / self._m**2
        if self._nothing:
            return total
        share = tf.constant((np.arange(32) + 0.5) / 32, self._dtype)
        tau = total[:, None] / self._expected * (1 - share)
        density = self._density(tau)
        # Integrals over s: of p(tau), and of p(tau) / s.
        mean = tf.reduce_mean(density, axis=1) * total
        weight = tf.reduce_mean(density / share, axis=1)
        none = _LEVELS * self._density(total / self._expected)
        return mean / (weight + none + 1e-30)

    def _density(self, tau):
        return tf.exp(self._log_density(tau))

    @property
    def _known_noise(self):
        return tf.cast(0.0 if self._told is None else self._told, self._dtype)

    def _belief(self, deviation, noise, exact):
        return Belief(deviation, noise, tf.fill(tf.shape(deviation), exact))
