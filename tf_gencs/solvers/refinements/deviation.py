"""What refinements share that look for what x has beside G(z)."""

import typing

from tf_gencs.losses import SumSquaredError
from tf_gencs.solvers.refinements.refinement import Refinement


class Deviation(Refinement):
    """Looks for what x has beside what was found, under one linear A.

    Subclasses name in `_losses` what they can work with.
    """

    _losses: typing.ClassVar = {"'sse'": SumSquaredError}

    @classmethod
    def suits(cls, data):
        """Whether `check` has nothing against what `DataTerms` compare."""
        first = next(iter(data.terms.values()))
        return (
            len(data.terms) == 1
            and first.measurement.linear
            and isinstance(first.loss, tuple(cls._losses.values()))
            and first.weight > 0
        )

    def check(self, model, data):
        name = type(self).__name__
        terms = list(data.terms.values())
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
