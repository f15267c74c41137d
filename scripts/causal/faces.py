"""Faces of a causal model of images, people to ask about, and who judges."""

import itertools
import pathlib

import keras
import numpy as np

import tf_gencs as gencs
from tf_gencs.metrics.shipped_classifiers import predicted_labels

PRESET = "causal_gan_face_avatars_64"
NAMES = gencs.datasets.FACE_ATTRIBUTES
PEOPLE_SEED = 2  # of test faces: neither that of training nor that of the judge


def load(checkpoint):
    """A causal model of faces: a preset, a folder of one, or a .keras file."""
    if pathlib.Path(checkpoint).suffix == ".keras":
        return keras.saving.load_model(checkpoint)
    return gencs.models.GenerativeModel.from_preset(checkpoint)


def truth():
    """Who trains: no woman of theirs has a mustache."""
    return gencs.causal.DiscreteSCM.from_tables(gencs.datasets.FACE_UNSEEN_CAUSAL_MODEL)


class Judge:
    """Reads attributes off faces; it has seen all combinations, and no generator.

    Args:
        side: pixels a side of the faces: 64 or 32.
        value_range: (low, high) of their pixels.
        folder: of a classifier that `scripts/train_classifier` wrote; None for the one
            that ships for this size.
    """

    def __init__(self, side, value_range=(-1.0, 1.0), folder=None):
        name = folder or f"face_combinations_{side}"
        self._classifier = gencs.metrics.classifier(name, value_range)

    def read(self, images):
        """Attributes of images: a dict from names to bool arrays (n,)."""
        images = np.asarray(images, "float32")
        seen = predicted_labels(self._classifier, images) > 0
        return dict(zip(self._classifier.labels, seen.T, strict=True))


def draw(labels, seed, side):
    """Faces drawn with attributes: a dict of arrays (n,) -> (n, side, side, 3)."""
    attributes = np.stack([labels[name] for name in NAMES], axis=1)
    images = gencs.datasets.draw_faces(attributes, seed)
    share = 64 // side
    blocks = images.reshape(-1, side, share, side, share, 3)
    return blocks.mean(axis=(2, 4), dtype="float32")


def combinations(copies):
    """All 256 combinations of attributes, so many times, as a dict of arrays."""
    rows = np.array(list(itertools.product((0, 1), repeat=len(NAMES))) * copies)
    return dict(zip(NAMES, rows.T, strict=True))


def possible(labels, scm):
    """Which people may be among those who trained: bool (n,)."""
    nodes = scm.graph.nodes
    return scm.joint()[tuple(labels[name] for name in nodes)] > 0
