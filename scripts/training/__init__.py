"""The parts of scripts/train.py."""
