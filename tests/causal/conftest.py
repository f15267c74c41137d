"""A controller that has learned, for all that ask one."""

import pytest

from tests.causal.controllers import trained


@pytest.fixture(scope="session")
def controller():
    return trained()
