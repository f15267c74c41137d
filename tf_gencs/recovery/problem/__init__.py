"""What a recovery minimises: data terms on the side of x, an objective on that of z."""

from tf_gencs.recovery.problem.data_terms import DataTerms
from tf_gencs.recovery.problem.objective import Objective
from tf_gencs.recovery.problem.term import Term
from tf_gencs.recovery.problem.weighing import NoWeighing, Weighing

__all__ = ["DataTerms", "NoWeighing", "Objective", "Term", "Weighing"]
