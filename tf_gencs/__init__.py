"""tf_gencs: recover signals from few measurements with generative priors."""

from tf_gencs import (
    baselines,
    bases,
    callbacks,
    datasets,
    images,
    layers,
    losses,
    metrics,
    models,
    ops,
    priors,
    recovery,
    solvers,
    testing,
)

__version__ = "0.1.0"

__all__ = [
    "baselines",
    "bases",
    "callbacks",
    "datasets",
    "images",
    "layers",
    "losses",
    "metrics",
    "models",
    "ops",
    "priors",
    "recovery",
    "solvers",
    "testing",
]
