"""Levenberg-Marquardt on the latents: Gauss-Newton steps with damping."""

import keras

from tf_gencs import checks
from tf_gencs.ops import levenberg_marquardt
from tf_gencs.solvers import truncated_newton
from tf_gencs.solvers.registry import register
from tf_gencs.solvers.solver import Solver


@register("levenberg_marquardt", "lm")
@keras.saving.register_keras_serializable(package="tf_gencs")
class LevenbergMarquardt(Solver):
    """Damped Gauss-Newton, every lane with its own damping.

    Near z the objective is taken for the quadratic function that follows from the
    Jacobian of A(G(z)) and the loss's `curvature`; a step goes to its minimum, damped
    by Nielsen's rule: less after a step that brought what was promised, more after one
    that did not, which is taken back. Where y is explained without a residual, it
    converges quadratically. Each step evaluates every lane once, with its Jacobian:
    that costs about k / 2 evaluations of value and gradient.

    Up to `exact_up_to` latent values, the k x k matrix is made and factorised. Beyond,
    conjugate gradients solve the same system by products with the Jacobian and its
    transpose, as exactly as the distance from the minimum is worth.

    A lane converges when an undamped step would lower its objective by at most
    `tolerance` times the objective by its model, or when no step above the precision of
    z lowers it.

    Args:
        steps: most steps of a lane, at least 1.
        restarts: starts per signal.
        tolerance: of the stopping test, relative, at least 0.
        exact_up_to: largest k for which the k x k matrix is made, at least 0.
        **search: `probes`, `margin` and `progress`, see `Solver`.

    Raises:
        ValueError: an argument out of its range; at a recovery: a loss without
            `curvature`, as Keras's own are.

    Example:

    ```python
    model.compile(solver=gencs.solvers.LevenbergMarquardt(steps=30, restarts=5))
    model.compile(solver="lm")  # its defaults, by name
    ```

    Sources: Madsen, Nielsen and Tingleff, "Methods for non-linear least squares
    problems", 2nd edition, 2004, section 3.2; Nocedal and Wright, "Numerical
    Optimization", 2006, algorithm 7.1, for conjugate gradients.
    """

    def __init__(self, steps=30, restarts=10, tolerance=1e-6, exact_up_to=64, **search):
        super().__init__(steps, restarts, **search)
        self.tolerance = checks.number(tolerance, "tolerance", at_least=0)
        self.exact_up_to = checks.integer(exact_up_to, "exact_up_to", at_least=0)

    def start(self, z, lanes):
        if self._exact(z):
            return levenberg_marquardt.lm_start(z, *lanes.quadratic_model(z))
        return truncated_newton.start(z, lanes)

    def step(self, state, lanes):
        if self._exact(state.z):
            model = lanes.quadratic_model(state.trial)
            return levenberg_marquardt.lm_step(state, *model, self.tolerance)
        return truncated_newton.step(state, lanes, self.tolerance)

    def best(self, state):
        return state.z  # only steps that lower the objective are accepted

    def value(self, state):
        return state.value

    def check(self, lanes):
        for term in lanes.data.terms.values():
            if not hasattr(term.loss, "curvature"):
                raise ValueError(
                    "`loss` must have a `curvature` for `LevenbergMarquardt`, as those "
                    f"of `gencs.losses` have. Received: {term.loss!r}"
                )

    def _exact(self, z):
        return z.shape[1] <= self.exact_up_to

    def state_size(self, latent_dim, measurements, signal_size):
        if latent_dim > self.exact_up_to:
            return 20 * latent_dim
        # The Jacobian, as it is made and as the products want it.
        return 2 * latent_dim * (latent_dim + measurements)

    def get_config(self):
        return {
            **super().get_config(),
            "tolerance": self.tolerance,
            "exact_up_to": self.exact_up_to,
        }
