"""Recovery out of Python: exports for TensorFlow Serving, and what proves them.

`model.export_recovery(path, A)` writes them, `check(path)` runs them where tf_gencs is
not. README.md in this folder has every command from the export to the first request.
"""

from tf_gencs.serving.check import CheckReport, check
from tf_gencs.serving.export import export_recovery
from tf_gencs.serving.signatures import Signature

__all__ = ["CheckReport", "Signature", "check", "export_recovery"]
