"""What the tests of scripts share."""

import importlib
import pathlib

import pytest

SCRIPTS = pathlib.Path(__file__).parents[2] / "scripts"


@pytest.fixture
def script(monkeypatch):
    """Imports a script, or a part of one, by its name."""
    monkeypatch.syspath_prepend(str(SCRIPTS))
    return importlib.import_module
