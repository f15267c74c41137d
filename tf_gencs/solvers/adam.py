"""Adam on the latents, the solver of the CSGM paper."""

import keras
import tensorflow as tf

from tf_gencs import checks
from tf_gencs.ops import first_order, lane_status
from tf_gencs.solvers.solver import Solver


@keras.saving.register_keras_serializable(package="tf_gencs")
class Adam(Solver):
    """Adam with the best iterate of every lane kept.

    `Adam(0.01, steps=1000, restarts=10)` with `latent_penalty=0.1` is the protocol
    of the reference implementation on MNIST. Adam has no stopping test, so `converged`
    is False; a lane ends early only when it runs into NaN or infinity.

    Args:
        learning_rate: step size, above 0.
        steps: steps of every lane.
        restarts: starts per signal.
        beta_1: decay of the gradient's running mean, in [0, 1).
        beta_2: decay of the squared gradient's running mean, in [0, 1).
        epsilon: added to the root of the latter, above 0.
        **search: `probes`, `margin` and `progress`, see `Solver`.

    Sources: Kingma and Ba, ICLR 2015; Bora et al., ICML 2017.
    """

    def __init__(
        self,
        learning_rate=0.01,
        steps=1000,
        restarts=10,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        **search,
    ):
        super().__init__(steps, restarts, **search)
        self.learning_rate = checks.number(learning_rate, "learning_rate", above=0)
        self.beta_1 = checks.number(beta_1, "beta_1", at_least=0, below=1)
        self.beta_2 = checks.number(beta_2, "beta_2", at_least=0, below=1)
        self.epsilon = checks.number(epsilon, "epsilon", above=0)

    def start(self, z, lanes):
        return self.step(first_order.adam_start(z), lanes)

    def step(self, state, lanes):
        value, gradient = lanes.value_and_gradient(state.z)
        rate = tf.fill(tf.shape(value), tf.constant(self.learning_rate, value.dtype))
        return first_order.adam_step(
            state, value, gradient, rate, self.beta_1, self.beta_2, self.epsilon
        )

    def best(self, state):
        return state.best_z

    def value(self, state):
        return state.best_value

    def running(self, state):
        return state.status == lane_status.RUNNING

    def converged(self, state):
        return state.status == lane_status.CONVERGED  # never

    def get_config(self):
        return {
            "learning_rate": self.learning_rate,
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
        }
