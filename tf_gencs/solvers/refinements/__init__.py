"""Refinements: methods that let x leave the generator's range after a search."""
