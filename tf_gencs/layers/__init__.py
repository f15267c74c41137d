"""Measurements: Keras layers x -> y, and what makes, joins and disturbs them."""

from tf_gencs.layers.additive_noise import AdditiveNoise
from tf_gencs.layers.algebra import (
    Adjoint,
    Scale,
    SelectedRows,
    Sequential,
    Stack,
    Sum,
)
from tf_gencs.layers.as_measurement import as_measurement
from tf_gencs.layers.blur_downsample import BlurDownsample
from tf_gencs.layers.circulant_measurement import CirculantMeasurement
from tf_gencs.layers.cosine_measurement import CosineMeasurement
from tf_gencs.layers.detectors.reconstruction_score import ReconstructionScore
from tf_gencs.layers.fourier.coil_sensitivities import coil_sensitivities
from tf_gencs.layers.fourier.fourier_masks import fourier_mask
from tf_gencs.layers.fourier.fourier_measurement import FourierMeasurement
from tf_gencs.layers.function_measurement import FunctionMeasurement
from tf_gencs.layers.gaussian_measurement import GaussianMeasurement
from tf_gencs.layers.grayscale_measurement import GrayscaleMeasurement
from tf_gencs.layers.hadamard_measurement import HadamardMeasurement
from tf_gencs.layers.identity_measurement import IdentityMeasurement
from tf_gencs.layers.linear_operator_measurement import LinearOperatorMeasurement
from tf_gencs.layers.magnitude_measurement import MagnitudeMeasurement
from tf_gencs.layers.mask_measurement import MaskMeasurement
from tf_gencs.layers.matrix_measurement import MatrixMeasurement
from tf_gencs.layers.measurement import Measurement
from tf_gencs.layers.projection_measurement import ProjectionMeasurement
from tf_gencs.layers.rademacher_measurement import RademacherMeasurement
from tf_gencs.layers.scipy_operator_measurement import ScipyOperatorMeasurement
from tf_gencs.layers.sparse_matrix_measurement import SparseMatrixMeasurement
from tf_gencs.pages import with_page

__doc__ = with_page(__doc__, __file__)

__all__ = [
    "AdditiveNoise",
    "Adjoint",
    "BlurDownsample",
    "CirculantMeasurement",
    "CosineMeasurement",
    "FourierMeasurement",
    "FunctionMeasurement",
    "GaussianMeasurement",
    "GrayscaleMeasurement",
    "HadamardMeasurement",
    "IdentityMeasurement",
    "LinearOperatorMeasurement",
    "MagnitudeMeasurement",
    "MaskMeasurement",
    "MatrixMeasurement",
    "Measurement",
    "ProjectionMeasurement",
    "RademacherMeasurement",
    "ReconstructionScore",
    "Scale",
    "ScipyOperatorMeasurement",
    "SelectedRows",
    "Sequential",
    "SparseMatrixMeasurement",
    "Stack",
    "Sum",
    "as_measurement",
    "coil_sensitivities",
    "fourier_mask",
]
