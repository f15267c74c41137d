"""How good generated images and labels are, without anything to download."""

from tf_gencs.metrics.conv_classifier import ConvClassifier
from tf_gencs.metrics.evaluate import evaluate
from tf_gencs.metrics.frechet_distance import FrechetDistance
from tf_gencs.metrics.image_errors import PSNR, SSIM
from tf_gencs.metrics.kernel_distance import KernelDistance
from tf_gencs.metrics.label_table import LabelTable
from tf_gencs.metrics.label_tables import (
    Distance,
    effect_errors,
    table_distances,
    total_variation,
)
from tf_gencs.metrics.precision_recall import PrecisionRecall
from tf_gencs.metrics.shipped_classifiers import (
    attribute_frequencies,
    classifier,
    classifier_names,
    classifier_record,
)
from tf_gencs.metrics.sliced_wasserstein import SlicedWasserstein
from tf_gencs.metrics.two_sample_metric import TwoSampleMetric
from tf_gencs.pages import with_page

__doc__ = with_page(__doc__, __file__)

__all__ = [
    "PSNR",
    "SSIM",
    "ConvClassifier",
    "Distance",
    "FrechetDistance",
    "KernelDistance",
    "LabelTable",
    "PrecisionRecall",
    "SlicedWasserstein",
    "TwoSampleMetric",
    "attribute_frequencies",
    "classifier",
    "classifier_names",
    "classifier_record",
    "effect_errors",
    "evaluate",
    "table_distances",
    "total_variation",
]
