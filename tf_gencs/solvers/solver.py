"""What every solver has in common."""

from tf_gencs import checks
from tf_gencs.config_repr import config_repr
from tf_gencs.method import Method
from tf_gencs.ops import lane_status


class Solver(Method):
    """Moves the latents of many lanes at once towards lower objectives.

    A solver is pure: its state is a structure of tensors that `start` makes and `step`
    returns anew, so a whole recovery fits into one `tf.while_loop`. Every tensor of
    the state has the lanes as its first axis: a search takes lanes out, moves them and
    puts them back. A subclass writes `start`, `step`, `best` and `value`, and `status`
    where its state has no field of that name.

    In all methods `lanes` is a `gencs.recovery.Objective`, whose `value_and_gradient`
    maps z (lanes, k) to the objective (lanes,) and its gradient (lanes, k).

    Args:
        steps: most steps a lane takes, at least 1.
        restarts: starts per signal, at least 1.
        probes: draws from the prior that all signals of a call try, once; each signal
            starts from those that explain it best. At least `restarts`, or 0: then
            the starts are `restarts` draws of each signal's own.
        margin: racing. Every few steps, lanes are dropped whose objective J is too far
            above the best one of their signal, J > (1 + margin / m) * J_best, where m
            counts the measurements, at most 5 k of them. With J_best / m as an estimate
            of the noise variance s^2, such a lane's likelihood is exp(-margin / 2)
            times the best one's. None keeps all lanes to the end.
        progress: a lane also ends when five steps have lowered its objective by less
            than this share of it; 0 leaves that to the solver's own test.

    Attributes:
        sampling: whether lanes draw from the posterior, and so never end before their
            last step; of the class.
        weighable: whether its search may weigh residuals by a matrix: not where a step
            size was chosen for A itself.
        needs_norm: whether it asks `lanes.data` for `squared_norm`, which takes time to
            find.
        steps, restarts, probes, margin, progress: see above.

    Raises:
        TypeError: an argument that the solver does not have.
        ValueError: an argument out of its range.

    Example:

    ```python
    search = gencs.solvers.LBFGS(restarts=5, probes=1000, margin=8, progress=0.02)
    # 5 starts, the best of 1,000 draws; those behind by more than 8 are dropped
    model.compile(solver=search)
    ```
    """

    weighable = True
    needs_norm = False

    def __init__(self, steps, restarts, probes=0, margin=None, progress=0.0, **unknown):
        # Subclasses hand on what they do not know: this names them, not their base.
        for name, value in unknown.items():
            raise TypeError(
                f"`{name}` is no argument of `{type(self).__name__}`. "
                f"Received: {value!r}"
            )
        self.steps = checks.integer(steps, "steps")
        self.restarts = checks.integer(restarts, "restarts")
        self.probes = checks.integer(probes, "probes", at_least=0)
        if 0 < self.probes < self.restarts:
            raise ValueError(
                f"`probes` must be 0 or at least `restarts`, {self.restarts}. "
                f"Received: {probes}"
            )
        if margin is not None:
            margin = checks.number(margin, "margin", above=0)
        self.margin = margin
        self.progress = checks.number(progress, "progress", at_least=0, below=1)

    @property
    def search(self):
        return self

    def prepare(self, model, data):
        prepare = getattr(model, "prepare_search", None)
        if prepare is None:
            raise TypeError(
                f"`{type(self).__name__}` searches latents: it needs a model with a "
                f"generator. Received: `{type(model).__name__}`"
            )
        return prepare(self, data)

    def start(self, z, lanes):
        """The state before the first step, from starts z (lanes, k)."""
        raise NotImplementedError

    def step(self, state, lanes):
        """The state one step later."""
        raise NotImplementedError

    def best(self, state):
        """The best latents that each lane has seen, (lanes, k)."""
        raise NotImplementedError

    def value(self, state):
        """Their objective, (lanes,)."""
        raise NotImplementedError

    def status(self, state):
        """RUNNING, CONVERGED or FAILED of `gencs.ops.lane_status`, int64 (lanes,)."""
        return state.status

    def running(self, state):
        """Which lanes still move, bool (lanes,)."""
        return self.status(state) == lane_status.RUNNING

    def converged(self, state):
        """Which lanes met the solver's stopping test, bool (lanes,)."""
        return self.status(state) == lane_status.CONVERGED

    def draws(self, state):
        """Latents from the posterior, (lanes, d, k), NaN in lanes without; or None."""
        return None

    def state_size(self, latent_dim, measurements, signal_size):
        """About how many numbers it holds per lane, by which a call is cut to chunks.

        Args:
            latent_dim: k.
            measurements: m.
            signal_size: n.
        """
        return 10 * latent_dim

    def check(self, lanes):
        """Raises ValueError if the solver cannot work on an `Objective`.

        It runs before a recovery and outside of graphs; nothing is bound yet.
        """

    def get_config(self):
        return {
            "steps": self.steps,
            "restarts": self.restarts,
            "probes": self.probes,
            "margin": self.margin,
            "progress": self.progress,
        }

    @classmethod
    def from_config(cls, config):
        return cls(**config)

    def __repr__(self):
        return config_repr(self)
