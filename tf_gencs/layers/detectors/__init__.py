"""Layers that tell natural signals from others: terms of a recovery without y."""
