"""L-BFGS on the latents, every lane with its own history and step length."""

import keras

from tf_gencs import checks
from tf_gencs.ops import lbfgs as lbfgs_ops
from tf_gencs.solvers.solver import Solver


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

    Source: Nocedal and Wright, "Numerical Optimization", 2006, algorithms 7.4, 7.5.
    """

    def __init__(self, steps=50, restarts=10, history=10, tolerance=1e-5, **search):
        super().__init__(steps, restarts, **search)
        self.history = checks.integer(history, "history", at_most=lbfgs_ops.MAX_HISTORY)
        self.tolerance = checks.number(tolerance, "tolerance", at_least=0)

    def start(self, z, lanes):
        value, gradient = lanes.value_and_gradient(z)
        return lbfgs_ops.lbfgs_start(z, value, gradient, self.history)

    def step(self, state, lanes):
        searches, trial = state
        value, gradient = lanes.value_and_gradient(trial)
        return lbfgs_ops.lbfgs_step(searches, value, gradient, self.tolerance)

    def best(self, state):
        return state[0].z  # only steps that lower the objective are accepted

    def value(self, state):
        return state[0].value

    def running(self, state):
        return state[0].status == lbfgs_ops.RUNNING

    def converged(self, state):
        return state[0].status == lbfgs_ops.CONVERGED

    def state_size(self, latent_dim, measurements, signal_size):
        return (2 * self.history + 10) * latent_dim

    def get_config(self):
        return {
            **super().get_config(),
            "history": self.history,
            "tolerance": self.tolerance,
        }
