"""What users of Keras are used to: arguments, callbacks, settings, debugging."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs
from tests.generators import random_generator

EAGER = {"run_eagerly": True}


def vae():
    model = gencs.models.VAE(3, (8,), (8, 8, 1), seed=0)
    model.compile(**EAGER)
    return model


def dcgan(**kwargs):
    model = gencs.models.DCGAN((8, 8, 1), 3, 2, (0, 1), seed=0)
    model.compile(**EAGER, **kwargs)
    return model


def began():
    model = gencs.models.BEGAN((16, 16, 1), 3, 2, value_range=(0, 1), seed=0)
    model.compile(**EAGER)
    return model


families = pytest.mark.parametrize("make", [vae, dcgan])


@pytest.fixture
def images(rng):
    return rng.random((8, 8, 8, 1)).astype("float32")


@families
def test_weights_of_images_are_refused(make, images):
    ones = np.ones(8)
    for call in (
        lambda m: m.fit(images, images, sample_weight=ones, verbose=0),
        lambda m: m.fit(images, np.zeros(8, int), class_weight={0: 2.0}, verbose=0),
        lambda m: m.evaluate(images, images, sample_weight=ones, verbose=0),
        lambda m: m.train_on_batch(images, images, sample_weight=ones),
        lambda m: m.fit(images, validation_data=(images, images, ones), verbose=0),
    ):
        with pytest.raises(ValueError, match="`sample_weight` and `class_weight` must"):
            call(made_once(make))


@families
@pytest.mark.parametrize("argument", ["metrics", "weighted_metrics"])
def test_metrics_of_keras_are_refused(make, argument):
    with pytest.raises(ValueError, match=f"`{argument}` must be None: a "):
        made_once(make).compile(**{argument: ["mae"]})


def test_a_wrapped_generator_says_that_it_does_not_train(images):
    model = gencs.models.GenerativeModel(vae().generator)
    model.compile(**EAGER)
    z = np.zeros((8, 3), "float32")
    with pytest.raises(ValueError, match="`fit` is not possible"):
        model.fit(z, images, verbose=0)
    with pytest.raises(ValueError, match="`evaluate` is not possible"):
        model.evaluate(z, images, verbose=0)
    for optimizer in ("adam", keras.optimizers.SGD()):
        with pytest.raises(ValueError, match="`optimizer` must be None: a Generative"):
            model.compile(optimizer)


def test_a_class_that_says_how_it_trains_takes_an_optimizer():
    class ByStep(gencs.models.GenerativeModel):
        def train_step(self, data):
            return {}

    class ByLoss(gencs.models.GenerativeModel):
        def compute_loss(self, *args, **kwargs):
            return 0.0

    for cls in (ByStep, ByLoss):
        model = cls(vae().generator)
        model.compile("adam")
        assert isinstance(model.optimizer, keras.optimizers.Adam)


@functools.cache
def made_once(make):
    """A model for calls that are refused, and change nothing."""
    return make()


def wrapped():
    return gencs.models.GenerativeModel(vae().generator)


@pytest.mark.parametrize("make", [wrapped, vae, dcgan])
@pytest.mark.parametrize(
    ("args", "kwargs", "error", "message"),
    [
        ((None, None, "mse"), {}, TypeError, "all but optimizers by name.*'mse'"),
        ((), {"restarts": 3}, TypeError, "arguments of its solver.*restarts=3"),
        ((), {"learning_rate": 0.1}, TypeError, "of an optimizer.*learning_rate=0.1"),
        ((), {"auto_scale_loss": "no"}, ValueError, "`auto_scale_loss` must be True"),
        ((), {"metrics": np.ones(2)}, ValueError, "`metrics` must be None"),
        ((keras.optimizers.Adam,), {}, ValueError, r"the class Adam; `Adam\(\.\.\.\)`"),
        ((gencs.solvers.Adam(),), {}, ValueError, "are given as `solver`"),
        (
            (),
            {"solver": keras.optimizers.Adam()},
            TypeError,
            r"`gencs\.solvers\.Adam\(0\.01, steps=1000\)`, which searches latents",
        ),
        (
            (),
            {"solver": gencs.solvers.Adam},
            TypeError,
            r"class Adam; `Adam\(\.\.\.\)`",
        ),
        ((), {"solver": {"class_name": "x"}}, TypeError, "`solver` must be one of"),
        ((), {"loss": gencs.losses.Huber}, TypeError, r"class Huber; `Huber\("),
        ((), {"loss": {"class_name": "x"}}, TypeError, "`loss` must be one of"),
        ((), {"loss": "hinge"}, ValueError, "`loss` must compare with y somewhere"),
        ((), {"loss": {"a": "maximize"}}, ValueError, "`loss` must compare with y"),
    ],
)
def test_compile_says_what_it_takes_and_changes_nothing(
    make, args, kwargs, error, message
):
    model = made_once(make)
    before = model.get_compile_config()
    with pytest.raises(error, match=message):
        model.compile(*args, **kwargs)
    assert model.get_compile_config() == before


def test_signals_in_the_place_of_latents_are_told(images):
    with pytest.raises(ValueError, match=r"`z` must have shape \(batch, 3\).*`invert`"):
        wrapped()(images)


@families
def test_what_compile_says_of_execution_survives_a_file(make, tmp_path):
    model = make()
    model.save(tmp_path / "eager.keras")
    assert keras.saving.load_model(tmp_path / "eager.keras").run_eagerly
    model.compile(steps_per_execution=3, jit_compile=False)
    model.save(tmp_path / "steps.keras")
    loaded = keras.saving.load_model(tmp_path / "steps.keras")
    assert not loaded.run_eagerly
    assert loaded.steps_per_execution == 3
    assert not loaded.jit_compile


@pytest.mark.parametrize(
    "callback",
    [
        keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2),
        keras.callbacks.ReduceLROnPlateau("g_loss", 0.5, 1, mode="min", min_delta=99.0),
    ],
)
@pytest.mark.filterwarnings("ignore:__array__ implementation")  # of Keras's own
def test_callbacks_of_keras_set_the_rates_of_both_optimizers(callback, images):
    sgd = keras.optimizers.SGD
    model = dcgan(d_optimizer=sgd(0.4), g_optimizer=sgd(0.1))
    model.fit(images, epochs=2, verbose=0, callbacks=[callback])
    rates = [float(held.learning_rate) for held in model.optimizer.optimizers]
    halvings = 2 if isinstance(callback, keras.callbacks.LearningRateScheduler) else 1
    np.testing.assert_allclose(rates, np.array([0.4, 0.1]) / 2**halvings, rtol=1e-6)


@pytest.mark.long
@pytest.mark.parametrize(
    "make", [vae, dcgan, pytest.param(began, marks=pytest.mark.slow)]
)
@pytest.mark.filterwarnings("ignore:__array__ implementation")
def test_callbacks_of_keras_work_together(make, tmp_path):
    model = make()
    if make is began:  # whose own rates follow a schedule
        model.compile("adam", "adam", **EAGER)
    images = np.zeros((4, *model.signal_shape), "float32") + 0.25
    images[:, 0] = 0.75
    watched = "loss" if make is vae else "d_loss"
    model.fit(
        images,
        batch_size=2,
        validation_data=(images,),
        epochs=2,
        verbose=0,
        callbacks=[
            keras.callbacks.CSVLogger(tmp_path / "log.csv"),
            keras.callbacks.EarlyStopping(watched, mode="min"),
            keras.callbacks.ModelCheckpoint(
                tmp_path / "best.keras",
                f"val_{watched}",
                save_best_only=True,
                mode="min",
            ),
            keras.callbacks.BackupAndRestore(tmp_path / "backup"),
            keras.callbacks.ReduceLROnPlateau(f"val_{watched}", mode="min"),
            keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2),
            *([keras.callbacks.TerminateOnNaN()] if make is vae else []),
        ],
    )
    assert len((tmp_path / "log.csv").read_text().splitlines()) == 3
    assert keras.saving.load_model(tmp_path / "best.keras").latent_dim == 3


@pytest.mark.parametrize(
    "callback",
    [
        keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2),
        keras.callbacks.ReduceLROnPlateau("d_loss"),
    ],
)
def test_a_rate_that_follows_a_schedule_is_not_set_by_callbacks(callback):
    controller = gencs.causal.CausalController([("a", "b")], seed=0)
    labels = {"a": [0, 1], "b": [1, 0]}
    for fit in (
        lambda: began().fit(np.zeros((2, 16, 16, 1)), callbacks=[callback]),
        lambda: controller.fit(labels, callbacks=callback, verbose=0),
    ):
        with pytest.raises(ValueError, match="`callbacks` must leave rates alone"):
            fit()


def test_one_rate_for_both_keeps_their_ratio():  # as Keras before 3.15 sets it
    sgd = keras.optimizers.SGD
    model = dcgan(d_optimizer=sgd(0.4), g_optimizer=sgd(0.1))
    assert float(model.optimizer.learning_rate) == pytest.approx(0.4)
    model.optimizer.learning_rate = 0.2
    assert float(model.g_optimizer.learning_rate) == pytest.approx(0.05)


@pytest.mark.long
@pytest.mark.filterwarnings("ignore:__array__ implementation")
def test_a_gan_is_backed_up_and_goes_on(images, tmp_path):
    def fit(model, epochs):
        backup = keras.callbacks.BackupAndRestore(tmp_path, delete_checkpoint=False)
        model.fit(images, epochs=epochs, verbose=0, callbacks=[backup])
        return model

    fit(dcgan(), 1)
    assert int(fit(dcgan(), 3).training_steps) == 3


def test_a_callback_that_sees_no_loss_is_refused_with_ours(images):
    with pytest.raises(ValueError, match=r"`gencs\.callbacks\.StopOnNaN\(\)` in place"):
        dcgan().fit(images, callbacks=keras.callbacks.TerminateOnNaN(), verbose=0)


@pytest.fixture
def channels_first():
    keras.config.set_image_data_format("channels_first")
    yield
    keras.config.set_image_data_format("channels_last")


@pytest.mark.long
def test_networks_do_not_follow_the_data_format_of_keras(channels_first, images):
    dcgan().fit(images, verbose=0)
    gencs.models.BEGAN((14, 14, 1), 3, 2)
    assert (
        gencs.models.DCGAN.from_preset("dcgan_mnist").generate(1).shape[1:3]
        == (28,) * 2
    )
    digits = gencs.metrics.classifier("mnist")
    assert digits(np.zeros((2, 28, 28, 1))).shape == (2, 10)


@pytest.fixture
def policy():
    yield keras.config.set_dtype_policy
    keras.config.set_dtype_policy("float32")


@pytest.mark.long
@pytest.mark.parametrize(
    "name", ["mixed_float16", pytest.param("mixed_bfloat16", marks=pytest.mark.slow)]
)
def test_families_train_under_a_policy_of_half_precision(policy, name, rng):
    policy(name)
    for make in (vae, dcgan, began):
        model = make()
        images = rng.random((4, *model.signal_shape)).astype("float32")
        if make is vae:
            model.compile("adam", **EAGER)
        before = model.generator.get_weights()
        # Keras skips the first steps until it has found a scale for the loss.
        history = model.fit(images, epochs=4, verbose=0).history
        assert np.isfinite(list(history.values())).all()
        assert all(np.isfinite(weight).all() for weight in model.get_weights())
        after = model.generator.get_weights()
        assert any((a != b).any() for a, b in zip(after, before, strict=True))


@pytest.fixture
def check_numerics():
    def enable():
        tf.debugging.enable_check_numerics()

    yield enable
    tf.debugging.disable_check_numerics()


@pytest.mark.slow
def test_recoveries_run_under_check_numerics_to_the_same_answer(check_numerics):
    solvers = gencs.solvers
    model = gencs.models.GenerativeModel(random_generator(), value_range=(0, 1))
    x = model.generate(2, seed=1)
    A = gencs.layers.GaussianMeasurement(12, seed=0)
    y = A(x) + 0.01

    def answers():
        for solver in (
            solvers.Adam(steps=30, restarts=2, probes=4, margin=1.0),
            solvers.LevenbergMarquardt(steps=4, restarts=2),
            solvers.SparseDeviation(solvers.Momentum(steps=4), basis="pixel"),
            solvers.Langevin(steps=6, burn_in=2, thin=2, restarts=2, noise=0.1),
        ):
            model.compile(solver=solver)
            yield model.recover(y, A, seed=0, verbose=0)

    expected = list(answers())
    check_numerics()
    np.testing.assert_allclose(list(answers()), expected, atol=1e-3)
