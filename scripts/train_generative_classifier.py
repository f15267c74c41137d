"""Trains a VAE for each digit and writes them as one classifier.

    ./scripts/train_generative_classifier --out runs/mnist_digits

`gencs.defence.GenerativeClassifier.from_preset(folder)` loads it. The last
20 training images of each digit tell how near G comes; test images choose nothing: they
are classified once, with the weights as they are stored.
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

# Residuals of neighbouring pixels are alike, so they tell less than as many that are
# independent. With this factor logits gave held training digits the likeliest labels.
NOISE_FACTOR = 4.0


def main(arguments=None):
    options = parse(arguments)
    images, labels = load("train", options)
    digits = [images[labels == digit] for digit in range(10)]
    models = [train(each[: -options.held], i, options) for i, each in enumerate(digits)]
    missed = missed_by(models, [each[-options.held :] for each in digits])
    noise = NOISE_FACTOR * missed
    classifier = gencs.defence.GenerativeClassifier(models, noise)
    record = record_of(
        "train_generative_classifier",
        options,
        ("out", "data_dir"),
        data="mnist",
        parameters=classifier.count_params(),
        missed=round(missed, 5),
    )
    classifier.save_to_preset(options.out, record)
    # What is stored is what is measured.
    stored = gencs.defence.GenerativeClassifier.from_preset(options.out)
    images, labels = load("test", options)
    images, labels = images[: options.test_images], labels[: options.test_images]
    logits = stored.predict(images, batch_size=250, verbose=0)
    right = float(np.mean(logits.argmax(axis=1) == labels))
    record["test"] = {"images": len(images), "accuracy": round(right, 4)}
    classifier.save_to_preset(options.out, record)
    print(json.dumps(record["test"]))
    print(f"Classifier written to {options.out}")


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", help="tensorflow-datasets directory")
    parser.add_argument(
        "--out", type=places.folder, default=pathlib.Path("runs/mnist_digits")
    )
    parser.add_argument("--latent-dim", type=int, default=8)
    parser.add_argument("--hidden", type=int, nargs="+", default=[256, 256])
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--batch-size", type=int, default=100)
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    parser.add_argument("--images", type=int, help="training images; all if unsaid")
    parser.add_argument("--test-images", type=int, default=10_000)
    parser.add_argument("--held", type=int, default=20, help="of each digit")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args(arguments)


def load(split, options):
    """Digits and labels as arrays."""
    pairs = gencs.datasets.mnist(
        split, labels=True, data_dir=options.data_dir, batch_size=1000
    )
    count = options.images if split == "train" else None
    parts = []
    for batch in pairs.as_numpy_iterator():
        parts.append(batch)
        if count and sum(len(x) for x, _ in parts) >= count:
            break
    images, labels = (np.concatenate(part) for part in zip(*parts, strict=True))
    return images[:count], labels[:count]


def train(images, digit, options):
    """A generative model of one digit."""
    vae = gencs.models.VAE(
        options.latent_dim, options.hidden, seed=options.seed + digit
    )
    steps = options.epochs * -(-len(images) // options.batch_size)
    rate = keras.optimizers.schedules.CosineDecay(options.learning_rate, steps)
    vae.compile(keras.optimizers.Adam(rate), kl_warmup_steps=steps // 10)
    data = tf.data.Dataset.from_tensor_slices(images)
    data = data.shuffle(len(images), seed=options.seed + digit)
    # One batch after the other: a seed then decides what each becomes.
    data = data.batch(options.batch_size).map(bending(options.seed + digit))
    data = data.prefetch(tf.data.AUTOTUNE)
    history = vae.fit(data, epochs=options.epochs, shuffle=False, verbose=0).history
    print(f"{digit}: loss {history['loss'][-1]:.1f}", flush=True)
    return gencs.models.GenerativeModel(vae.generator, value_range=(0.0, 1.0))


def bending(seed):
    """Digits a little turned, larger or smaller, aside: there are few of each."""
    layers, outside = keras.layers, {"fill_mode": "constant"}
    bend = keras.Sequential(
        [
            layers.RandomRotation(0.025, seed=3 * seed, **outside),
            layers.RandomZoom(0.08, seed=3 * seed + 1, **outside),
            layers.RandomTranslation(0.04, 0.04, seed=3 * seed + 2, **outside),
        ]
    )
    return lambda x: bend(x, training=True)


def missed_by(models, held):
    """Root mean square of what each digit's own model misses of a pixel."""
    classifier = gencs.defence.GenerativeClassifier(models, noise=0.2)
    explain = tf.function(classifier.explain, autograph=False)
    missed = []
    for digit, images in enumerate(held):
        z = explain(images)[digit]
        missed.append(float(np.mean(np.square(models[digit](z) - images))))
    print("squared errors:", np.round(missed, 4))
    return float(np.sqrt(np.mean(missed)))


if __name__ == "__main__":
    main()
