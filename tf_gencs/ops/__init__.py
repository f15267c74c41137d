"""The only door to the native code: each op, its gradient and its twin."""

from tf_gencs.ops.blur_downsample import blur_downsample, blur_downsample_adjoint
from tf_gencs.ops.dense import dense_residual, dense_squared_error
from tf_gencs.ops.first_order import (
    AdamState,
    MomentumState,
    adam_start,
    adam_step,
    momentum_start,
    momentum_step,
)
from tf_gencs.ops.hadamard import (
    hadamard_adjoint,
    hadamard_measure,
    hadamard_residual,
    hadamard_size,
    hadamard_squared_error,
)
from tf_gencs.ops.lbfgs import LbfgsState, lbfgs_start, lbfgs_step
from tf_gencs.ops.levenberg_marquardt import (
    LevenbergMarquardtState,
    lm_start,
    lm_step,
    normal_equations,
)
from tf_gencs.ops.library import backend, library_path, load, twins
from tf_gencs.ops.mask import mask_adjoint, mask_measure
from tf_gencs.ops.random_matrix import (
    random_matrix,
    random_matrix_adjoint,
    random_matrix_measure,
)
from tf_gencs.pages import with_page

load()

__doc__ = with_page(__doc__, __file__)

__all__ = [
    "AdamState",
    "LbfgsState",
    "LevenbergMarquardtState",
    "MomentumState",
    "adam_start",
    "adam_step",
    "backend",
    "blur_downsample",
    "blur_downsample_adjoint",
    "dense_residual",
    "dense_squared_error",
    "hadamard_adjoint",
    "hadamard_measure",
    "hadamard_residual",
    "hadamard_size",
    "hadamard_squared_error",
    "lbfgs_start",
    "lbfgs_step",
    "library_path",
    "lm_start",
    "lm_step",
    "mask_adjoint",
    "mask_measure",
    "momentum_start",
    "momentum_step",
    "normal_equations",
    "random_matrix",
    "random_matrix_adjoint",
    "random_matrix_measure",
    "twins",
]
