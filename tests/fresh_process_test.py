"""What only a process shows that has imported nothing yet; one does for all."""

import subprocess
import sys

CODE = """
import pathlib, sys

# The builders of networks need no tf_gencs: they serve where it cannot go.
folder = pathlib.Path("tf_gencs/models").resolve()
sys.path.insert(0, str(folder))
import networks
assert networks.dcgan_generator(3, (8, 8, 1), 2).output_shape == (None, 8, 8, 1)
assert "tf_gencs" not in sys.modules
sys.path.remove(str(folder))

import tf_gencs as gencs
# Importing it takes longer than the rest together.
assert "tensorflow_datasets" not in sys.modules
# Native code is loaded when it is used, and not before.
assert not gencs.ops.library._loaded
assert gencs.ops.backend() in ("cuda", "cpu", "twin")
assert gencs.ops.library._loaded

# Loading registers what a preset is made of.
from tf_gencs.models.presets import shipped
for name in shipped.names():
    model = gencs.models.GenerativeModel.from_preset(name)
    assert model.generate(2, seed=0).shape == (2, *model.signal_shape)
"""


def test_parts_stand_alone_and_presets_load(pytestconfig):
    command = [sys.executable, "-c", CODE]
    subprocess.run(command, check=True, timeout=300, cwd=pytestconfig.rootpath)
