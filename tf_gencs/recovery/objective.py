"""The function of z that a recovery minimises."""

import copy
import functools
from typing import NamedTuple

import tensorflow as tf

from tf_gencs.layers import (
    IdentityMeasurement,
    MatrixMeasurement,
    Measurement,
    Sequential,
)
from tf_gencs.losses import SumSquaredError
from tf_gencs.recovery.linearisation import Linearisation


class Term(NamedTuple):
    """One data term: weight * loss(y, A G(z))."""

    measurement: Measurement  # built
    loss: object  # from `tf_gencs.losses`, or a Keras loss
    weight: float = 1.0

    @property
    def needs_y(self):
        return getattr(self.loss, "needs_y", True)

    @property
    def is_squared_error(self):
        return type(self.loss) is SumSquaredError


class Objective:
    """A weighted sum of data terms + latent_penalty * prior.penalty(z), per lane.

    Args:
        generator: Keras model z -> x.
        terms: dict from names to `Term`s, at least one.
        latent_prior: object with `penalty(z)`.
        latent_penalty: its weight, a float of at least 0.
        dtype: name of the dtype of z and of every number returned.
        value_range: (low, high) of signal values, or None.
        representation_error: mean squared error per signal value of the best G(z); 0
            where it is unknown.
        noise: standard deviation of the noise in each measurement, or None.
    """

    def __init__(
        self,
        generator,
        terms,
        latent_prior,
        latent_penalty,
        dtype,
        value_range=None,
        representation_error=0.0,
        noise=None,
    ):
        self.generator = generator
        self.terms = terms
        self.prior = latent_prior
        self.penalty = latent_penalty
        self.dtype = dtype
        self.value_range = value_range
        self.representation_error = representation_error
        self.noise = noise

    @property
    def measured(self):
        """The terms that compare with a y: dict from names to `Term`s."""
        return {name: term for name, term in self.terms.items() if term.needs_y}

    @property
    def measurements(self):
        """How many numbers the data terms look at, over all of them."""
        return sum(term.measurement.measurements for term in self.terms.values())

    @property
    def signals(self):
        """S, where some measurement is one of S signals' own; else None."""
        owned = (term.measurement.signals for term in self.terms.values())
        return next((signals for signals in owned if signals is not None), None)

    @property
    def misfit_variance(self):
        """Variance, in each measurement, of the part of x that no G(z) reaches.

        With A of N(0, 1/m) entries that part, of squared length E = n times the
        representation error, looks like noise of variance E / m.
        """
        size = next(iter(self.terms.values())).measurement.signal_size
        return self.representation_error * size / self.measurements

    @property
    def expected_variance(self):
        """Variance of what the best G(z) leaves unexplained of each measurement."""
        return self.misfit_variance + (self.noise or 0.0) ** 2

    @functools.cached_property
    def squared_norm(self):
        """||A||^2 of the only measurement; first asked for outside of graphs."""
        (term,) = self.terms.values()
        # The power method stops up to 1e-3 short of the norm.
        return 1.01 * term.measurement.operator_norm() ** 2

    def whitened(self, whitening):
        """The same objective with W (A G(z) - y) in place of A G(z) - y.

        Args:
            whitening: W, an array (m, m); of an objective with one data term.

        Returns:
            An `Objective`, whose lanes take W y.
        """
        ((name, term),) = self.terms.items()
        parts = [term.measurement, MatrixMeasurement(whitening, dtype=self.dtype)]
        white = Sequential(parts, dtype=self.dtype)
        white.build((None, *term.measurement.signal_shape))
        objective = copy.copy(self)
        objective.terms = {name: term._replace(measurement=white)}
        vars(objective).pop("squared_norm", None)  # which was that of A alone
        return objective

    def lanes(self, y):
        """The objective of lanes that measured y, a dict from names to (lanes, m)."""
        return Lanes(self, y)

    def generate(self, z):
        """Signals of latents: (lanes, k) -> (lanes, *signal_shape)."""
        return tf.cast(self.generator(z, training=False), self.dtype)

    def weighted_penalty(self, z):
        """What the prior adds to the objective: (lanes, k) -> (lanes,)."""
        if not self.penalty:
            return tf.zeros(tf.shape(z)[:1], self.dtype)
        return self.penalty * self.prior.penalty(z)

    def measure(self, x):
        """What every term's measurement says of signals: dict to (batch, m)."""
        return {
            name: tf.cast(term.measurement(x), self.dtype)
            for name, term in self.terms.items()
        }

    def losses_of_pairs(self, y, measured):
        """Data loss of every pair of a measured signal and a measured candidate.

        Args:
            y: dict from names to (batch, m).
            measured: what `measure` says of the candidates, dict to (candidates, m).

        Returns:
            Tensor (batch, candidates).
        """
        total = 0.0
        for name, term in self.terms.items():
            total += term.weight * self._pairs(term, y.get(name), measured[name])
        return total

    def _pairs(self, term, y, candidates):
        if not term.needs_y:
            return self._loss(term, None, candidates)[None, :]
        if term.is_squared_error:
            squares = tf.reduce_sum(candidates**2, axis=1)
            cross = tf.matmul(y, candidates, transpose_b=True)
            return tf.reduce_sum(y**2, axis=1)[:, None] + squares - 2 * cross
        count = tf.shape(candidates)[0]

        def compare(one):
            repeated = tf.repeat(one[None], count, axis=0)
            return self._loss(term, repeated, candidates)

        return tf.map_fn(compare, y)

    def _loss(self, term, y, y_hat):
        loss = tf.cast(term.loss(y_hat if y is None else y, y_hat), self.dtype)
        if loss.shape.rank != 1:
            raise ValueError(
                "`loss` must give one number per lane, shape (lanes,). "
                f"Received: shape {loss.shape} for predictions of shape {y_hat.shape}"
            )
        return loss


class Lanes:
    """The objective of a batch of lanes: what solvers work on.

    Args:
        objective: `Objective`.
        y: dict from the names of terms to what each lane measured, (lanes, m).
    """

    def __init__(self, objective, y):
        self.objective = objective
        self.y = y

    def take(self, index):
        """Some of the lanes: `index` (count,) may repeat and reorder them."""
        y = {name: tf.gather(value, index) for name, value in self.y.items()}
        return Lanes(self.objective, y)

    def inverting(self, x, penalty=None):
        """Lanes with the same prior that search for the G(z) nearest to x.

        Args:
            x: signals (lanes, *signal_shape).
            penalty: weight of the prior's penalty against ||G(z) - x||^2; None for
                the weight that it has here.
        """
        shape = tuple(x.shape[1:])
        identity = IdentityMeasurement(dtype=self.objective.dtype)
        identity.build((None, *shape))
        objective = Objective(
            self.objective.generator,
            {"x": Term(identity, SumSquaredError())},
            self.objective.prior,
            self.objective.penalty if penalty is None else penalty,
            self.objective.dtype,
        )
        return Lanes(objective, {"x": tf.reshape(x, (-1, identity.measurements))})

    def penalised(self, weight):
        """The same lanes with another weight of the prior's penalty."""
        objective = copy.copy(self.objective)
        objective.penalty = weight
        return Lanes(objective, self.y)

    def value(self, z):
        """Objective (lanes,) of latents (lanes, k)."""
        loss = self.signal_loss(self.objective.generate(z))
        return loss + self.objective.weighted_penalty(z)

    def value_and_gradient(self, z):
        """Objective (lanes,) and its gradient in z (lanes, k).

        Raises:
            ValueError: the loss does not depend on z by differentiable operations, or
                is not one number per lane.
        """
        # Lanes never mix, so the gradient of their sum holds each lane's own.
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(z)
            loss = self.signal_loss(self.objective.generate(z))
        gradient = tape.gradient(loss, z)
        if gradient is None:
            raise ValueError(
                "`A` and the generator must be differentiable: the loss does not "
                f"depend on z. Received: {self._measurements()}"
            )
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(z)
            penalty = self.objective.weighted_penalty(z)
        if self.objective.penalty:
            gradient += tape.gradient(penalty, z)
        return loss + penalty, gradient

    def linearise(self, z):
        """The objective near z (lanes, k), for Gauss-Newton: a `Linearisation`."""
        return Linearisation(self, z)

    def quadratic_model(self, z):
        """Objective (lanes,), its gradient (lanes, k) and Gauss-Newton matrix.

        Near z, the objective is about value + gradient d + d normal d / 2, with
        normal of shape (lanes, k, k).
        """
        near = self.linearise(z)
        return near.value, near.gradient, near.normal()

    def signal_loss(self, x):
        """The data terms of signals x (lanes, *signal_shape): (lanes,)."""
        objective, total = self.objective, 0.0
        for name, term in objective.terms.items():
            y = self.y.get(name)
            same_dtype = term.measurement.signal_dtype == objective.dtype
            if term.is_squared_error and same_dtype:
                # A measurement may have a faster way to this error and its gradient.
                loss = term.measurement.squared_error(x, y)
            else:
                y_hat = tf.cast(term.measurement(x), objective.dtype)
                loss = objective._loss(term, y, y_hat)
            total += loss if term.weight == 1 else term.weight * loss
        return total

    def signal_loss_and_gradient(self, x):
        """The data terms (lanes,) and their gradient in x (lanes, *signal_shape)."""
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(x)
            loss = self.signal_loss(x)
        return loss, tape.gradient(loss, x)

    def measurement_error(self, x):
        """||A x - y||^2 over all terms that have a y: (lanes,)."""
        total = tf.zeros(tf.shape(x)[:1], self.objective.dtype)
        for name, term in self.objective.measured.items():
            y_hat = tf.cast(term.measurement(x), self.objective.dtype)
            total += tf.reduce_sum(tf.square(y_hat - self.y[name]), axis=-1)
        return total

    def _measurements(self):
        terms = self.objective.terms.values()
        return ", ".join(repr(term.measurement) for term in terms)
