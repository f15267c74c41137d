"""What solvers share that search by another one and then improve what it found."""

from tf_gencs.solvers.solver import Solver


class Wrapper(Solver):
    """Searches by `solver`; subclasses improve the signals in `finish`.

    Args:
        solver: the solver that searches z, see `tf_gencs.solvers.get`; None for L-BFGS.
    """

    def __init__(self, solver=None):
        from tf_gencs import solvers  # which imports this file

        self.solver = solvers.get("lbfgs" if solver is None else solver)
        if self.solver.sampling:
            raise ValueError(
                "`solver` must search for one z, not sample many. "
                f"Received: {self.solver!r}"
            )
        super().__init__(**Solver.get_config(self.solver))

    @property
    def search(self):
        return self.solver.search

    def whitening(self, objective):
        return self.solver.whitening(objective)

    def start(self, z, lanes):
        return self.solver.start(z, lanes)

    def step(self, state, lanes):
        return self.solver.step(state, lanes)

    def best(self, state):
        return self.solver.best(state)

    def value(self, state):
        return self.solver.value(state)

    def running(self, state):
        return self.solver.running(state)

    def converged(self, state):
        return self.solver.converged(state)

    def state_size(self, latent_dim, measurements, signal_size):
        return self.solver.state_size(latent_dim, measurements, signal_size)

    def check(self, objective):
        self.solver.check(objective)
