"""Cartoon faces with known attributes: a data set that anyone can build."""

import numpy as np

from tf_gencs import checks, seeds
from tf_gencs.datasets import pipeline
from tf_gencs.datasets.attributes import checked_attributes, read_face
from tf_gencs.datasets.avatars.causal_model import (
    DEFAULT_MODEL,
    UNSEEN_MODEL,
    draw_nuisances,
)
from tf_gencs.datasets.avatars.drawing import ATTRIBUTES
from tf_gencs.datasets.avatars.rendering import import_drawing_packages, render_faces

__all__ = [
    "FACE_ATTRIBUTES",
    "FACE_CAUSAL_MODEL",
    "FACE_UNSEEN_CAUSAL_MODEL",
    "draw_faces",
    "face_avatars",
]

FACE_ATTRIBUTES = ATTRIBUTES
FACE_CAUSAL_MODEL = DEFAULT_MODEL
FACE_UNSEEN_CAUSAL_MODEL = UNSEEN_MODEL


def face_avatars(
    split="train",
    *,
    batch_size=None,
    labels=False,
    shuffle=False,
    seed=None,
    data_dir=None,
    download=True,
    value_range=(-1.0, 1.0),
    attributes=None,
    causal_model=None,
    examples=None,
    drawing_seed=0,
):
    """Returns cartoon faces with attributes from a causal model, as `tf.data.Dataset`.

    Nothing is downloaded: the first call draws the faces, on all cores, and keeps them
    in `data_dir` (14,000 images take some minutes and 40 MB).

    The attributes, named as in CelebA, all show: Male (short hair), Young (grey hair if
    not), Bald, Mustache, Eyeglasses, Smiling, Mouth_Slightly_Open and Narrow_Eyes.
    Style and colour of the hair, colours of skin, cloth and background, and the
    shapes of brows, eyes, mouth, glasses, mustache and cloth vary freely.

    Example:

    ```python
    train = gencs.datasets.face_avatars("train", batch_size=64, shuffle=True, seed=0)
    all_bald = {**gencs.datasets.FACE_CAUSAL_MODEL, "Bald": ((), {(): 1.0})}
    do_bald = gencs.datasets.face_avatars("test", labels=True, causal_model=all_bald)
    ```

    Args:
        split: `"train"` (12,000 images), `"validation"` (1,000), `"test"` (1,000), or a
            slice such as `"test[:64]"`.
        batch_size: images per batch, the last one may have fewer; None for no batches.
        labels: whether the elements are `(image, attributes)` pairs.
        shuffle: whether to shuffle all images of the split, anew in each epoch.
        seed: integer that makes the order repeatable.
        data_dir: folder of tensorflow-datasets, by default `$TFDS_DATA_DIR` or
            `~/tensorflow_datasets`.
        download: whether to draw what is not there.
        value_range: (low, high) of the images.
        attributes: names among `gencs.datasets.FACE_ATTRIBUTES`, in the order wanted;
            None for all of them in that order.
        causal_model: dict from each attribute to `(parents, table)`: a tuple of names,
            and a dict from each tuple of the parents' values (0 or 1) to the
            attribute's probability; or a `gencs.causal.DiscreteSCM` of these. None for
            `gencs.datasets.FACE_CAUSAL_MODEL`, graph G1 of CausalGAN without
            Wearing_Lipstick, where all probabilities lie strictly between 0 and 1 (1 %
            of women have a mustache; in CelebA and in
            `gencs.datasets.FACE_UNSEEN_CAUSAL_MODEL` none). The same people are drawn
            for each model, as far as it lets them.
        examples: dict from `"train"`, `"validation"` and `"test"` to numbers of images.
        drawing_seed: seed of the faces. Other faces have a folder of their own.

    Returns:
        `tf.data.Dataset` of float32 images (64, 64, 3) in `value_range`, with a
        `batch_size` (batch, 64, 64, 3); with `labels` each with a float32 vector of 0
        and 1, (8,) unless `attributes` says otherwise. Without `shuffle` they come in
        the order in which they were drawn.

    Raises:
        ImportError: tensorflow-datasets is not installed, or python-avatars or
            resvg-py where faces are to be drawn.
        FileNotFoundError: the faces are not there and download=False.
        TypeError, ValueError: a wrong argument, an unknown split or attribute.

    Sources: drawings by python-avatars (MIT licence) after Pablo Stanley's Avataaars;
    graph by Kocaoglu, Snyder, Dimakis and Vishwanath, "CausalGAN", ICLR 2018.
    """
    arguments = {
        "batch_size": batch_size,
        "shuffle": shuffle,
        "seed": seed,
        "labels": labels,
    }
    value_range = pipeline.check_arguments(
        split=split, value_range=value_range, download=download, **arguments
    )
    names = checked_attributes(attributes, ATTRIBUTES)
    _check_split(split)
    pipeline.import_tfds()
    from tf_gencs.datasets.avatars.builder import FaceAvatars, config_for

    config = config_for(causal_model, examples, drawing_seed)
    builder = FaceAvatars(config=config, data_dir=pipeline.within(data_dir))
    if not builder.is_prepared():
        if not download:
            raise FileNotFoundError(
                f"The faces are not in {builder.data_dir}, and download=False. "
                "download=True draws them."
            )
        import_drawing_packages()
        builder.download_and_prepare(file_format="tfrecord")
    stored = builder.as_dataset(split=split, shuffle_files=False)
    return pipeline.image_batches(
        stored, read_face(names), value_range=value_range, **arguments
    )


def _check_split(split):
    """tensorflow-datasets would tell only after everything is drawn."""
    known = ("train", "validation", "test", "all")
    names = [part.split("[")[0].strip() for part in str(split).split("+")]
    if isinstance(split, str) and not set(names) <= set(known):
        raise ValueError(f"`split` must be made of {known}. Received: {split!r}")


def draw_faces(attributes, seed=0, value_range=(-1.0, 1.0)):
    """Draws faces with given attributes; any combination can be drawn.

    Args:
        attributes: array-like (batch, 8) of 0 and 1, in the order of
            `gencs.datasets.FACE_ATTRIBUTES`.
        seed: seed of all that varies besides. Row i has the same skin, colours and so
            on in each call with this seed, whatever its attributes.
        value_range: (low, high) of the images.

    Returns:
        float32 array (batch, 64, 64, 3) in `value_range`.

    Raises:
        ImportError: python-avatars or resvg-py is not installed.
        TypeError, ValueError: a wrong argument.

    Example:

    ```python
    smiling = np.eye(8, dtype=int)[[5]]  # the sixth of FACE_ATTRIBUTES
    faces = gencs.datasets.draw_faces(smiling, seed=0)  # (1, 64, 64, 3)
    ```
    """
    values = checks.array(attributes, "attributes")
    if values.ndim != 2 or values.shape[1] != len(ATTRIBUTES):
        raise ValueError(
            f"`attributes` must have shape (batch, {len(ATTRIBUTES)}). "
            f"Received: {values.shape}"
        )
    if not np.isin(values, (0, 1)).all():
        found = np.unique(values)[:5].tolist()
        raise ValueError(f"`attributes` must hold 0 and 1. Received: {found}")
    value_range = pipeline.checked_range(value_range)
    seed = seeds.resolve(seed)
    people = [
        (row.tolist(), draw_nuisances(seed, index))
        for index, row in enumerate(values.astype(int))
    ]
    few = len(people) < 50  # not worth the start of other processes
    images = list(render_faces(people, processes=0 if few else None))
    images = np.stack(images) if images else np.zeros((0, 64, 64, 3), np.uint8)
    return pipeline.to_range(images, value_range).numpy()
