"""Latent solvers: how z moves."""

from tf_gencs import lookup
from tf_gencs.solvers.adam import Adam
from tf_gencs.solvers.first_order import FirstOrderSolver
from tf_gencs.solvers.gaussian_deviation import GaussianDeviation
from tf_gencs.solvers.intermediate_layer import IntermediateLayer
from tf_gencs.solvers.langevin import Langevin
from tf_gencs.solvers.lbfgs import LBFGS
from tf_gencs.solvers.levenberg_marquardt import LevenbergMarquardt
from tf_gencs.solvers.momentum import Momentum
from tf_gencs.solvers.projected_gradient import ProjectedGradient
from tf_gencs.solvers.solver import Solver
from tf_gencs.solvers.sparse_deviation import SparseDeviation

__all__ = [
    "LBFGS",
    "Adam",
    "FirstOrderSolver",
    "GaussianDeviation",
    "IntermediateLayer",
    "Langevin",
    "LevenbergMarquardt",
    "Momentum",
    "ProjectedGradient",
    "Solver",
    "SparseDeviation",
    "get",
]

_BY_NAME = {
    "adam": Adam,
    "intermediate_layer": IntermediateLayer,
    "langevin": Langevin,
    "lbfgs": LBFGS,
    "levenberg_marquardt": LevenbergMarquardt,
    "lm": LevenbergMarquardt,
    "momentum": Momentum,
    "projected_gradient": ProjectedGradient,
    "sparse_deviation": SparseDeviation,
}


def get(identifier, argument="solver"):
    """Turns a name such as "lbfgs", a solver or a serialised one into a solver.

    Args:
        identifier: one of them.
        argument: its name, for the error message.

    Raises:
        TypeError: `identifier` is none of them.
        ValueError: an unknown name.
    """
    example = "gencs.solvers.LBFGS(steps=100)"
    return lookup.find(identifier, _BY_NAME, Solver, argument, example)
