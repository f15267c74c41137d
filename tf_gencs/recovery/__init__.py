"""Recovery: y, A -> x_hat."""

from tf_gencs.method import Method, Program
from tf_gencs.recovery.automatic import Automatic, automatic_solver
from tf_gencs.recovery.facts import Facts
from tf_gencs.recovery.problem import DataTerms, Objective, Term
from tf_gencs.recovery.programs import Programs
from tf_gencs.recovery.recover import recover
from tf_gencs.recovery.result import RecoveryResult, Status
from tf_gencs.recovery.runner import Runner
from tf_gencs.recovery.search import LatentSearch
from tf_gencs.recovery.settings import ONLY, RecoverySettings

__all__ = [
    "ONLY",
    "Automatic",
    "DataTerms",
    "Facts",
    "LatentSearch",
    "Method",
    "Objective",
    "Program",
    "Programs",
    "RecoveryResult",
    "RecoverySettings",
    "Runner",
    "Status",
    "Term",
    "automatic_solver",
    "recover",
]
