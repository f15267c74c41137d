"""What every test gets: a quiet TensorFlow, fixed seeds, and no leftovers."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
import pytest
import tensorflow as tf

tf.get_logger().setLevel("ERROR")


@pytest.fixture(autouse=True)
def set_seeds():
    """The same random numbers for a test whether it runs alone or among others."""
    keras.utils.set_random_seed(0)


@pytest.fixture
def rng():
    return np.random.default_rng(0)
