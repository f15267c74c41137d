"""What only a process shows that has imported nothing yet; one does for all."""

import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs

CODE = """
import pathlib, sys

# The builders of networks need no tf_gencs: they serve where it cannot go.
folder = pathlib.Path("tf_gencs/models").resolve()
sys.path.insert(0, str(folder))
import networks
assert networks.dcgan_generator(3, (8, 8, 1), 2).output_shape == (None, 8, 8, 1)
sys.path.remove(str(folder))
del sys.modules["networks"]

folder = pathlib.Path("tf_gencs/causal").resolve()
sys.path.insert(0, str(folder))
import networks
assert networks.SideBySide(2, 3, (4,), 1).count_params() == 2 * (4 * 4 + 5)
assert "tf_gencs" not in sys.modules
sys.path.remove(str(folder))

# Of Keras's backends no other is installed: one is feigned.
import keras
backend, keras.backend.backend = keras.backend.backend, lambda: "jax"
try:
    import tf_gencs
except ImportError as error:
    assert str(error).startswith("tf_gencs needs Keras's TensorFlow backend"), error
    assert "Received: 'jax'" in str(error)
else:
    raise AssertionError("not refused")
keras.backend.backend = backend

import tf_gencs as gencs
# Importing it takes longer than the rest together.
assert "tensorflow_datasets" not in sys.modules
# A graph of its ops is read before any of them was called.
import numpy as np
import tensorflow as tf
loaded = tf.saved_model.load(sys.argv[1])
measured = loaded.measure(tf.ones((1, 24)))
np.testing.assert_allclose(measured, np.load(sys.argv[2]), rtol=1e-6)

# Loading registers what a preset is made of.
from tf_gencs.models.presets import shipped
for name in shipped.names():
    model = gencs.models.GenerativeModel.from_preset(name)
    assert model.generate(2, seed=0).shape == (2, *model.signal_shape)
"""


@pytest.mark.long
def test_parts_stand_alone_and_files_load(pytestconfig, tmp_path):
    A = gencs.layers.HadamardMeasurement(5, seed=0)
    np.save(tmp_path / "y.npy", A(tf.ones((1, 24))))
    archive = keras.export.ExportArchive()
    archive.track(A)
    archive.add_endpoint("measure", A.__call__, [tf.TensorSpec([None, 24])])
    archive.write_out(tmp_path / "A", verbose=False)
    command = [sys.executable, "-c", CODE, tmp_path / "A", tmp_path / "y.npy"]
    subprocess.run(command, check=True, timeout=300, cwd=pytestconfig.rootpath)
