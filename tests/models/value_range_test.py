"""Whatever takes images knows their range: it warns with the mending, or refuses."""

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs

SHAPE = (8, 8, 1)
# Keras's own, of every dataset that `fit` gets without shuffle=False.
pytestmark = pytest.mark.filterwarnings("ignore:`shuffle=True` was passed")
EAGER = {"run_eagerly": True}


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(0)
    return rng.random((12, *SHAPE)).astype("float32")


class Batches(keras.utils.PyDataset):
    def __init__(self, x):
        super().__init__()
        self.x = x

    def __len__(self):
        return 3

    def __getitem__(self, i):
        return (self.x[4 * i : 4 * i + 4],)


KINDS = {
    "array": lambda x: x,
    "tensor": tf.constant,
    "dataset": lambda x: tf.data.Dataset.from_tensor_slices(x).batch(4),
    "labelled": lambda x: tf.data.Dataset.from_tensor_slices((x, x[:, 0, 0])).batch(4),
    "generator": lambda x: ((batch,) for batch in (x[:4], x[4:8])),
    "py_dataset": Batches,
}
WRONG = [(lambda x: 255 * x, "0.00392157"), (lambda x: 2 * x - 1, r"0.5 \+ 0.5")]


def vae():
    model = gencs.models.VAE(2, (4,), SHAPE, seed=0)
    model.compile("adam", **EAGER)
    return model


def dcgan():
    model = gencs.models.DCGAN(SHAPE, 2, 2, (0, 1), seed=0)
    model.compile(**EAGER)
    return model


def began():
    model = gencs.models.BEGAN((16, 16, 1), 2, 2, value_range=(0, 1), seed=0)
    model.compile(**EAGER)
    return model


@pytest.mark.parametrize("make", [dcgan, began])
@pytest.mark.parametrize(("change", "mending"), WRONG)
def test_a_gan_refuses_other_ranges_as_a_vae_does(images, make, change, mending):
    model = make()
    times = model.signal_shape[0] // SHAPE[0]
    images = np.kron(images, np.ones((1, times, times, 1), "float32"))
    for method in (model.fit, model.evaluate, model.train_on_batch):
        with pytest.raises(ValueError, match=f"leave the `value_range`.*{mending}"):
            method(change(images))
    data = tf.data.Dataset.from_tensor_slices(change(images)).batch(4)
    for method in (model.fit, model.evaluate):
        with pytest.raises(ValueError, match=f"leave the `value_range`.*{mending}"):
            method(data, verbose=0)
    with pytest.raises(ValueError, match="must be finite"):
        model.fit(data.map(lambda x: x * np.nan), verbose=0)
    assert all(np.isfinite(weight).all() for weight in model.get_weights())


def test_a_gan_warns_once_of_images_that_leave_its_range_by_little(images):
    with pytest.warns(UserWarning, match="leave the `value_range`") as warned:
        dcgan().fit(1.2 * images, epochs=2, verbose=0)
    assert len(warned) == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("change", "mending"), WRONG)
def test_a_vae_refuses_other_ranges_before_a_weight_moves(
    images, kind, change, mending
):
    model = vae()
    before = model.get_weights()
    for method in (model.fit, model.evaluate):
        with pytest.raises(ValueError, match=f"leave the `value_range`.*{mending}"):
            method(KINDS[kind](change(images)), verbose=0)
    for weight, was in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, was)


@pytest.mark.parametrize("method", ["fit", "evaluate"])
@pytest.mark.parametrize("x", [None, [], (np.ones((2, 28, 28, 1)), np.ones(2))])
def test_images_come_alone(method, x):
    model = gencs.models.VAE(hidden=(4,), seed=0)
    model.compile()
    with pytest.raises(TypeError, match="`x` must be an array of images"):
        getattr(model, method)(x)
    with pytest.raises(ValueError, match="`x` must hold images"):
        getattr(model, method)(np.ones((0, 28, 28, 1), "float32"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x: np.ma.masked_array(x, x > 0.5), "`x` must have no masked values"),
        (lambda x: x + 1j * x, "`x` must hold images of real numbers: parts"),
        (lambda x: KINDS["dataset"](x + 1j * x), "`x` must hold images of real numb"),
        (lambda x: KINDS["generator"](x + 1j * x), "`x` must hold images of real numb"),
        (lambda x: iter(KINDS["dataset"](x)), "`x` must be .* or a dataset itself"),
    ],
)
def test_nothing_of_images_is_dropped(images, change, message):
    for make in (vae, dcgan):
        for method in ("fit", "evaluate"):
            with pytest.raises(TypeError, match=message):
                getattr(make(), method)(change(images), verbose=0)
    for wrong in ({"batch_size": 0}, {"batch_size": 2.5}):
        with pytest.raises(ValueError, match="`batch_size` must be an integer"):
            vae().fit(images, verbose=0, **wrong)


def test_a_vae_refuses_what_leaves_the_range_in_a_later_batch(images):
    data = tf.data.Dataset.from_tensor_slices(np.concatenate([images, 255 * images]))
    for method in (vae().fit, vae().evaluate):
        with pytest.raises(ValueError, match="leave the `value_range`"):
            method(data.batch(4), verbose=0)
    with pytest.raises(ValueError, match="leave the `value_range`"):
        vae().fit(images, validation_data=(255 * images,), verbose=0)
    with pytest.raises(ValueError, match="must be finite"):
        vae().fit(data.map(lambda x: x * np.nan).batch(4), verbose=0)


def test_batches_by_hand_are_looked_at_too(images):
    for method in (vae().train_on_batch, vae().test_on_batch):
        with pytest.raises(ValueError, match=r"`x` must be in range: .* leave"):
            method(255 * images)


def test_a_vae_has_the_shape_messages_of_a_gan(images):
    for change, message in (
        (lambda x: x[..., 0], r"add the channel axis.*Received: \(12, 8, 8\)"),
        (lambda x: x[0], "batch the data"),
        (lambda x: x.transpose(0, 3, 1, 2), r"channels come last, `np.moveaxis\(x, 1"),
        (lambda x: x[:, :6], r"resize them, or make the model with `signal_shape="),
    ):
        for method in (vae().fit, vae().evaluate, vae().train_on_batch):
            with pytest.raises(ValueError, match=message):
                method(change(images))


def test_a_vae_trains_on_images_in_range_as_ever(images):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        vae().fit(images, validation_data=(images,), epochs=2, verbose=0)


def test_what_a_model_remembers_is_measured_in_its_range_alone(images):
    model = vae()
    model.representation_error = 0.25
    for change, mending in WRONG:
        with pytest.raises(ValueError, match=f"`x` must be in range.*leave.*{mending}"):
            model.measure_representation_error(change(images))
    network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(64)])
    network.add(keras.layers.Reshape(SHAPE))
    wide = gencs.models.GenerativeModel(network, value_range=(-1, 1))
    with pytest.raises(ValueError, match="only the upper half"):
        wide.measure_representation_error(images)
    assert model.representation_error == 0.25
    assert model.deviation_basis is None
    assert wide.representation_error is None


@pytest.mark.filterwarnings("ignore:`x` explains less:RuntimeWarning")
def test_invert_warns_of_another_range_and_not_of_noise(images):
    model = vae()
    model.compile(solver=gencs.solvers.Adam(0.1, steps=2), **EAGER)
    with pytest.warns(UserWarning, match=r"`x` must be in range.*leave"):
        model.invert(2 * images - 1, verbose=0)
    noise = np.random.default_rng(1).normal(0, 0.5, images.shape).astype("float32")
    model.invert(images + noise, verbose=0)


def test_a_generator_is_asked_what_range_it_has():
    layers = [keras.Input((2,)), keras.layers.Dense(4, bias_initializer="ones")]
    network = keras.Sequential([*layers, keras.layers.Rescaling(255)])
    with pytest.warns(UserWarning, match=r"`generator` makes pixels from 255 to 255"):
        gencs.models.GenerativeModel(network, value_range=(0, 1))
    gencs.models.GenerativeModel(network, value_range=(0, 255))


@pytest.mark.long
def test_an_autoencoder_of_a_began_looks_at_its_images(images):
    model = gencs.models.BEGAN((16, 16, 1), latent_dim=2, width=2, seed=0)
    images = np.kron(images, np.ones((1, 2, 2, 1), "float32"))
    model.discriminator.compile("adam", "mae", **EAGER)
    with pytest.warns(UserWarning, match="only the upper half"):
        model.discriminator.fit(images, images, verbose=0)
    for wrong in (images, 255 * images):
        with pytest.raises(ValueError, match=r"`images` must be in range"):
            model.start_from_autoencoder(wrong)
    model.start_from_autoencoder(2 * images - 1)


def test_a_gan_warns_in_evaluate_too(images):
    model = gencs.models.DCGAN((8, 8, 1), latent_dim=2, width=2, seed=0)
    model.compile(**EAGER)
    with pytest.warns(UserWarning, match="only the upper half"):
        model.evaluate(images, verbose=0)


@pytest.mark.parametrize("metric", [gencs.metrics.PSNR, gencs.metrics.SSIM])
def test_image_errors_refuse_true_images_of_another_range(metric):
    x = np.random.default_rng(0).random((2, 16, 16, 1)).astype("float32")
    for wrong in (2 * x - 1, 255 * x):
        with pytest.raises(ValueError, match=r"`y_true` must be in range.*leave"):
            metric()(wrong, x)
        with pytest.raises(tf.errors.InvalidArgumentError, match="`y_true` must lie"):
            tf.function(metric().update_state)(tf.constant(wrong), tf.constant(x))
    with pytest.warns(UserWarning, match="only the upper half"):
        metric(value_range=(-1, 1))(x, x)
    metric()(x, x + 0.5)  # what is found may be anywhere


def test_comparisons_refuse_real_images_of_another_range():
    x = np.random.default_rng(0).random((20, 28, 28, 1)).astype("float32")
    model = gencs.models.VAE(2, (4,), seed=0)
    with pytest.raises(ValueError, match=r"`images` must be in range.*leave"):
        gencs.metrics.evaluate(model, 2 * x - 1)
    digits = gencs.metrics.classifier("mnist", value_range=(-1, 1))
    with pytest.warns(UserWarning, match="only the upper half"):
        gencs.metrics.attribute_frequencies(x, digits)
