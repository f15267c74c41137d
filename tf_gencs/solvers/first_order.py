"""What Adam and momentum share: schedule, support of the prior, sign check."""

import math
from typing import NamedTuple

import tensorflow as tf

from tf_gencs import checks, seeds
from tf_gencs.ops import lane_status
from tf_gencs.solvers.lane_random import lane_keys
from tf_gencs.solvers.solver import Solver


class FirstOrderState(NamedTuple):
    """The state of L lanes.

    Attributes:
        moving: `AdamState` or `MomentumState`, what the op needs.
        key: (L,) int64, what a lane's random numbers are drawn from. It is made of the
            lane's start, so that they depend neither on the lanes beside it nor on how
            a call is cut into chunks.
    """

    moving: NamedTuple
    key: tf.Tensor


class FirstOrderSolver(Solver):
    """Moves lanes along their gradients; the base of `Adam` and `Momentum`.

    These solvers have no stopping test, so `converged` is False; a lane ends early only
    when it runs into NaN or infinity, or by `margin` and `progress`.

    A subclass writes `_start(z)` and `_move(moving, value, gradient, rate)`, and names
    in `_inertia` the field of its state that carries a lane on without a gradient.

    Args:
        learning_rate: step size, above 0.
        steps: steps of every lane.
        restarts: starts per signal.
        decay: what the step size is multiplied by after ceil(decay_at * steps) steps,
            above 0; 1 for a constant one.
        decay_at: when, as a share of `steps`, from 0 to below 1.
        outside: what happens to latents that a step takes out of the prior's support.
            None: nothing. "project": they go to the nearest point of it (clipping for
            a bounded prior); their inertia stays, as under a Keras constraint.
            "resample": coordinates that left it are drawn anew from the prior
            (stochastic clipping), because clipped ones tend to stay at the boundary;
            their inertia is set to 0, or it would carry them out again. A spherical
            prior projects in both cases.
        sign_check: whether each step begins at -z where that has the lower objective,
            at the cost of an evaluation without gradient. Random expansive ReLU
            networks have no bad stationary points but near a negative multiple of the
            solution, and this leaves them. A lane that changes sign loses its inertia:
            it was gathered elsewhere (the paper's descent has none). Without effect
            where the prior is not symmetric.
        seed: of what "resample" draws, an integer from 0 to 2**63 - 1.
        **search: `probes`, `margin` and `progress`, see `Solver`.

    Raises:
        ValueError: an argument out of its range.

    Example:

    ```python
    solver = gencs.solvers.Momentum(0.01, steps=300, decay=0.1, outside="project")
    isinstance(solver, gencs.solvers.FirstOrderSolver)  # Adam is one, too
    ```

    Sources: Lipton and Tripathi, "Precise recovery of latent vectors from generative
    adversarial networks", ICLR workshop 2017; Hand and Voroninski, "Global guarantees
    for enforcing deep generative priors by empirical risk", 2018, and Huang et al., "A
    provably convergent scheme for compressive sensing under random generative priors",
    2018.
    """

    def __init__(
        self,
        learning_rate,
        steps,
        restarts,
        decay=1.0,
        decay_at=0.8,
        outside=None,
        sign_check=False,
        seed=0,
        **search,
    ):
        super().__init__(steps, restarts, **search)
        self.learning_rate = checks.number(learning_rate, "learning_rate", above=0)
        self.decay = checks.number(decay, "decay", above=0)
        self.decay_at = checks.number(decay_at, "decay_at", at_least=0, below=1)
        if outside not in (None, "project", "resample"):
            raise ValueError(
                "`outside` must be None, 'project' or 'resample'. "
                f"Received: {outside!r}"
            )
        self.outside = outside
        self.sign_check = checks.flag(sign_check, "sign_check")
        if seed is None:
            raise ValueError("`seed` must be an integer in [0, 2**63). Received: None")
        self.seed = seeds.resolve(seed)

    def start(self, z, lanes):
        if self.outside is not None:  # a caller's start may be anywhere
            z = lanes.prior.project(z)
        return self.step(FirstOrderState(self._start(z), self._keys(z)), lanes)

    def step(self, state, lanes):
        moving = state.moving
        if self.sign_check:
            moving, value, gradient = self._best_sign(moving, lanes)
        else:
            value, gradient = lanes.value_and_gradient(moving.z)
        moving = self._move(moving, value, gradient, self._rate(moving))
        if self.outside is not None:
            moving = self._brought_back(moving, state.key, lanes.prior)
        return FirstOrderState(moving, state.key)

    def best(self, state):
        return state.moving.best_z

    def value(self, state):
        return state.moving.best_value

    def status(self, state):
        return state.moving.status

    def _start(self, z):
        raise NotImplementedError

    def _move(self, moving, value, gradient, rate):
        raise NotImplementedError

    def _rate(self, moving):
        """The step size of every lane by the moves that it has made: (lanes,)."""
        late = moving.count >= math.ceil(self.decay_at * self.steps)
        scale = tf.where(late, self.decay, 1.0)
        return tf.cast(self.learning_rate * scale, moving.z.dtype)

    def _best_sign(self, moving, lanes):
        """The state with z or -z, and its value and gradient there."""
        value, gradient = lanes.value_and_gradient(moving.z)
        other = lanes.prior.flip(moving.z)
        better = lanes.value(other) < value  # False for NaN
        better &= moving.status == lane_status.RUNNING
        z = tf.where(better[:, None], other, moving.z)
        # Lanes change sign once or twice in a search: few steps pay for this.
        value, gradient = tf.cond(
            tf.reduce_any(better),
            lambda: lanes.value_and_gradient(z),
            lambda: (value, gradient),
        )
        return self._stopped(moving, better[:, None])._replace(z=z), value, gradient

    def _brought_back(self, moving, key, prior):
        """The state with all of z in the prior's support."""
        running = (moving.status == lane_status.RUNNING)[:, None]
        nearest = prior.project(moving.z)
        outside = running & (nearest != moving.z) & tf.math.is_finite(moving.z)
        if self.outside == "project":
            return moving._replace(z=tf.where(outside, nearest, moving.z))
        # A draw costs about as much as an evaluation of a small network, and each lane
        # needs its own: only those that left the support draw.
        index = tf.where(tf.reduce_any(outside, axis=1))[:, 0]
        lane_seeds = tf.stack([key, moving.count], axis=1)
        drawn = tf.map_fn(
            lambda lane: prior.resample(*lane),
            (tf.gather(moving.z, index), tf.gather(lane_seeds, index)),
            fn_output_signature=tf.TensorSpec(moving.z.shape[1:], moving.z.dtype),
        )
        z = tf.tensor_scatter_nd_update(moving.z, index[:, None], drawn)
        return self._stopped(moving, z != moving.z)._replace(z=z)

    def _keys(self, z):
        return lane_keys(seeds.stream(self.seed, "stochastic clipping"), z)

    def _stopped(self, moving, where):
        """The state without inertia where `where`, (lanes, 1) or (lanes, k), is True.

        Adam keeps the running mean of the squared gradient: the scale of its steps.
        """
        inertia = getattr(moving, self._inertia)
        stopped = tf.where(where, tf.zeros_like(inertia), inertia)
        return moving._replace(**{self._inertia: stopped})

    def get_config(self):
        return {
            "learning_rate": self.learning_rate,
            **super().get_config(),
            "decay": self.decay,
            "decay_at": self.decay_at,
            "outside": self.outside,
            "sign_check": self.sign_check,
            "seed": self.seed,
        }
