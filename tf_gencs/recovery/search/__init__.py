"""Searches of latents: a program made of a solver, its starts, race and estimate."""

from tf_gencs.recovery.search.program import LatentSearch

__all__ = ["LatentSearch"]
