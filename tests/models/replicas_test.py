"""Training and recovery under `tf.distribute.MirroredStrategy`, on two devices."""

import subprocess
import sys

import pytest

# In float64, where what differs is no rounding. Of 18 images in batches of 7, replicas
# have 4 and 3, 4 and 3, and 4 and none.
START = """
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
draws = np.random.default_rng(0)
images = draws.random((18, 8, 8, 1))
common = {"seed": 0, "dtype": "float64"}

def sgd():
    return keras.optimizers.SGD(0.05, momentum=0.5)

def equals_one_device(make, *labels):
    trained, histories = [], []
    for each in (strategy, tf.distribute.get_strategy()):
        with each.scope():
            model = make()
        fitted = model.fit(
            images, *labels, batch_size=7, epochs=7, shuffle=False, verbose=0
        )
        trained.append([keras.ops.convert_to_numpy(w) for w in model.weights])
        histories.append(fitted.history)
    for one, other in zip(*trained, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9)
    for name in histories[0]:
        np.testing.assert_allclose(*(h[name] for h in histories), 1e-5, err_msg=name)

def refuses(words, function, *args, **kwargs):
    try:
        function(*args, **kwargs)
    except ValueError as error:
        assert words in str(error), error
    else:
        raise AssertionError(f"not refused: {words}")
"""

DCGAN = """
def dcgan():
    model = gencs.models.DCGAN((8, 8, 1), 2, 2, (0, 1), **common)
    model.compile(sgd(), sgd(), ema=0.9)
    return model

equals_one_device(dcgan)
"""

OTHERS = """
graph = gencs.causal.CausalGraph([("a", "b")])
labels = {name: draws.integers(0, 2, 18) for name in "ab"}

controller = gencs.causal.CausalController(graph, seed=0)
with strategy.scope():
    spread = gencs.causal.CausalController(graph, seed=0)
refuses("runs on one device", spread.fit, labels)

def vae():
    model = gencs.models.VAE(2, (4,), (8, 8, 1), **common)
    model.compile("adam", kl_warmup_steps=9)
    return model

def began():
    model = gencs.models.BEGAN((14, 14, 1), 2, 2, value_range=(0, 1), **common)
    model.compile(sgd(), sgd(), lambda_k=0.1, decoder_weight=1.0)
    return model

def varied():
    model = gencs.models.DCGAN(
        (8, 8, 1), 2, 2, (0, 1), normalization="layer", minibatch_std=True, **common
    )
    model.compile(sgd(), sgd(), real_penalty=1.0)
    return model

def critic():
    model = gencs.models.DCGAN(
        (8, 8, 1), 2, 2, (0, 1), normalization="layer", **common
    )
    model.compile(sgd(), sgd(), adversarial_loss="wasserstein", d_steps=2)
    return model

def causal_gan():
    model = gencs.models.CausalGAN(
        controller, (8, 8, 1), 2, 2, 2, value_range=(0, 1), **common
    )
    model.compile(*(sgd() for _ in range(4)), labeler_noise=0.1)
    return model

def causal_began():
    model = gencs.models.CausalBEGAN(
        controller, (14, 14, 1), 2, 2, labeler_width=2, value_range=(0, 1), **common
    )
    model.compile(
        *(sgd() for _ in range(3)),
        lambda_k=0.1, lambda_labels=0.1, decoder_weight=1.0, labeler_noise=0.1,
    )
    return model

for family in (vae, varied, critic):
    equals_one_device(family)
equals_one_device(causal_gan, labels)
images = draws.random((18, 14, 14, 1))  # of 14 x 14 pixels or more, says a BEGAN
equals_one_device(began)
equals_one_device(causal_began, labels)
"""

HABITS = """
folder = sys.argv[1]
with strategy.scope():
    model = gencs.models.VAE(2, (4,), (8, 8, 1), **common)
    model.compile("adam")
callbacks = [
    gencs.callbacks.StopOnNaN(),
    gencs.callbacks.SampleGrid(folder, 2, 2, every=1),
    gencs.callbacks.Checkpoint(folder, every=1),
    keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2),
]
model.fit(images, batch_size=9, verbose=0, callbacks=callbacks)
loaded = keras.saving.load_model(gencs.callbacks.latest(folder))
assert gencs.callbacks.training_step(loaded) == 2
for one, other in zip(loaded.get_weights(), model.get_weights(), strict=True):
    np.testing.assert_array_equal(one, other)

bright = np.concatenate([images[:9], 255 * images[9:]])  # those of the second replica
refuses("leave the `value_range`", model.fit, bright, batch_size=18, shuffle=False)
refuses("`batch_size` must be at least 2", model.fit, images, batch_size=1)
refuses("`batch_size` must be at least 2", model.fit, images, None, 1)
refuses("`train_on_batch` is not possible", model.train_on_batch, images)
with strategy.scope():
    refuses("`strategy` must be the one", loaded.fit, images)
with tf.distribute.experimental.CentralStorageStrategy().scope():
    other = gencs.models.VAE(2, (4,), (8, 8, 1))
    other.compile("adam")
refuses("must be a `MirroredStrategy`", other.fit, images)
"""

RECOVERY = """
def digits():
    model = gencs.models.VAE(3, (8,), (8, 8, 1), seed=0)
    model.compile(solver=gencs.solvers.LBFGS(steps=200, restarts=3))
    return model

with strategy.scope():
    shared_out = digits()
alone = digits()
A = gencs.layers.GaussianMeasurement(16, seed=0)
assert len(shared_out.prepare_recovery(A).devices) == 2
assert not alone.prepare_recovery(A).devices
x = alone.generate(5, seed=1)
for count in (5, 1, 0):
    y = A(x[:count])
    found = [
        model.recover(y, A, seed=0, verbose=0, return_result=True)
        for model in (shared_out, alone)
    ]
    np.testing.assert_allclose(found[0].x, found[1].x, rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(found[0].status, found[1].status)
"""


def run(pytestconfig, *code_and_arguments):
    command = [sys.executable, "-c", *code_and_arguments]
    subprocess.run(command, check=True, timeout=600, cwd=pytestconfig.rootpath)


@pytest.mark.long
def test_two_devices_train_and_recover_as_one_does(pytestconfig, tmp_path):
    """In one process, of which the start takes longest."""
    run(pytestconfig, START + DCGAN + RECOVERY + HABITS, tmp_path)


@pytest.mark.slow
def test_so_do_other_families_and_losses(pytestconfig):
    run(pytestconfig, START + OTHERS)
