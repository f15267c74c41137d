"""Measurements: Keras layers x -> y."""

from tf_gencs.layers.as_measurement import as_measurement
from tf_gencs.layers.blur_downsample import BlurDownsample
from tf_gencs.layers.function_measurement import FunctionMeasurement
from tf_gencs.layers.gaussian_measurement import GaussianMeasurement
from tf_gencs.layers.hadamard_measurement import HadamardMeasurement
from tf_gencs.layers.identity_measurement import IdentityMeasurement
from tf_gencs.layers.linear_operator_measurement import LinearOperatorMeasurement
from tf_gencs.layers.mask_measurement import MaskMeasurement
from tf_gencs.layers.matrix_measurement import MatrixMeasurement
from tf_gencs.layers.measurement import Measurement

__all__ = [
    "BlurDownsample",
    "FunctionMeasurement",
    "GaussianMeasurement",
    "HadamardMeasurement",
    "IdentityMeasurement",
    "LinearOperatorMeasurement",
    "MaskMeasurement",
    "MatrixMeasurement",
    "Measurement",
    "as_measurement",
]
