"""A small model in a file, what it measures, and the command line of it."""

import contextlib
import json

import numpy as np
import pytest

from tests.serving.conftest import exported  # noqa: F401
from tests.serving.exports import model_of, random_a
from tf_gencs.commands.program import main


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """With model.keras, y.npy of 3 signals, and their x.npy."""
    folder, model = tmp_path_factory.mktemp("commands"), model_of()
    model.save(folder / "model.keras")
    x = model.generate(3, seed=1)
    np.save(folder / "x.npy", x)
    np.save(folder / "y.npy", random_a()(x))
    return folder


@pytest.fixture
def tf_gencs(capfdbinary):
    """A function of words: exit code, and what went to both streams.

    Of standard output the JSON that it is, where it is any.
    """

    def run(*words):
        code = main(list(map(str, words)))
        out, error = capfdbinary.readouterr()
        with contextlib.suppress(ValueError):
            out = json.loads(out)
        return code, out, error.decode()

    return run
