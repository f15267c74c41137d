"""Adam on the latents, the solver of the CSGM paper."""

import keras

from tf_gencs import checks
from tf_gencs.ops import first_order
from tf_gencs.solvers.first_order import FirstOrderSolver
from tf_gencs.solvers.registry import register


@register("adam")
@keras.saving.register_keras_serializable(package="tf_gencs")
class Adam(FirstOrderSolver):
    """Adam with the best iterate of every lane kept.

    `Adam(0.01, steps=1000, restarts=10)` with `latent_penalty=0.1` is the protocol
    of the reference implementation on MNIST. Adam has no stopping test, so `converged`
    is False; a lane ends early only when it runs into NaN or infinity.

    Adam scales every coordinate by itself. With `outside="project"` and a spherical
    prior it therefore rests where the gradient is 0, not where it points out of the
    sphere: for signals in the generator's range that is the same, else `Momentum` is
    the better choice.

    Args:
        learning_rate: step size, above 0.
        steps: steps of every lane.
        restarts: starts per signal.
        beta_1: decay of the gradient's running mean, in [0, 1).
        beta_2: decay of the squared gradient's running mean, in [0, 1).
        epsilon: added to the root of the latter, above 0.
        **options: `decay`, `decay_at`, `outside`, `sign_check` and `seed`, see
            `FirstOrderSolver`; `probes`, `margin` and `progress`, see `Solver`.

    Raises:
        ValueError: an argument out of its range.

    Example:

    ```python
    adam = gencs.solvers.Adam(0.01, steps=1000, restarts=10)
    model.compile(solver=adam, latent_penalty=0.1)  # the protocol of CSGM's code
    ```

    Sources: Kingma and Ba, ICLR 2015; Bora et al., ICML 2017.
    """

    _inertia = "mean"

    def __init__(
        self,
        learning_rate=0.01,
        steps=1000,
        restarts=10,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        **options,
    ):
        super().__init__(learning_rate, steps, restarts, **options)
        self.beta_1 = checks.number(beta_1, "beta_1", at_least=0, below=1)
        self.beta_2 = checks.number(beta_2, "beta_2", at_least=0, below=1)
        self.epsilon = checks.number(epsilon, "epsilon", above=0)

    def _start(self, z):
        return first_order.adam_start(z)

    def _move(self, moving, value, gradient, rate):
        return first_order.adam_step(
            moving, value, gradient, rate, self.beta_1, self.beta_2, self.epsilon
        )

    def get_config(self):
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
        }
