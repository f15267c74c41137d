"""A causal model of images whose truth is known: it draws what its labels say."""

import keras
import numpy as np

import tf_gencs as gencs
from tf_gencs.models.causal_images import CausalImages

GRAPH = [("Male", "Mustache"), ("Male", "Bald"), ("Young", "Bald")]
SIDE = 8


def patches(count, seed=0):
    """Orthonormal pictures (count, SIDE * SIDE)."""
    random = np.random.default_rng(seed).normal(size=(SIDE**2, count))
    return np.linalg.qr(random)[0].T.astype("float32")


class Drawing(CausalImages, gencs.models.GenerativeModel):
    """Image = noise . pictures + sign of each label * another picture, in [-8, 8].

    Its labeler reads the labels exactly: the pictures are orthonormal.
    """

    def __init__(self, controller, noise_dim=5):
        columns = self._columns_of(controller)
        k = noise_dim + columns.count
        pictures = patches(k)
        z = keras.Input((k,))
        shown = keras.ops.concatenate(
            [z[:, :noise_dim], keras.ops.tanh(4 * z[:, noise_dim:])], axis=1
        )
        x = keras.layers.Dense(SIDE**2, use_bias=False, name="pictures")(shown)
        generator = keras.Model(z, keras.layers.Reshape((SIDE, SIDE, 1))(x))
        generator.get_layer("pictures").set_weights([pictures])
        image = keras.Input((SIDE, SIDE, 1))
        seen = keras.layers.Dense(columns.count, use_bias=False, name="seen")(
            keras.layers.Flatten()(image)
        )
        labeler = keras.Model(image, seen)
        labeler.get_layer("seen").set_weights([pictures[noise_dim:].T])
        super().__init__(generator, value_range=(-8.0, 8.0))
        self._set_causes(controller, noise_dim, columns)
        self.labeler = labeler


def controller(**states):
    """An untrained one, in which causes have much to say."""
    found = gencs.causal.CausalController(GRAPH, states=states or 2, seed=0)
    found.mechanisms.set_weights([4 * w for w in found.mechanisms.get_weights()])
    return found
