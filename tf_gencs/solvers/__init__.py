"""Latent solvers: how z moves."""

import keras

from tf_gencs.solvers.adam import Adam
from tf_gencs.solvers.first_order import FirstOrderSolver
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
    if isinstance(identifier, dict):
        identifier = keras.saving.deserialize_keras_object(identifier)
    if isinstance(identifier, str):
        if identifier not in _BY_NAME:
            raise ValueError(
                f"`{argument}` must be one of {sorted(_BY_NAME)} or an object from "
                f"`gencs.solvers`. Received: {identifier!r}"
            )
        return _BY_NAME[identifier]()
    if not isinstance(identifier, Solver):
        raise TypeError(
            f"`{argument}` must be a name or an object from `gencs.solvers`, such as "
            f"`gencs.solvers.LBFGS(steps=100)`. Received: {identifier!r}"
        )
    return identifier
