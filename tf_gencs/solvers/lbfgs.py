"""L-BFGS on the latents, every lane with its own history and step length."""

from typing import NamedTuple

import keras
import tensorflow as tf

from tf_gencs import checks
from tf_gencs.ops import lbfgs as lbfgs_ops
from tf_gencs.per_lane import norm
from tf_gencs.solvers.registry import register
from tf_gencs.solvers.solver import Solver


class LBFGSState(NamedTuple):
    """The state of L lanes.

    Attributes:
        searches: `gencs.ops.LbfgsState` of a multiple of the objective.
        trial: (L, k), the points to evaluate next.
        scale: (L,), that multiple, which makes lengths of steps independent of the
            objective's units.
    """

    searches: lbfgs_ops.LbfgsState
    trial: tf.Tensor
    scale: tf.Tensor


@register("lbfgs")
@keras.saving.register_keras_serializable(package="tf_gencs")
class LBFGS(Solver):
    """Limited-memory BFGS with a backtracking line search, batched over lanes.

    Each step evaluates every lane once; a lane whose trial point fails Armijo's test
    shortens its own step, the others move on. A lane converges when its Newton
    decrement, the decrease that its quadratic model still promises, falls below
    `tolerance` times the objective, or when even steepest descent cannot lower the
    objective at this precision.

    Args:
        steps: most evaluations after the first one, at least 1.
        restarts: starts per signal.
        history: pairs (s, y) that each lane remembers, from 1 to 1024.
        tolerance: of the stopping test, relative, at least 0.
        **search: `probes`, `margin` and `progress`, see `Solver`.

    Example:

    ```python
    model.compile(solver=gencs.solvers.LBFGS(steps=100, restarts=3))
    x_hat = model.recover(y, A, seed=0)
    ```

    Source: Nocedal and Wright, "Numerical Optimization", 2006, algorithms 7.4, 7.5.
    """

    def __init__(self, steps=50, restarts=10, history=10, tolerance=1e-5, **search):
        super().__init__(steps, restarts, **search)
        self.history = checks.integer(history, "history", at_most=lbfgs_ops.MAX_HISTORY)
        self.tolerance = checks.number(tolerance, "tolerance", at_least=0)

    def start(self, z, lanes):
        value, gradient = lanes.value_and_gradient(z)
        scale = _unit(value, norm(gradient))
        value, gradient = _scaled(scale, value, gradient)
        return LBFGSState(
            *lbfgs_ops.lbfgs_start(z, value, gradient, self.history), scale
        )

    def step(self, state, lanes):
        found = _scaled(state.scale, *lanes.value_and_gradient(state.trial))
        searches, trial = lbfgs_ops.lbfgs_step(state.searches, *found, self.tolerance)
        return LBFGSState(searches, trial, state.scale)

    def best(self, state):
        return state.searches.z  # only steps that lower the objective are accepted

    def value(self, state):
        return state.searches.value / state.scale

    def status(self, state):
        return state.searches.status

    def state_size(self, latent_dim, measurements, signal_size):
        return (2 * self.history + 10) * latent_dim

    def get_config(self):
        return {
            **super().get_config(),
            "history": self.history,
            "tolerance": self.tolerance,
        }


def _unit(value, slope):
    """The multiple of an objective whose first step, -gradient, is well sized, (L,).

    A parabola that touches 0 has its minimum 2 value / slope away; but no step is
    longer than 1, the spread of latents.
    """
    sound = tf.math.is_finite(slope) & (slope > 0)
    slope = tf.where(sound, slope, 1)
    length = tf.where(value > 0, tf.minimum(2 * value / slope, 1), 1)
    return tf.where(sound, length / slope, 1)


def _scaled(scale, value, gradient):
    return scale * value, scale[:, None] * gradient
