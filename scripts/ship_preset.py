"""Judges a trained preset on test images and writes it the way presets ship.

    ./scripts/ship_preset runs/dcgan_face_avatars/preset --name dcgan_face_avatars_64

Weights become float16, and what ships is judged: the nearest G(z) to 500 test images;
how generated images compare with as many test images, beside what training images do;
attributes against those of the training images; how near the nearest two of 64 samples
are; and, of a causal model, how often the shipped classifier sees the labels that were
asked for. All of it joins the record. The samples are drawn in scripts/pictures.
"""

import argparse
import functools
import json
import pathlib
import sys
import tempfile

import quiet_tensorflow  # noqa: F401
import numpy as np
import places
from training.data import of_data, resized

import tf_gencs as gencs
from tf_gencs import files

ROOT = pathlib.Path(__file__).resolve().parent
SHIPPED = ROOT.parent / "tf_gencs" / "models" / "shipped"
COLUMNS = 8
SAMPLES = COLUMNS**2


def main(arguments=None):
    options = parse(arguments)
    record = json.loads((options.preset / "record.json").read_text())
    if not hasattr(gencs.datasets, record["data"]) or record["data"] == "folder":
        sys.exit(
            "ship_preset: a preset ships with figures of the test images of "
            f"`gencs.datasets`. Received: a record of data {record['data']!r}"
        )
    out = options.out / options.name
    trained = gencs.models.GenerativeModel.from_preset(options.preset)
    with tempfile.TemporaryDirectory() as rounded:
        trained.save_to_preset(rounded, storage_dtype="float16")
        model = gencs.models.GenerativeModel.from_preset(rounded)
    record["test"] = judge(model, record, options)
    trained.save_to_preset(out, record, storage_dtype="float16")
    samples = model.generate(SAMPLES, seed=options.seed)
    picture = options.pictures / f"samples_{options.name}.png"
    gencs.images.save_grid(
        picture, samples, cols=COLUMNS, value_range=model.value_range
    )
    print(json.dumps(record["test"], indent=2))
    print(f"Preset: {out}\nPicture: {picture}")


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("preset", type=files.path, help="folder of a trained preset")
    parser.add_argument("--name", required=True, help="that it ships by")
    parser.add_argument("--data-dir", help="tensorflow-datasets directory")
    parser.add_argument("--images", type=int, default=1000, help="to compare with")
    parser.add_argument("--inverted", type=int, default=500, help="images inverted")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=places.folder, default=SHIPPED)
    parser.add_argument("--pictures", type=places.folder, default=ROOT / "pictures")
    return parser.parse_args(arguments)


def judge(model, record, options):
    """All figures of a model, a dict that JSON can hold."""
    data = record["data"]
    pipeline = functools.partial(
        getattr(gencs.datasets, data), data_dir=options.data_dir, **of_data(record)
    )

    def images(split):
        dataset = resized(pipeline(split, value_range=model.value_range), record)
        return np.stack(list(dataset.take(options.images).as_numpy_iterator()))

    test, train = images("test"), images("train")
    features = features_of(data, model.signal_shape)
    compared = gencs.metrics.evaluate(model, test, features, seed=options.seed)
    found = {
        "inverted_images": len(test[: options.inverted]),
        "representation_error": representation_error(
            model, test[: options.inverted], options.seed
        ),
        "generated": compared,
        "training_images": gencs.metrics.evaluate(
            train, test, features, seed=options.seed
        ),
        "samples": SAMPLES,
        "nearest_samples": nearest(model.generate(SAMPLES, seed=options.seed)),
    }
    if data == "face_avatars" and features:
        found["features"] = features
        found["attributes"] = attributes(model, pipeline, features, options)
        if record["family"].startswith("causal"):
            found["labels"] = labels(model, features, options.seed)
    return found


# The shipped classifiers that read images of a data set.
CLASSIFIERS = {
    "mnist": ("mnist",),
    "face_avatars": ("face_avatars", "face_combinations_32"),
}


def features_of(data, signal_shape):
    """The name of the one that reads images of this shape; None if none does."""
    for name in CLASSIFIERS.get(data, ()):
        if gencs.metrics.classifier(name).signal_shape == signal_shape:
            return name
    return None


# What a causal model of faces is asked for; nobody in its training data is the last.
ASKED = {
    "seen": {},
    "given(Mustache=1)": {"given": {"Mustache": 1}},
    "do(Mustache=1)": {"do": {"Mustache": 1}},
    "do(Mustache=1, Male=0)": {"do": {"Mustache": 1, "Male": 0}},
}


def labels(model, name, seed, count=1000):
    """Shares of images in which the shipped classifier sees what was asked for."""
    classifier = gencs.metrics.classifier(name, model.value_range)
    found = {}
    for asked, how in ASKED.items():
        x, labelled = model.sample(count, seed=seed, **how)
        x = np.clip(x, *model.value_range)
        read = classifier.predict(x, verbose=0) > 0
        found[asked] = {
            name: float(np.mean(read[:, i] == labelled[name]))
            for i, name in enumerate(classifier.labels)
        }
        found[asked]["share of men seen"] = float(read[:, 0].mean())
    return found


def representation_error(model, x, seed):
    """Mean squared error per pixel of the best G(z), leaving what the model knows."""
    model.compile(latent_penalty=0.0)
    errors = model.invert(x, seed=seed, verbose=0).measurement_error
    return float(np.mean(errors) / np.prod(model.signal_shape))


def nearest(images):
    """Root mean square difference per pixel of the nearest two."""
    rows = images.reshape(len(images), -1)
    squares = np.mean((rows[:, None] - rows[None]) ** 2, axis=-1)
    return float(np.sqrt(squares[np.triu_indices(len(rows), 1)].min()))


def attributes(model, pipeline, name, options, count=5000):
    """Shares of faces with each attribute: generated ones as the classifier sees them,
    and the training faces' own."""
    generated = model.generate(count, seed=options.seed)
    generated = np.clip(generated, *model.value_range)
    seen = gencs.metrics.attribute_frequencies(generated, name)
    labelled = pipeline("train", labels=True)
    own = np.mean([label for _, label in labelled.as_numpy_iterator()], axis=0)
    return {
        name: {"training": float(share), "generated": seen[name]}
        for name, share in zip(gencs.datasets.FACE_ATTRIBUTES, own, strict=True)
    }


if __name__ == "__main__":
    main()
