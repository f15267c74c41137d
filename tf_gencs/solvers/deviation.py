"""What solvers share that let x leave the generator's range."""

import typing

from tf_gencs.losses import SumSquaredError
from tf_gencs.solvers.wrapper import Wrapper


class Deviation(Wrapper):
    """Searches z, then looks for what x has beside G(z), under one linear A.

    Subclasses write `finish`, and name in `_losses` what they can work with.
    """

    _losses: typing.ClassVar = {"'sse'": SumSquaredError}

    def check(self, objective):
        self.solver.check(objective)
        name = type(self).__name__
        terms = list(objective.terms.values())
        if len(terms) > 1 or not terms[0].measurement.linear:
            raise ValueError(
                f"`{name}` needs one linear measurement `A`. Received: "
                f"{[term.measurement for term in terms]}"
            )
        if not isinstance(terms[0].loss, tuple(self._losses.values())):
            raise ValueError(
                f"`{name}` needs the loss {' or '.join(self._losses)}. "
                f"Received: {terms[0].loss!r}"
            )
        if terms[0].weight <= 0:
            raise ValueError(
                f"`{name}` needs a weight above 0 for its data term. Received: "
                f"`loss_weights` of {terms[0].weight}"
            )
