"""Measurements made of measurements."""

from tf_gencs.layers.algebra.adjoint import Adjoint
from tf_gencs.layers.algebra.scale import Scale
from tf_gencs.layers.algebra.selected_rows import SelectedRows
from tf_gencs.layers.algebra.sequential import Sequential
from tf_gencs.layers.algebra.stack import Stack
from tf_gencs.layers.algebra.sum import Sum

__all__ = ["Adjoint", "Scale", "SelectedRows", "Sequential", "Stack", "Sum"]
