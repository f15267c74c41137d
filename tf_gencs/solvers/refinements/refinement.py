"""What refinements share: a method that goes on from what another one found."""

from tf_gencs.config_repr import config_repr
from tf_gencs.method import Method, Program
from tf_gencs.solvers.registry import get


class Refinement(Method):
    """Improves the signals that `solver` finds; subclasses write `refine`.

    Args:
        solver: the method that goes before, see `tf_gencs.solvers.get`; None for
            L-BFGS.

    Attributes:
        solver: see above.
        needs_norm: whether `refine` asks `data` for `squared_norm`.

    Raises:
        TypeError: `solver` is no method.
        ValueError: it samples many answers.

    Example:

    ```python
    refined = gencs.solvers.SparseDeviation(gencs.solvers.LBFGS(restarts=3))
    refined.search.restarts  # 3: what it goes on from
    ```
    """

    needs_norm = False

    def __init__(self, solver=None):
        self.solver = get("lbfgs" if solver is None else solver)
        if self.solver.sampling:
            raise ValueError(
                "`solver` must search for one z, not sample many. "
                f"Received: {self.solver!r}"
            )

    @property
    def search(self):
        return self.solver.search

    def prepare(self, model, data):
        self.check(model, data)
        found_by = self.solver.prepare(model, self.weigh(data))
        return _RefinedProgram(self, model, data, found_by)

    def check(self, model, data):
        """Raises ValueError where it cannot work on a model or `DataTerms`."""

    def weigh(self, data):
        """`data` as the search is to see them: with residuals weighed, perhaps."""
        return data

    def refine(self, found, data, model):
        """Better signals than those that were found.

        Args:
            found: what the `Program` of `solver` says: "x" (batch, *signal_shape), and
                where it searched latents "z" (batch, k).
            data: `DataTerms`, bound to the signals.
            model: the model that recovers.

        Returns:
            Signals (batch, *signal_shape).
        """
        raise NotImplementedError

    @classmethod
    def from_config(cls, config):
        return cls(**config)

    def __repr__(self):
        return config_repr(self)


class _RefinedProgram(Program):
    """The program of a method, and a refinement of what it says."""

    def __init__(self, method, model, data, found_by):
        super().__init__(method, data)
        self._model = model
        self._found_by = found_by
        self.bytes_per_signal = found_by.bytes_per_signal
        self.traceable = found_by.traceable

    def derive(self, values):
        own = self.data.derive(values, norm=self.method.needs_norm)
        return {"own": own, "found_by": self._found_by.derive(values)}

    def bind(self, y, values):
        return self.data.bind(y, values["own"])

    def share(self, seed, values):
        return self._found_by.share(seed, values["found_by"])

    def draw(self, y, seeds, values, start=None):
        return self._found_by.draw(y, seeds, values["found_by"], start)

    def check_start(self, start, count):
        return self._found_by.check_start(start, count)

    def __call__(self, y, own, shared, values):
        found = self._found_by(y, own, shared, values["found_by"])
        x = self.method.refine(found, self.bind(y, values), self._model)
        return {**found, "x": x}
