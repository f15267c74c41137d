"""What recovery with a generator must beat."""

from tf_gencs.baselines.lasso import Lasso

__all__ = ["Lasso"]
