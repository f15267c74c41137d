"""The images of a run."""

import numpy as np
import tensorflow as tf

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


# What the single label of a data set is called.
_DIGITS = {"mnist": ("Digit", 10), "fashion_mnist": ("Clothing", 10)}


def signal_shape(settings):
    if settings["data"] == "folder":
        return (*settings["size"], settings["channels"])
    shape = SHAPES[settings["data"]]
    return (*(settings.get("size") or shape[:2]), shape[-1])


def causes(settings):
    """What is known of the labels of a causal family's data: graph and states."""
    if settings["data"] == "face_avatars":
        model = gencs.datasets.FACE_UNSEEN_CAUSAL_MODEL
        return gencs.causal.DiscreteSCM.from_tables(model).graph, 2
    if settings["data"] == "celeb_a":
        return gencs.causal.named_graph("G1"), 2
    name, states = _DIGITS[settings["data"]]
    return gencs.causal.CausalGraph([[name, []]]), states


def labels(settings):
    """Labels of the training images by name, in their order; None if none are used."""
    if not settings["family"].startswith("causal"):
        return None
    load = getattr(gencs.datasets, settings["data"])
    names = list(causes(settings)[0].nodes)
    single = settings["data"] in _DIGITS
    pairs = load(
        settings["train_split"],
        labels=True,
        data_dir=settings["data_dir"],
        **({} if single else {"attributes": names}),
        **of_data(settings),
    )
    found = np.stack([label for _, label in pairs.as_numpy_iterator()]).astype("int32")
    return dict(zip(names, found[None] if single else found.T, strict=True))


def resized(dataset, settings):
    """Images of a data set in the size that the settings say."""
    size = signal_shape(settings)[:2]
    if size == SHAPES[settings["data"]][:2]:
        return dataset
    return dataset.map(lambda x: tf.image.resize(x, size, "area"))


def of_data(settings):
    """What the pipeline of the data is told besides."""
    if settings["data"] == "face_avatars" and settings["family"].startswith("causal"):
        return {"causal_model": gencs.datasets.FACE_UNSEEN_CAUSAL_MODEL}
    return {}


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
        load(
            settings[split],
            data_dir=settings["data_dir"],
            value_range=value_range,
            **of_data(settings),
        )
        for split in ("train_split", "held_out_split")
    )
    _check_apart(settings)
    return tuple(resized(part, settings) for part in parts)


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

        config = config_for(**of_data(settings))
        return FaceAvatars(config=config, data_dir=data_dir)
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
