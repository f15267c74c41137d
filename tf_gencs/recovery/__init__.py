"""Recovery: y, A -> x_hat."""

from tf_gencs.recovery.plan import RecoveryPlan
from tf_gencs.recovery.recover import recover
from tf_gencs.recovery.result import RecoveryResult

__all__ = ["RecoveryPlan", "RecoveryResult", "recover"]
