"""One small export that many tests ask."""

import pytest

from tests.serving.exports import Exported, model_of, random_a


@pytest.fixture(scope="session")
def exported(tmp_path_factory):
    model, A = model_of(), random_a()
    path = model.export_recovery(tmp_path_factory.mktemp("exports") / "tiny" / "1", A)
    return Exported(model, A, path)
