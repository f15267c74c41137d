"""What every solver has in common."""

from tf_gencs import checks


class Solver:
    """Moves the latents of many lanes at once towards lower objectives.

    A solver knows lanes and gradients, never images. It is pure: its state is a
    structure of tensors that `start` makes and `step` returns anew, so a whole
    recovery fits into one `tf.while_loop`.

    In all methods `evaluate` maps z (lanes, k) to the objective (lanes,) and its
    gradient (lanes, k).

    Args:
        steps: most steps a lane takes, at least 1.
        restarts: starts per signal, at least 1; the one with the smallest
            measurement error is returned.
    """

    def __init__(self, steps, restarts):
        self.steps = checks.integer(steps, "steps")
        self.restarts = checks.integer(restarts, "restarts")

    def start(self, z, evaluate):
        """The state before the first step, from starts z (lanes, k)."""
        raise NotImplementedError

    def step(self, state, evaluate):
        """The state one step later."""
        raise NotImplementedError

    def best(self, state):
        """The best latents that each lane has seen, (lanes, k)."""
        raise NotImplementedError

    def running(self, state):
        """Which lanes still move, bool (lanes,)."""
        raise NotImplementedError

    def converged(self, state):
        """Which lanes met the solver's stopping test, bool (lanes,)."""
        raise NotImplementedError

    def get_config(self):
        return {"steps": self.steps, "restarts": self.restarts}

    @classmethod
    def from_config(cls, config):
        return cls(**config)

    def __repr__(self):
        config = ", ".join(f"{k}={v!r}" for k, v in self.get_config().items())
        return f"{type(self).__name__}({config})"
