"""Training under `tf.distribute.MirroredStrategy`, in a process with two devices."""

import subprocess
import sys

import pytest

CODE = """
import sys
import keras
import numpy as np
import tensorflow as tf
import tf_gencs as gencs

# Importing has not touched the devices.
cpu = tf.config.list_physical_devices("CPU")[0]
two = [tf.config.LogicalDeviceConfiguration()] * 2
tf.config.set_logical_device_configuration(cpu, two)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
images = np.random.default_rng(0).random((8, 8, 8, 1)).astype("float32")

with strategy.scope():
    gan = gencs.models.DCGAN((8, 8, 1), 3, 2, (0, 1), seed=0)
    gan.compile(ema=0.9)
    began = gencs.models.BEGAN((16, 16, 1), 3, 2, value_range=(0, 1), seed=0)
    began.compile(run_eagerly=False)
    vae = gencs.models.VAE(3, (8,), (8, 8, 1), seed=0)
    # A step of SGD shows the size of gradients, which two replicas must not double.
    vae.compile(keras.optimizers.SGD(1.0))
    vae.encoder.get_layer("log_variance").set_weights(
        [np.zeros((8, 3)), np.full(3, -40.0)]  # no noise: replicas see the same
    )
latents = strategy.run(lambda: gan.draw_latents(images[:4], 1))
first, second = (z.numpy() for z in strategy.experimental_local_results(latents))
assert not np.any(first == second)

folder = sys.argv[1]
callbacks = [
    gencs.callbacks.StopOnNaN(),
    gencs.callbacks.CollapseWarning(every=1),
    gencs.callbacks.SampleGrid(folder, 2, 2, every=1),
    gencs.callbacks.Checkpoint(folder, every=1),
    keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2),
]
gan.fit(images, batch_size=4, verbose=0, callbacks=callbacks)
loaded = keras.saving.load_model(gencs.callbacks.latest(folder))
assert gencs.callbacks.training_step(loaded) == 2
for one, other in zip(loaded.get_weights(), gan.get_weights(), strict=True):
    np.testing.assert_array_equal(one, other)

large = np.kron(images, np.ones((1, 2, 2, 1), "float32"))
history = began.fit(large, batch_size=8, verbose=0).history
assert gencs.callbacks.training_step(began) == 1
assert np.isfinite(history["convergence"][0])
try:
    began.evaluate(255 * large, verbose=0)
except ValueError as error:
    assert "leave the `value_range`" in str(error)
else:
    raise AssertionError("images of another range were taken")

alone = gencs.models.VAE(3, (8,), (8, 8, 1), seed=0)
alone.compile(keras.optimizers.SGD(1.0))
alone.set_weights(vae.get_weights())
for model in (vae, alone):
    model.fit(images, batch_size=8, verbose=0)
for one, other in zip(vae.get_weights(), alone.get_weights(), strict=True):
    np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)
"""


@pytest.mark.long
def test_models_train_on_two_devices(pytestconfig, tmp_path):
    command = [sys.executable, "-c", CODE, tmp_path]
    subprocess.run(command, check=True, timeout=300, cwd=pytestconfig.rootpath)
