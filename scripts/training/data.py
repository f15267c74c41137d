"""The images of a run."""

import numpy as np

import tf_gencs as gencs

_EVERY = 20  # of a folder's images, one of so many is held out

SHAPES = {
    "mnist": (28, 28, 1),
    "fashion_mnist": (28, 28, 1),
    "face_avatars": (64, 64, 3),
    "celeb_a": (64, 64, 3),
}


def signal_shape(settings):
    if settings["data"] == "folder":
        return (settings["size"], settings["size"], settings["channels"])
    return SHAPES[settings["data"]]


def images(settings, value_range):
    """Training images and held-out ones, as two datasets of single images."""
    if settings["data"] == "folder":
        size = (settings["size"], settings["size"])
        everything = gencs.datasets.image_folder(
            settings["folder"],
            size,
            "square",
            channels=settings["channels"],
            value_range=value_range,
        ).enumerate()
        return _part(everything, held_out=False), _part(everything, held_out=True)
    pipeline = getattr(gencs.datasets, settings["data"])
    return tuple(
        pipeline(
            settings[split], data_dir=settings["data_dir"], value_range=value_range
        )
        for split in ("train_split", "held_out_split")
    )


def _part(numbered, held_out):
    # Spread over the folder, whose order may be one of kinds.
    def chosen(number, image):
        return (number % _EVERY == 0) == held_out

    return numbered.filter(chosen).map(lambda number, image: image)


def splits(settings):
    """Which images train and which are held out, in words."""
    if settings["data"] == "folder":
        return [f"all but every {_EVERY}th of the folder", f"every {_EVERY}th"]
    return [settings["train_split"], settings["held_out_split"]]


def stack(dataset, count):
    """The first images as an array (up to count, height, width, channels)."""
    found = list(dataset.take(count).as_numpy_iterator())
    return np.stack(found) if found else np.zeros((0, 1, 1, 1), "float32")
