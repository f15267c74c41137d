"""Signals to train on and to recover."""

from tf_gencs.datasets.mnist_pipeline import mnist
from tf_gencs.datasets.samples import mnist_samples
from tf_gencs.datasets.training_batches import training_batches

__all__ = ["mnist", "mnist_samples", "training_batches"]
