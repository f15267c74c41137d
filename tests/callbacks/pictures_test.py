"""Sample grids, latent walks and TensorBoard."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import tf_gencs as gencs
from tests.callbacks.models import SHAPE, small_vae, train


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def read(path):
    return tf.io.decode_png(path.read_bytes()).numpy()


def test_sample_grid_shows_the_same_latents_as_the_model_learns(tmp_path):
    vae = small_vae()
    grid = gencs.callbacks.SampleGrid(tmp_path, rows=2, cols=3, every=2)
    train(vae, 4, [grid])
    assert names(tmp_path) == ["step_00000002.png", "step_00000004.png"]
    shown = read(tmp_path / "step_00000004.png")
    z = vae.latent_prior.sample((6, 3), 0, "grid").numpy()
    x = vae.generate(z=z)
    np.testing.assert_array_equal(shown, gencs.images.grid(x, 2, 3, value_range=(0, 1)))
    assert np.any(shown != read(tmp_path / "step_00000002.png"))


def test_latent_walk_draws_strips_with_samples_at_both_ends(tmp_path):
    vae = small_vae()
    train(vae, 2, [gencs.callbacks.LatentWalk(tmp_path, walks=2, steps=5, every=2)])
    strips = read(tmp_path / "step_00000002.png")
    assert strips.shape == (2 * 4, 5 * 4, 1)
    z = vae.latent_prior.sample((4, 3), 0, "walk").numpy()
    ends = gencs.images.to_bytes(vae.generate(z=z), (0, 1))
    for i, column in ((0, slice(0, 4)), (2, slice(16, 20))):
        np.testing.assert_allclose(strips[:4, column].astype(int), ends[i], atol=1)


def test_latent_walk_moves_there_and_back(tmp_path):
    walk = gencs.callbacks.LatentWalk(
        tmp_path, walks=2, steps=5, every=1, format="gif", unit="epochs"
    )
    train(small_vae(), 2, [walk])
    with Image.open(tmp_path / "step_00000002.gif") as gif:
        assert gif.n_frames == 8
        assert gif.size == (4, 8)


def test_tensorboard_gets_images_and_scalars(tmp_path):
    callback = gencs.callbacks.TensorBoardImages(tmp_path, rows=2, cols=2, every=2)
    train(small_vae(), 4, [callback])
    (path,) = tmp_path.iterdir()
    events = [
        tf.compat.v1.Event.FromString(record.numpy())
        for record in tf.data.TFRecordDataset(str(path))
    ]
    values = {(e.step, v.tag): v for e in events for v in e.summary.value}
    assert values[2, "loss"].simple_value > 0
    assert (4, "kl_loss") in values
    picture = values[4, "samples"].image
    assert (picture.height, picture.width) == (8, 8)
    assert tf.io.decode_png(picture.encoded_image_string).shape == (8, 8, 1)


def test_pictures_need_a_model_with_images_and_a_range(tmp_path):
    grid = gencs.callbacks.SampleGrid(tmp_path)
    with pytest.raises(TypeError, match="`GenerativeModel`"):
        grid.set_model(keras.Sequential([keras.layers.Dense(1)]))
    generator = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4)])
    flat = gencs.models.GenerativeModel(generator, value_range=(0, 1))
    with pytest.raises(ValueError, match=r"images .*\(4,\)"):
        grid.set_model(flat)
    generator = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(16), keras.layers.Reshape(SHAPE)]
    )
    with pytest.raises(ValueError, match="`value_range`"):
        grid.set_model(gencs.models.GenerativeModel(generator))


@pytest.mark.parametrize(
    ("make", "argument"),
    [
        (lambda path: gencs.callbacks.SampleGrid(path, rows=0), "rows"),
        (lambda path: gencs.callbacks.SampleGrid(path, cols=2.5), "cols"),
        (lambda path: gencs.callbacks.SampleGrid(path, seed=-1), "seed"),
        (lambda path: gencs.callbacks.LatentWalk(path, steps=1), "steps"),
        (lambda path: gencs.callbacks.LatentWalk(path, format="mp4"), "format"),
        (lambda path: gencs.callbacks.LatentWalk(path, mode="fast"), "mode"),
        (lambda path: gencs.callbacks.TensorBoardImages(path, every=0), "every"),
    ],
)
def test_pictures_reject_wrong_arguments(tmp_path, make, argument):
    with pytest.raises(ValueError, match=f"`{argument}`"):
        make(tmp_path)
