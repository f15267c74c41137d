"""Recovery out of Python: exports for TensorFlow Serving, and what proves them."""

from tf_gencs.pages import with_page
from tf_gencs.serving.bulk import recover_bulk
from tf_gencs.serving.check import CheckReport, check
from tf_gencs.serving.export import export_recovery
from tf_gencs.serving.signatures import Signature

__doc__ = with_page(__doc__, __file__)

__all__ = ["CheckReport", "Signature", "check", "export_recovery", "recover_bulk"]
