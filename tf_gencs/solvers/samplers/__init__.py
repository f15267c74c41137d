"""Samplers: methods that draw from the posterior instead of searching one answer."""
