"""Gradient descent with momentum, the solver of Defense-GAN."""

import keras

from tf_gencs import checks
from tf_gencs.ops import first_order
from tf_gencs.solvers.first_order import FirstOrderSolver
from tf_gencs.solvers.registry import register


@register("momentum")
@keras.saving.register_keras_serializable(package="tf_gencs")
class Momentum(FirstOrderSolver):
    """Gradient descent with momentum and the best iterate of every lane kept.

    velocity = momentum * velocity - rate * gradient; z += velocity, or with `nesterov`
    z += momentum * velocity - rate * gradient. `momentum=0` is plain descent.

    Defense-GAN projects an image of n values by 200 steps from 10 starts, with momentum
    0.7 and a rate that falls to a tenth after 160 steps: the defaults here. Its rate of
    10 belongs to the **mean** of the squared errors over the n values, while here
    the objective is their **sum**, so the same steps need the rate 10 / n:

        model.compile(solver=gencs.solvers.Momentum(10 / 784), latent_penalty=0)
        x = model.invert(images).x       # images of 28 x 28 values

    Keras's form of momentum, which this is, keeps what the velocity gathered when the
    rate falls; TensorFlow 1's, which Defense-GAN used, scaled it too.

    Args:
        learning_rate: step size, above 0; decays as said by `decay` and `decay_at`.
        momentum: share of the velocity that is kept in a step, in [0, 1).
        nesterov: whether to look ahead, a bool.
        steps: steps of every lane.
        restarts: starts per signal.
        decay: see `FirstOrderSolver`, which also takes `decay_at`, `outside`,
            `sign_check` and `seed`; `probes`, `margin` and `progress`: see `Solver`.

    Raises:
        ValueError: an argument out of its range.

    Example:

    ```python
    solver = gencs.solvers.Momentum(0.05, momentum=0.9, nesterov=True, steps=500)
    model.compile(solver=solver)
    ```

    Sources: Samangouei, Kabkab and Chellappa, "Defense-GAN", ICLR 2018, and its code;
    Sutskever et al., "On the importance of initialization and momentum in deep
    learning", ICML 2013.
    """

    _inertia = "velocity"

    def __init__(
        self,
        learning_rate=0.01,
        momentum=0.7,
        nesterov=False,
        steps=200,
        restarts=10,
        decay=0.1,
        **options,
    ):
        super().__init__(learning_rate, steps, restarts, decay, **options)
        self.momentum = checks.number(momentum, "momentum", at_least=0, below=1)
        self.nesterov = checks.flag(nesterov, "nesterov")

    def _start(self, z):
        return first_order.momentum_start(z)

    def _move(self, moving, value, gradient, rate):
        return first_order.momentum_step(
            moving, value, gradient, rate, self.momentum, self.nesterov
        )

    def get_config(self):
        return {
            **super().get_config(),
            "momentum": self.momentum,
            "nesterov": self.nesterov,
        }
