"""The images of a run."""

import numpy as np

import tf_gencs as gencs
from tf_gencs import files
from tf_gencs.datasets import pipeline

HELD_OUT = "held_out.json"  # in a run's folder: which images of a folder never train

SHAPES = {
    "mnist": (28, 28, 1),
    "fashion_mnist": (28, 28, 1),
    "face_avatars": (64, 64, 3),
    "celeb_a": (64, 64, 3),
}


def signal_shape(settings):
    if settings["data"] == "folder":
        return (*settings["size"], settings["channels"])
    return SHAPES[settings["data"]]


def images(settings, value_range):
    """Training images and held-out ones, as two datasets of single images."""
    if settings["data"] == "folder":
        return gencs.datasets.split_image_folder(
            settings["folder"],
            settings["size"],
            "aspect",
            # Where a run stands, what it has trained on is held out no more.
            held_out=settings["held_out"],
            record=files.path(settings["out"], "out") / HELD_OUT,
            channels=settings["channels"],
            value_range=value_range,
        )
    load = getattr(gencs.datasets, settings["data"])
    parts = tuple(
        load(settings[split], data_dir=settings["data_dir"], value_range=value_range)
        for split in ("train_split", "held_out_split")
    )
    _check_apart(settings)
    return parts


def _check_apart(settings):
    """Raises ValueError where an image is both trained on and held out."""
    splits = _builder(settings).info.splits
    train, held_out = (
        {
            (file.filename, number)
            for file in splits[settings[split]].file_instructions
            for number in range(
                file.skip,
                file.examples_in_shard if file.take < 0 else file.skip + file.take,
            )
        }
        for split in ("train_split", "held_out_split")
    )
    if train & held_out:
        raise ValueError(
            "`held_out_split` must have no image of `train_split`. Received: "
            f"{settings['held_out_split']!r} and {settings['train_split']!r}, which "
            f"share {len(train & held_out)}"
        )


def _builder(settings):
    """What tensorflow-datasets knows of the data, which are prepared."""
    data_dir = pipeline.within(settings["data_dir"])
    if settings["data"] == "face_avatars":
        pipeline.import_tfds()
        from tf_gencs.datasets.avatars.builder import FaceAvatars, config_for

        return FaceAvatars(config=config_for(None, None, 0), data_dir=data_dir)
    return pipeline.import_tfds().builder(settings["data"], data_dir=data_dir)


def splits(settings):
    """Which images train and which are held out, in words."""
    if settings["data"] == "folder":
        return ["all others of the folder", "those of the smallest SHA-256"]
    return [settings["train_split"], settings["held_out_split"]]


def stack(dataset, count):
    """The first images as an array (up to count, height, width, channels).

    A share stands for all: so many are held out.
    """
    some = dataset if isinstance(count, float) else dataset.take(count)
    found = list(some.as_numpy_iterator())
    return np.stack(found) if found else np.zeros((0, 1, 1, 1), "float32")
