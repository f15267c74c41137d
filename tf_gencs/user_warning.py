"""Warnings that point at the user's line, however deep they come from."""

import sys
import warnings


def warn(message):
    """Warns with a RuntimeWarning, at the nearest line outside of this package."""
    frame, level = sys._getframe(1), 2
    while frame.f_back and frame.f_globals.get("__name__", "").startswith("tf_gencs."):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, RuntimeWarning, stacklevel=level)
