"""Cartoon faces with known attributes: who is drawn, how, and the builder."""
