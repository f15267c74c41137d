"""Trains a classifier for `gencs.metrics` and writes it as a folder.

    ./scripts/train_classifier --data mnist --out runs/mnist_classifier

`gencs.metrics.classifier(folder)` loads it; those in tf_gencs/metrics/shipped were made
so, each with its record. The test images choose nothing: they are looked at once, at
the end, with the weights as they are stored.

"face_combinations" are the faces of "face_avatars" with every attribute drawn by a coin
of its own, and other people: all 256 combinations are as frequent as one another, also
those that are rare or impossible where a generator learns. A judge of generated faces
that was trained on them has not learned that mustaches are men's.

    ./scripts/train_classifier --data face_combinations --side 32 --noise 0.1
"""

import argparse
import json
import pathlib

import quiet_tensorflow  # noqa: F401
import keras
import numpy as np
import places
import tensorflow as tf
from records import record_of

import tf_gencs as gencs
from tf_gencs.metrics.shipped_classifiers import predicted_labels, save_classifier

# What the builders take besides sizes that follow from the images.
DATA = {
    "mnist": {
        "labels": tuple("0123456789"),
        "exclusive": True,
        "value_range": (0.0, 1.0),
    },
}
DATA["face_avatars"] = DATA["face_combinations"] = {
    "labels": gencs.datasets.FACE_ATTRIBUTES,
    "exclusive": False,
    "value_range": (-1.0, 1.0),
}


def face_combinations(split, **arguments):
    """Faces that no generator is trained on, of all combinations of attributes."""
    coins = {name: ((), {(): 0.5}) for name in gencs.datasets.FACE_ATTRIBUTES}
    return gencs.datasets.face_avatars(
        split, causal_model=coins, drawing_seed=1, **arguments
    )


def main():
    options = parse()
    model = train(options)
    record = record_of(
        "train_classifier",
        options,
        ("out", "data_dir"),
        parameters=model.count_params(),
    )
    save_classifier(model, options.out, record)
    # What is stored is what is measured.
    stored = gencs.metrics.classifier(options.out)
    record["metrics"] = measure(stored, options)
    save_classifier(model, options.out, record)
    print(json.dumps(record["metrics"], indent=2))
    print(f"Classifier written to {options.out}")


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", choices=sorted(DATA), default="mnist")
    parser.add_argument("--data-dir", help="tensorflow-datasets directory")
    parser.add_argument("--out", type=places.folder, help="folder to write")
    parser.add_argument("--train-split", default="train")
    parser.add_argument("--test-split", default="test")
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--batch-size", type=int, default=100)
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    parser.add_argument("--shift", type=int, default=2, help="augmentation, in pixels")
    parser.add_argument("--noise", type=float, default=0.0, help="augmentation, std")
    parser.add_argument("--side", type=int, help="pixels a side; as they are if unsaid")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.out is None:
        side = "" if options.side is None else f"_{options.side}"
        options.out = pathlib.Path("runs") / f"{options.data}{side}_classifier"
    return options


def train(options):
    keras.utils.set_random_seed(options.seed)
    images = pipeline(options, options.train_split, shuffle=True, seed=options.seed)
    shape = images.element_spec[0].shape
    training = noisy(shifted(images, options), options).batch(options.batch_size)
    training = training.prefetch(tf.data.AUTOTUNE)
    model = gencs.metrics.ConvClassifier(shape, **DATA[options.data])
    steps = options.epochs * int(training.cardinality())
    loss = (
        keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        if model.exclusive
        else keras.losses.BinaryCrossentropy(from_logits=True)
    )
    schedule = keras.optimizers.schedules.CosineDecay(options.learning_rate, steps)
    model.compile(keras.optimizers.Adam(schedule), loss)
    model.fit(training, epochs=options.epochs, shuffle=False, verbose=2)
    give_unit_scale(model, next(iter(images.batch(2000)))[0])
    return model


def give_unit_scale(model, images):
    """Scales the features to a root mean square of 1, and leaves the logits alone.

    Distances in features then mean the same whatever a training run made of them. Relu
    lets a scale through: what the features lose the last layer gets.
    """
    scale = float(np.sqrt(np.mean(np.square(model.features(images)))))
    features = model.body.get_layer("features")
    features.set_weights([w / scale for w in features.get_weights()])
    kernel, bias = model.head.get_weights()
    model.head.set_weights([kernel * scale, bias])


def pipeline(options, split, **arguments):
    """Single images with their labels, or batches of them."""
    known = {"face_combinations": face_combinations}
    load = known.get(options.data) or getattr(gencs.datasets, options.data)
    pairs = load(split, labels=True, data_dir=options.data_dir, **arguments)
    if options.side is None:
        return pairs
    side = (options.side, options.side)
    return pairs.map(lambda x, labels: (tf.image.resize(x, side, "area"), labels))


def shifted(pairs, options):
    """Moves each image by some pixels: features should not hang on its place."""
    if not options.shift:
        return pairs
    randoms = tf.data.Dataset.random(
        options.seed, rerandomize_each_iteration=True
    ).batch(2)
    border = [[options.shift] * 2] * 2 + [[0, 0]]

    def shift(pair, random):
        image, labels = pair
        padded = tf.pad(image, border, "SYMMETRIC")
        return tf.image.stateless_random_crop(padded, image.shape, random), labels

    # As many as there are pairs: the random numbers would never end.
    shifted = tf.data.Dataset.zip(pairs, randoms).map(shift)
    return shifted.apply(tf.data.experimental.assert_cardinality(pairs.cardinality()))


def noisy(pairs, options):
    """Images with noise: generated ones are no clean drawings."""
    if not options.noise:
        return pairs
    randoms = tf.data.Dataset.random(
        options.seed + 1, rerandomize_each_iteration=True
    ).batch(2)

    def disturb(pair, random):
        image, labels = pair
        noise = tf.random.stateless_normal(image.shape, random, stddev=options.noise)
        return image + noise, labels

    noisy = tf.data.Dataset.zip(pairs, randoms).map(disturb)
    return noisy.apply(tf.data.experimental.assert_cardinality(pairs.cardinality()))


def measure(model, options):
    """Accuracy on the test split, of each label too."""
    right, count, seen_share, true_share = 0.0, 0, 0.0, 0.0
    for images, labels in pipeline(options, options.test_split, batch_size=500):
        seen, labels = predicted_labels(model, images.numpy()), labels.numpy()
        truth = np.eye(len(model.labels))[labels] if model.exclusive else labels
        if model.exclusive:
            right += np.sum(seen.argmax(axis=1) == labels)
        else:
            right += np.sum(seen == truth, axis=0)
        count += len(images)
        seen_share, true_share = seen_share + seen.sum(0), true_share + truth.sum(0)

    def by_label(numbers):
        return dict(zip(model.labels, np.round(numbers, 5).tolist(), strict=True))

    accuracy = right / count
    return {
        "test_images": count,
        "accuracy": float(accuracy) if model.exclusive else by_label(accuracy),
        "seen_frequency": by_label(seen_share / count),
        "true_frequency": by_label(true_share / count),
    }


if __name__ == "__main__":
    main()
