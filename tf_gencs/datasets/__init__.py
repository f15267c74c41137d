"""Signals to train on and to recover."""

from tf_gencs.datasets.mnist_pipeline import mnist
from tf_gencs.datasets.samples import mnist_samples

__all__ = ["mnist", "mnist_samples"]
