"""Gradient steps on the signal, each projected onto the generator's range."""

from typing import NamedTuple

import keras
import tensorflow as tf

from tf_gencs import checks
from tf_gencs.ops.lane_status import CONVERGED, FAILED, RUNNING
from tf_gencs.per_lane import all_finite, choose
from tf_gencs.solvers.adam import Adam
from tf_gencs.solvers.inner import minimise
from tf_gencs.solvers.registry import get, register
from tf_gencs.solvers.solver import Solver


class ProjectedGradientState(NamedTuple):
    """The state of L lanes.

    Attributes:
        z: (L, k), the current latents.
        target: (L, *signal_shape), G(z) after a gradient step: what comes nearest to
            it is next.
        loss: (L,), the data terms of G(z).
        best_z: (L, k), the latents of the smallest objective so far.
        best_value: (L,), that objective.
        status: (L,) int64.
    """

    z: tf.Tensor
    target: tf.Tensor
    loss: tf.Tensor
    best_z: tf.Tensor
    best_value: tf.Tensor
    status: tf.Tensor


@register("projected_gradient")
@keras.saving.register_keras_serializable(package="tf_gencs")
class ProjectedGradient(Solver):
    """PGD-GAN: x moves by gradient steps and returns to the range of G after each.

    From x = G(z) with z a start, each step computes

        w = x - step_size * A^T (A x - y)
        z = argmin ||w - G(z)||^2 + step_size * latent_penalty * prior.penalty(z)
        x = G(z)

    where `inner` searches z from the last one, its own state fresh each time. (Shah and
    Hegde begin at x = 0; here starts, probes and a caller's z have their say.) A lane
    keeps the iterate with the smallest objective, and converges when a step changes
    its measurement error ||A x - y||^2 by no more than `tolerance` times that error.

    The error falls by about a constant factor per step where A nearly keeps distances
    between signals of G and `step_size` suits it. 0.5, the authors', is for A with
    E[A^T A] = I, such as Gaussian ones of N(0, 1/m): seen from G's range, their norm is
    near 1, however large it is elsewhere. None is 1 / ||A||^2, which suits every
    linear A and is exact for masks and other orthonormal rows, but short for random
    ones with m well below n. One start from the prior often ends at a poor signal, here
    as in other searches: give `restarts` or `probes` where the generator allows it.

    Args:
        step_size: above 0, or None.
        steps: most steps, each with a whole search by `inner`.
        restarts: starts per signal.
        inner: the solver of each projection; None for `Adam(0.1, steps=100)`. Its
            restarts, probes and racing are not used.
        tolerance: of the stopping test, at least 0.
        **search: `probes`, `margin` and `progress`, see `Solver`.

    Raises:
        TypeError: `inner` is no solver.
        ValueError: an argument out of its range; at the first recovery: `step_size` is
            None and there is not one linear measurement with the loss "sse".

    Example:

    ```python
    inner = gencs.solvers.Adam(0.05, steps=50, restarts=2)
    model.compile(solver=gencs.solvers.ProjectedGradient(steps=5, inner=inner))
    ```

    Source: Shah and Hegde, "Solving linear inverse problems using GAN priors: an
    algorithm with provable guarantees", ICASSP 2018.
    """

    def __init__(
        self,
        step_size=0.5,
        steps=10,
        restarts=1,
        inner=None,
        tolerance=1e-4,
        **search,
    ):
        super().__init__(steps, restarts, **search)
        if step_size is not None:
            step_size = checks.number(step_size, "step_size", above=0)
        self.step_size = step_size
        if inner is None:
            inner = Adam(0.1, steps=100, restarts=1)
        self.inner = get(inner, "inner", Solver)
        self.tolerance = checks.number(tolerance, "tolerance", at_least=0)

    @property
    def weighable(self):
        return self.step_size is None

    @property
    def needs_norm(self):
        return self.step_size is None

    def check(self, lanes):
        data = lanes.data
        if self.step_size is None and not (
            len(data.terms) == 1 and data.linear and data.squares
        ):
            raise ValueError(
                "`step_size` must be a number unless there is one linear measurement "
                "`A` with the loss 'sse'. Received: None for "
                f"{list(data.terms.values())}"
            )

    def start(self, z, lanes):
        loss, target = self._descend(lanes.generate(z), lanes)
        value = loss + lanes.weighted_penalty(z)
        failed = ~(tf.math.is_finite(value) & all_finite(target))
        return ProjectedGradientState(
            z=z,
            target=target,
            loss=loss,
            best_z=z,
            best_value=value,
            status=tf.where(failed, tf.constant(FAILED, tf.int64), RUNNING),
        )

    def step(self, state, lanes):
        penalty = self._step_size(lanes) * lanes.penalty
        z = minimise(self.inner, state.z, lanes.inverting(state.target, penalty))
        loss, target = self._descend(lanes.generate(z), lanes)
        value = loss + lanes.weighted_penalty(z)

        running = state.status == RUNNING
        failed = running & ~(tf.math.is_finite(value) & all_finite(target))
        moves = running & ~failed
        better = moves & (value < state.best_value)
        stalled = moves & (tf.abs(state.loss - loss) <= self.tolerance * state.loss)
        status = tf.where(failed, tf.constant(FAILED, tf.int64), state.status)
        return ProjectedGradientState(
            z=choose(moves, z, state.z),
            target=choose(moves, target, state.target),
            loss=choose(moves, loss, state.loss),
            best_z=choose(better, z, state.best_z),
            best_value=choose(better, value, state.best_value),
            status=tf.where(stalled, tf.constant(CONVERGED, tf.int64), status),
        )

    def best(self, state):
        return state.best_z

    def value(self, state):
        return state.best_value

    def get_config(self):
        return {
            "step_size": self.step_size,
            **super().get_config(),
            "inner": keras.saving.serialize_keras_object(self.inner),
            "tolerance": self.tolerance,
        }

    def _descend(self, x, lanes):
        """Data terms of x, and x after a gradient step."""
        loss, gradient = lanes.data.loss_and_gradient(x)
        # The loss is no half of the square.
        return loss, x - self._step_size(lanes) * gradient / 2

    def _step_size(self, lanes):
        if self.step_size is not None:
            return self.step_size
        (term,) = lanes.data.terms.values()
        # A = 0 says nothing: any step will do.
        return 1 / tf.maximum(term.weight * lanes.data.squared_norm, 1e-20)
