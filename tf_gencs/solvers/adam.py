"""Adam on the latents, the solver of the CSGM paper."""

from typing import NamedTuple

import keras
import tensorflow as tf

from tf_gencs import checks
from tf_gencs.solvers.solver import Solver


class _State(NamedTuple):
    z: tf.Tensor  # (lanes, k), like gradient, mean, square and best_z
    gradient: tf.Tensor
    mean: tf.Tensor
    square: tf.Tensor
    best_z: tf.Tensor
    best_value: tf.Tensor  # (lanes,)
    running: tf.Tensor  # bool (lanes,)
    step: tf.Tensor  # ()


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
    ):
        super().__init__(steps, restarts)
        self.learning_rate = checks.number(learning_rate, "learning_rate", above=0)
        self.beta_1 = checks.number(beta_1, "beta_1", at_least=0, below=1)
        self.beta_2 = checks.number(beta_2, "beta_2", at_least=0, below=1)
        self.epsilon = checks.number(epsilon, "epsilon", above=0)

    def start(self, z, evaluate):
        value, gradient = evaluate(z)
        zeros = tf.zeros_like(z)
        return _State(
            z=z,
            gradient=gradient,
            mean=zeros,
            square=zeros,
            best_z=z,
            best_value=value,
            running=_finite(value, gradient),
            step=tf.zeros((), z.dtype),
        )

    def step(self, state, evaluate):
        step = state.step + 1
        mean = state.gradient + self.beta_1 * (state.mean - state.gradient)
        square = tf.square(state.gradient)
        square += self.beta_2 * (state.square - square)
        rate = self.learning_rate * tf.sqrt(1 - self.beta_2**step)
        rate /= 1 - self.beta_1**step
        move = rate * mean / (tf.sqrt(square) + self.epsilon)
        z = tf.where(state.running[:, None], state.z - move, state.z)
        value, gradient = evaluate(z)
        better = state.running & (value < state.best_value)
        return _State(
            z=z,
            gradient=gradient,
            mean=mean,
            square=square,
            best_z=tf.where(better[:, None], z, state.best_z),
            best_value=tf.where(better, value, state.best_value),
            running=state.running & _finite(value, gradient),
            step=step,
        )

    def best(self, state):
        return state.best_z

    def running(self, state):
        return state.running

    def converged(self, state):
        return tf.zeros_like(state.running)

    def get_config(self):
        return {
            "learning_rate": self.learning_rate,
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
        }


def _finite(value, gradient):
    """Lanes whose objective and gradient are all finite, bool (lanes,)."""
    return tf.math.is_finite(value) & tf.reduce_all(tf.math.is_finite(gradient), -1)
