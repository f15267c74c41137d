"""What every test gets: a quiet TensorFlow, fixed seeds, and no leftovers."""

import logging
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
import pytest
import tensorflow as tf

tf.get_logger().setLevel("ERROR")


def pytest_addoption(parser):
    message = "run the first example of each test, and none that takes long"
    parser.addoption("--quick", action="store_true", help=message)


@pytest.hookimpl(trylast=True)  # the first of those that other options leave
def pytest_collection_modifyitems(config, items):
    if not config.getoption("quick"):
        return
    first = {}
    for item in items:
        if not item.get_closest_marker("long"):
            first.setdefault(item.nodeid.partition("[")[0], item)
    left_out = set(items).difference(first.values())
    config.hook.pytest_deselected(items=list(left_out))
    items[:] = first.values()


@pytest.fixture(autouse=True, scope="session")
def end_pipelines_at_once():
    """Without the thread that tunes them: who ends one waits while that sleeps."""
    whole, options = tf.data.Dataset.__iter__, tf.data.Options()
    options.autotune.enabled = False

    def untuned(dataset):
        return whole(dataset.with_options(options))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tf.data.Dataset, "__iter__", untuned)
        yield


@pytest.fixture(autouse=True)
def set_seeds():
    """The same random numbers for a test whether it runs alone or among others."""
    keras.utils.set_random_seed(0)


@pytest.fixture
def logged_by_tensorflow(caplog, monkeypatch):
    """Its `records` are what TensorFlow warns of, such as graphs made over and over."""
    logger = tf.get_logger()
    monkeypatch.setattr(logger, "propagate", True)
    monkeypatch.setattr(logger, "level", logging.WARNING)
    return caplog


@pytest.fixture
def rng():
    return np.random.default_rng(0)
