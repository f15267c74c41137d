"""Ways to recover with a generator: solvers, refinements and samplers."""

from tf_gencs.pages import with_page
from tf_gencs.solvers.adam import Adam
from tf_gencs.solvers.first_order import FirstOrderSolver
from tf_gencs.solvers.lbfgs import LBFGS
from tf_gencs.solvers.levenberg_marquardt import LevenbergMarquardt
from tf_gencs.solvers.momentum import Momentum
from tf_gencs.solvers.projected_gradient import ProjectedGradient
from tf_gencs.solvers.refinements.gaussian_deviation import GaussianDeviation
from tf_gencs.solvers.refinements.intermediate_layer import IntermediateLayer
from tf_gencs.solvers.refinements.refinement import Refinement
from tf_gencs.solvers.refinements.sparse_deviation import SparseDeviation
from tf_gencs.solvers.registry import get, register
from tf_gencs.solvers.samplers.langevin import Langevin
from tf_gencs.solvers.solver import Solver

__doc__ = with_page(__doc__, __file__)

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
    "Refinement",
    "Solver",
    "SparseDeviation",
    "get",
    "register",
]
