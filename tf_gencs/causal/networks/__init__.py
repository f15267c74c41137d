"""Network builders of causal controllers.

They need keras alone, on any of its backends. Imports within the folder are relative:
put its parent on the path and `import networks` where there is no TensorFlow.
"""

from .side_by_side import SideBySide

__all__ = ["SideBySide"]
