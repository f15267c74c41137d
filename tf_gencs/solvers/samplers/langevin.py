"""Draws z from its posterior instead of searching the best one."""

from typing import NamedTuple

import keras
import tensorflow as tf

from tf_gencs import checks, priors, seeds
from tf_gencs.ops.lane_status import CONVERGED, FAILED, RUNNING
from tf_gencs.per_lane import all_finite, unknown
from tf_gencs.solvers.inner import minimise
from tf_gencs.solvers.lane_random import lane_keys, uniforms
from tf_gencs.solvers.lbfgs import LBFGS
from tf_gencs.solvers.registry import get, register
from tf_gencs.solvers.samplers.curvature import curvature_root
from tf_gencs.solvers.solver import Solver


class LangevinState(NamedTuple):
    """The state of L chains.

    Attributes:
        z: (L, k), where they are.
        value: (L,), J there, -2 s^2 times the log posterior.
        gradient: (L, k), of J.
        root: (L, k, k), a root of the posterior's covariance near the start.
        log_step: (L,), logarithm of the step size, in units of that root.
        draws: (L, d, k), what is kept of the chain.
        accepted: (L,), accepted steps after the burn-in.
        best_z: (L, k), the latents of the smallest objective so far.
        best_value: (L,), that objective.
        key: (L,) int64, of the lane's random numbers.
        count: (L,) int64, steps so far.
        status: (L,) int64, CONVERGED when the chain is complete.
    """

    z: tf.Tensor
    value: tf.Tensor
    gradient: tf.Tensor
    root: tf.Tensor
    log_step: tf.Tensor
    draws: tf.Tensor
    accepted: tf.Tensor
    best_z: tf.Tensor
    best_value: tf.Tensor
    key: tf.Tensor
    count: tf.Tensor
    status: tf.Tensor


@register("langevin")
@keras.saving.register_keras_serializable(package="tf_gencs")
class Langevin(Solver):
    """Samples the posterior of z by the Metropolis-adjusted Langevin algorithm.

    With Gaussian noise of standard deviation s in each measurement the posterior is

        p(z | y) ~ exp(-J(z) / (2 s^2)),  J(z) = ||A G(z) - y||^2 + s^2 prior.penalty(z)

    whatever `latent_penalty` says; where the prior has bounds, it ends there. Every
    restart is a chain. It starts where `warm_up` minimises J, and moves in coordinates
    in which the posterior looks like N(0, I) there, by J's curvature. The step size of
    each chain adapts to an acceptance of 0.574 during the burn-in and is fixed after
    it, so that what is kept comes from the exact posterior, once the chain has reached
    it: chains that start in other modes may stay there, and all count the same.

    The result's `samples` are G(z) of what the chains kept, (steps - burn_in) // thin
    each; `x` is their mean, `std` their standard deviation per value; a restart that
    ran into NaN does not count. `z`, `objective` and `restart_errors` are of the best z
    that a chain has seen, `converged` says that it is complete. A compiled `noise` ends
    no chain early. An inversion, which asks for one z, is left to `warm_up`.

    Args:
        steps: of every chain, burn-in included.
        burn_in: first steps, not kept, at least 0 and below `steps`; None for a third
            of them.
        thin: of the others every so many are kept, at least 1.
        restarts: chains per signal.
        step_size: above 0, in standard deviations of the posterior; None adapts it.
        noise: s, above 0; None for the root of what G is expected to leave
            unexplained of each measurement, see
            `gencs.recovery.DataTerms.expected_variance`.
        warm_up: the solver that finds where chains start; None for
            `LBFGS(steps=100)`. Its restarts, probes and racing are for inversions.
        seed: of the moves, in [0, 2**63); None draws one. The starts are the call's.
        probes: see `Solver`.

    Raises:
        TypeError: `warm_up` is no solver.
        ValueError: wrong arguments; at the first recovery: neither `noise` nor an
            expected one, a loss that is not "sse", or a `SphericalPrior`, which has no
            density.

    Example:

    ```python
    model.compile(solver=gencs.solvers.Langevin(steps=300, noise=0.01))
    # result = model.recover(y, A, return_result=True): result.samples, result.std
    ```

    Sources: Roberts and Tweedie, "Exponential convergence of Langevin distributions and
    their discrete approximations", 1996; Roberts and Rosenthal, "Optimal scaling of
    discrete approximations to Langevin diffusions", 1998, for the acceptance.
    """

    sampling = True

    _ACCEPTANCE = 0.574

    def __init__(
        self,
        steps=1500,
        burn_in=None,
        thin=10,
        restarts=4,
        step_size=None,
        noise=None,
        warm_up=None,
        seed=0,
        probes=0,
    ):
        super().__init__(steps, restarts, probes)
        if burn_in is None:
            burn_in = self.steps // 3
        self.burn_in = checks.integer(
            burn_in, "burn_in", at_least=0, at_most=self.steps - 1
        )
        self.thin = checks.integer(thin, "thin", at_most=self.steps - self.burn_in)
        if step_size is not None:
            step_size = checks.number(step_size, "step_size", above=0)
        self.step_size = step_size
        self.noise = None if noise is None else checks.number(noise, "noise", above=0)
        if warm_up is None:
            warm_up = LBFGS(steps=100)
        self.warm_up = get(warm_up, "warm_up", Solver)
        self.seed = seeds.resolve(seed)

    @property
    def search(self):
        return self.warm_up.search

    def check(self, lanes):
        data = lanes.data
        if self.noise is None and not (data.noise or data.facts.representation_error):
            raise ValueError(
                "`noise` must be given to `Langevin` where neither `compile(noise=...)`"
                " nor the model's `representation_error` tells what G leaves "
                f"unexplained. Received: {self.noise}"
            )
        if not data.squares:
            losses = [term.loss for term in data.terms.values()]
            raise ValueError(f"`Langevin` needs the loss 'sse'. Received: {losses}")
        if isinstance(lanes.prior, priors.SphericalPrior):
            raise ValueError(
                "`Langevin` needs a latent prior with a density. "
                f"Received: {lanes.prior!r}"
            )
        self.warm_up.check(lanes)

    def start(self, z, lanes):
        posterior, variance = self._posterior(lanes)
        key = lane_keys(seeds.stream(self.seed, "langevin"), z)
        z = lanes.prior.project(minimise(self.warm_up, z, posterior))
        value, gradient = posterior.value_and_gradient(z)
        finite = tf.math.is_finite(value) & all_finite(gradient)
        step_size = tf.constant(self.step_size or 1.0, z.dtype)
        kept = (self.steps - self.burn_in) // self.thin
        return LangevinState(
            z=z,
            value=value,
            gradient=gradient,
            root=curvature_root(z, posterior, variance),
            log_step=tf.fill(tf.shape(value), tf.math.log(step_size)),
            draws=tf.repeat(z[:, None], kept, axis=1),
            accepted=tf.zeros_like(value),
            best_z=z,
            best_value=self._objective(value, z, lanes, posterior),
            key=key,
            count=tf.zeros_like(key),
            status=tf.where(finite, tf.constant(RUNNING, tf.int64), FAILED),
        )

    def step(self, state, lanes):
        posterior, variance = self._posterior(lanes)
        prior, dtype = lanes.prior, state.z.dtype
        random = uniforms(state.key, state.count, state.z.shape[1] + 1)
        noise = tf.cast(tf.math.ndtri(random[:, 1:]), dtype)
        size = tf.exp(state.log_step)[:, None]

        def force(gradient):
            """The slope of the log posterior in the chain's coordinates."""
            return tf.linalg.matvec(
                state.root, -gradient / (2 * variance), transpose_a=True
            )

        here = force(state.gradient)
        move = size * (noise + size / 2 * here)
        z = state.z + tf.linalg.matvec(state.root, move)
        value, gradient = posterior.value_and_gradient(z)
        # The noise that would lead back.
        back = noise + size / 2 * (here + force(gradient))
        log_ratio = (state.value - value) / (2 * variance) + 0.5 * tf.reduce_sum(
            noise**2 - back**2, axis=-1
        )
        possible = tf.reduce_all(prior.project(z) == z, axis=-1)
        possible &= tf.math.is_finite(log_ratio)
        chance = tf.where(possible, tf.exp(tf.minimum(log_ratio, 0)), 0)

        running = state.status == RUNNING
        accepted = running & (tf.cast(random[:, 0], dtype) < chance)
        z = tf.where(accepted[:, None], z, state.z)
        value = tf.where(accepted, value, state.value)
        objective = self._objective(value, z, lanes, posterior)
        better = running & (objective < state.best_value)
        burning = state.count < self.burn_in
        count = tf.where(running, state.count + 1, state.count)
        return state._replace(
            z=z,
            value=value,
            gradient=tf.where(accepted[:, None], gradient, state.gradient),
            log_step=self._adapted(state, chance, running & burning),
            draws=self._keep(state.draws, z, tf.where(running, count, 0)),
            accepted=state.accepted + tf.cast(accepted & ~burning, dtype),
            best_z=tf.where(better[:, None], z, state.best_z),
            best_value=tf.where(better, objective, state.best_value),
            count=count,
            status=tf.where(
                running & (count >= self.steps),
                tf.constant(CONVERGED, tf.int64),
                state.status,
            ),
        )

    def best(self, state):
        return state.best_z

    def value(self, state):
        return state.best_value

    def state_size(self, latent_dim, measurements, signal_size):
        # Draws as latents and as signals, these twice while they change places.
        kept = (self.steps - self.burn_in) // self.thin
        return kept * (latent_dim + 2 * signal_size)

    def draws(self, state):
        complete = (state.status == CONVERGED)[:, None, None]
        return tf.where(complete, state.draws, unknown(state.draws.dtype))

    def get_config(self):
        return {
            "steps": self.steps,
            "burn_in": self.burn_in,
            "thin": self.thin,
            "restarts": self.restarts,
            "step_size": self.step_size,
            "noise": self.noise,
            "warm_up": keras.saving.serialize_keras_object(self.warm_up),
            "seed": self.seed,
            "probes": self.probes,
        }

    def _variance(self, lanes):
        """s^2."""
        if self.noise is not None:
            return self.noise**2
        return tf.maximum(lanes.data.expected_variance, 1e-30)  # 0 where A is

    def _posterior(self, lanes):
        """Lanes whose objective is J, and s^2."""
        variance = self._variance(lanes)
        return lanes.penalised(variance), variance

    def _objective(self, value, z, lanes, posterior):
        """The objective that was compiled, where J is `value`."""
        loss = value - posterior.weighted_penalty(z)
        return loss + lanes.weighted_penalty(z)

    def _adapted(self, state, chance, adapting):
        """Robbins and Monro's rule, with gains that sum to infinity and calm down."""
        if self.step_size is not None:
            return state.log_step
        gain = tf.cast(state.count + 1, chance.dtype) ** -0.6
        change = gain * (chance - self._ACCEPTANCE)
        return state.log_step + tf.where(adapting, change, 0)

    def _keep(self, draws, z, count):
        """The draws with z in place where the chains have reached the next one."""
        past = count - self.burn_in
        index = tf.where((past > 0) & (past % self.thin == 0))[:, 0]
        place = tf.gather(past, index) // self.thin - 1
        fits = place < draws.shape[1]
        index, place = index[fits], place[fits]
        return tf.cond(
            tf.size(index) > 0,
            lambda: tf.tensor_scatter_nd_update(
                draws, tf.stack([index, place], axis=1), tf.gather(z, index)
            ),
            lambda: draws,
        )
