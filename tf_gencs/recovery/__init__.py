"""Recovery: y, A -> x_hat."""

from tf_gencs.recovery.automatic import automatic_solver
from tf_gencs.recovery.plan import ONLY, RecoveryPlan
from tf_gencs.recovery.recover import recover
from tf_gencs.recovery.result import RecoveryResult

__all__ = ["ONLY", "RecoveryPlan", "RecoveryResult", "automatic_solver", "recover"]
