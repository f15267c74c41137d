"""Signals to train on and to recover."""

from tf_gencs.datasets.celeb_a_pipeline import celeb_a
from tf_gencs.datasets.face_avatars_pipeline import (
    FACE_ATTRIBUTES,
    FACE_CAUSAL_MODEL,
    FACE_UNSEEN_CAUSAL_MODEL,
    draw_faces,
    face_avatars,
)
from tf_gencs.datasets.image_folder_pipeline import (
    image_folder,
    split_image_folder,
)
from tf_gencs.datasets.mnist_pipeline import fashion_mnist, mnist
from tf_gencs.datasets.samples import face_avatars_samples, mnist_samples
from tf_gencs.datasets.training_batches import training_batches
from tf_gencs.pages import with_page

__doc__ = with_page(__doc__, __file__)

__all__ = [
    "FACE_ATTRIBUTES",
    "FACE_CAUSAL_MODEL",
    "FACE_UNSEEN_CAUSAL_MODEL",
    "celeb_a",
    "draw_faces",
    "face_avatars",
    "face_avatars_samples",
    "fashion_mnist",
    "image_folder",
    "mnist",
    "mnist_samples",
    "split_image_folder",
    "training_batches",
]
